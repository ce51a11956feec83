// Which files are models, and of which kind.
#include "harness/capacity_models.h"
#include "harness/golden_lines.h"
#include "scenarios/hub/model_import.h"
#include "scenarios/text_file.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace kv {

namespace {

enum class FileKind : std::uint8_t { scenario, recordings, config };

bool json_named(const std::string& file) { return std::filesystem::path(file).extension() == ".json"; }

// By the first line that is not blank. A TOML text does not begin with a brace.
FileKind kind_of_file(const std::string& file) {
    if (file == "-") return FileKind::scenario;
    LineReader lines(file);
    std::string line;
    std::size_t first = std::string::npos;
    while (first == std::string::npos && lines.next(line)) first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line.find_first_of("{[", first) != first)
        return json_named(file) ? FileKind::config : FileKind::scenario;
    if (line[first] == '[' && !json_named(file)) return FileKind::scenario;  // [model]
    const auto read = read_json({.file = file, .text = line, .non_finite = true});
    const auto* document = std::get_if<JsonDocument>(&read);
    if (document == nullptr) return file.find(".jsonl") == std::string::npos ? FileKind::config : FileKind::recordings;
    const JsonValue root = document->root();
    if (is_model_recording(root) || is_refused_model(root)) return FileKind::recordings;
    return is_model_config(root) || json_named(file) ? FileKind::config : FileKind::recordings;
}

// "qwen3.5-27b/config.json" is called after its folder, other files after themselves.
std::string name_of_config(const std::string& file) {
    const std::filesystem::path path(file);
    if (path.stem() != "config") return path.stem().string();
    std::error_code unknown;
    const std::string folder = std::filesystem::absolute(path, unknown).lexically_normal().parent_path().filename().string();
    return unknown || folder.empty() ? path.stem().string() : folder;
}

class Loader {
public:
    explicit Loader(const std::vector<std::string>& names) : names_(names) {}

    void load(const std::string& file) {
        file_ = file;
        switch (kind_of_file(file)) {
            case FileKind::config:
                return config(file);
            case FileKind::recordings:
                return recordings(file);
            case FileKind::scenario:
                return scenario(file);
        }
    }

    std::variant<std::vector<CapacityModel>, Diagnostics> result() {
        for (const std::string& name : names_)
            if (diagnostics_.empty() && !seen_.contains(name)) diagnostics_.push_back(unknown(name));
        if (!diagnostics_.empty()) return std::move(diagnostics_);
        return std::move(models_);
    }

private:
    bool chosen(const std::string& name) {
        seen_.insert(name);
        return names_.empty() || std::ranges::find(names_, name) != names_.end();
    }

    void scenario(const std::string& file) {
        auto read = load_model_file(file);
        if (auto* wrong = std::get_if<Diagnostics>(&read)) {
            std::ranges::move(*wrong, std::back_inserter(diagnostics_));
            return;
        }
        auto& model = std::get<ModelFile>(read);
        if (chosen(model.name)) models_.push_back({.name = model.name, .file = file, .stated = std::move(model)});
    }

    void config(const std::string& file) {
        auto text = read_text_file(file, config_bytes_max);
        if (auto* wrong = std::get_if<Diagnostic>(&text)) return diagnostics_.push_back(std::move(*wrong));
        auto read = read_json({.file = file, .text = std::get<std::string>(std::move(text)), .non_finite = true});
        if (auto* wrong = std::get_if<Diagnostics>(&read)) {
            std::ranges::move(*wrong, std::back_inserter(diagnostics_));
            return;
        }
        const JsonDocument& document = std::get<JsonDocument>(read);
        const JsonValue root = document.root();
        ConfiguredModel model{.read_by = {import_model(root, ModelClasses::vllm_0_18), import_model(root, ModelClasses::vllm_0_32)},
                              .place = document.diagnostic(root, {})};
        for (const ImportedModel& shape : model.read_by) {
            if (const auto* wrong = std::get_if<Diagnostics>(&shape)) add_once(*wrong);
            if (const auto* unknown = std::get_if<UnknownArchitecture>(&shape)) add_once({unknown->diagnostic});
        }
        const std::string name = name_of_config(file);
        if (chosen(name)) models_.push_back({.name = name, .file = file, .configured = std::move(model)});
    }

    // Both releases find the same wrong.
    void add_once(const Diagnostics& wrong) {
        for (const Diagnostic& each : wrong)
            if (std::ranges::find(diagnostics_, each) == diagnostics_.end()) diagnostics_.push_back(each);
    }

    void recordings(const std::string& file) {
        GoldenLines lines(file, diagnostics_);
        for (std::size_t count = 0; lines.next(); ++count) {
            if (count == recordings_max) {
                const SourceSpan here{.file = file, .line = lines.line_number()};
                diagnostics_.push_back(
                    {.where = here, .message = fmt::format("more than {} recorded models", recordings_max), .line_text = {}});
                return;
            }
            if (is_model_recording(lines.value())) add(read_model_recording(lines.document()));
            else if (is_refused_model(lines.value())) add(read_refused_model(lines.document()));
            else
                diagnostics_.push_back(
                    lines.document().diagnostic(lines.value(), "expected a recorded model: `model`, `args`, `resolved`, ..."));
        }
    }

    template <class Read>
    void add(std::variant<Read, Diagnostics> read) {
        if (auto* wrong = std::get_if<Diagnostics>(&read)) {
            std::ranges::move(*wrong, std::back_inserter(diagnostics_));
            return;
        }
        keep(std::get<Read>(std::move(read)));
    }

    void keep(ModelRecording recording) {
        if (chosen(recording.model.name)) model_named(recording.model.name).recorded.push_back(std::move(recording));
    }
    void keep(RefusedModel refused) {
        if (chosen(refused.model)) model_named(refused.model).refused.push_back(std::move(refused));
    }

    CapacityModel& model_named(const std::string& name) {
        const auto [entry, added] = place_of_.try_emplace(name, models_.size());
        if (added) models_.push_back({.name = name, .file = file_});
        return models_[entry->second];
    }

    Diagnostic unknown(const std::string& name) const {
        std::vector<std::string_view> all;
        for (const std::string& known : seen_) all.push_back(known);
        const std::string meant = nearest(name, all);
        return diagnostic_at("--model", name, 0, std::max<std::size_t>(name.size(), 1),
                             "no file has a model of this name" + (meant.empty() ? std::string() : ": did you mean `" + meant + "`?"));
    }

    const std::vector<std::string>& names_;
    std::string file_;  // That is being read.
    std::set<std::string> seen_;
    std::map<std::string, std::size_t> place_of_;
    std::vector<CapacityModel> models_;
    Diagnostics diagnostics_;
};

}  // namespace

std::variant<std::vector<CapacityModel>, Diagnostics> load_capacity_models(const std::vector<std::string>& files,
                                                                           const std::vector<std::string>& names) {
    Loader loader(names);
    for (const std::string& file : files) loader.load(file);
    return loader.result();
}

}  // namespace kv
