// The lines of a recorded trace: what reads is replayed on both engines, whatever was recorded as the answer.
#include "harness/trace_conformity.h"
#include "model/engine.h"
#include "scenarios/golden_trace.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace {

const kv::Engine& engine(std::string_view name) { return *std::ranges::find(kv::engines(), name, &kv::Engine::name); }

class Replays {
public:
    void line(const kv::JsonDocument& line) {
        const std::optional<kv::TraceLine> kind = kv::trace_line(line.root());
        if (kind == kv::TraceLine::header) begin(line);
        else if (kind == kv::TraceLine::operation && reader_) operation(line);
        else if (kind == kv::TraceLine::end && reader_) kv::to_text(reader_->end(line));
    }

private:
    void begin(const kv::JsonDocument& line) {
        reader_.reset();
        replays_.clear();
        const auto header = kv::read_trace_header(line);
        if (const auto* wrong = std::get_if<kv::Diagnostics>(&header)) kv::to_text(*wrong);
        const auto* trace = std::get_if<kv::GoldenTrace>(&header);
        if (trace == nullptr) return;
        reader_.emplace(*trace);
        if (trace->raised) return;
        for (const std::string_view name : {"vllm-0.18.0", "vllm-0.32.0"}) {
            try {
                auto replay = std::make_unique<kv::TraceReplay>(*trace, engine(name));
                const auto& differences = replay->of_setup();
                if (std::ranges::find(differences, "err", &kv::FieldDifference::field) == differences.end())
                    replays_.push_back(std::move(replay));
            } catch (const kv::SizeOverflow&) {  // A diagnostic of `conform`.
            }
        }
    }

    void operation(const kv::JsonDocument& line) {
        const auto read = reader_->operation(line);
        if (const auto* wrong = std::get_if<kv::Diagnostics>(&read)) {
            kv::to_text(*wrong);
            return replays_.clear();  // Neither does `conform` go on.
        }
        const auto* operation = std::get_if<kv::TraceOperation>(&read);
        if (operation == nullptr) return replays_.clear();
        std::erase_if(replays_, [&](const auto& replay) {
            try {
                const auto differences = replay->make(*operation);
                // After a refusal a manager is of no use; after another answer than the recorded one it can still be asked.
                return operation->raised ||
                       std::ranges::any_of(differences, [](const kv::FieldDifference& each) { return each.field.ends_with(".err"); });
            } catch (const kv::SizeOverflow&) {
                return true;
            }
        });
    }

    std::optional<kv::TraceReader> reader_;
    std::vector<std::unique_ptr<kv::TraceReplay>> replays_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    Replays replays;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const auto document = kv::read_json({.file = "fuzz.jsonl", .text = std::string(text.substr(0, end))});
        if (const auto* line = std::get_if<kv::JsonDocument>(&document)) replays.line(*line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}
