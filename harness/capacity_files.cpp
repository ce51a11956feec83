// Which files are models, and of which kind.
#include "harness/capacity_models.h"
#include "harness/golden_lines.h"
#include "scenarios/text_file.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace kv {

namespace {

constexpr const char* how_to_state =
    "a model's config.json is not imported yet: state its layers in a scenario file, as scenarios/plans/gpt-oss-120b.toml does";

enum class FileKind : std::uint8_t { scenario, recordings, config };

// By the first line that is not blank. A TOML text does not begin with a brace.
FileKind kind_of_file(const std::string& file) {
    if (file == "-") return FileKind::scenario;
    LineReader lines(file);
    std::string line;
    std::size_t first = std::string::npos;
    while (first == std::string::npos && lines.next(line)) first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] != '{') return FileKind::scenario;
    const auto read = read_json({.file = file, .text = line});
    if (const auto* document = std::get_if<JsonDocument>(&read)) {
        const JsonValue root = document->root();
        if (is_model_recording(root) || is_refused_model(root)) return FileKind::recordings;
        return root.member("architectures") || root.member("model_type") ? FileKind::config : FileKind::recordings;
    }
    return line.find_first_not_of(" \t\r", first + 1) == std::string::npos ? FileKind::config : FileKind::recordings;
}

class Loader {
public:
    explicit Loader(const std::vector<std::string>& names) : names_(names) {}

    void load(const std::string& file) {
        switch (kind_of_file(file)) {
            case FileKind::config:
                diagnostics_.push_back({.where = {.file = file}, .message = how_to_state, .line_text = {}});
                return;
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
        if (chosen(model.name)) models_.push_back({.name = model.name, .stated = std::move(model)});
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
        if (added) models_.push_back({.name = name});
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
