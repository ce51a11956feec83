#include "harness/trace_conformity.h"

#include "harness/schedule_replay.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kv {

namespace {

// A longer trace is replayed only: to be scheduled again it would have to be held whole.
constexpr std::size_t scheduled_operations_max = std::size_t{1} << 16;

// Reads a unit's lines up to its end and replays them as long as nothing differs.
class TraceComparison {
public:
    TraceComparison(GoldenLines& lines, const ConformOptions& options) : lines_(lines), options_(options) {}

    std::optional<CaseResult> result() {
        result_.id = read_id();
        const std::optional<Engine> engine = engine_named(trace_engine(lines_.value()), options_);
        if (engine) begin(*engine);
        else result_.known = false;
        read_operations();
        if (unreadable_) return std::nullopt;
        if (engine) schedule(*engine);
        return std::move(result_);
    }

private:
    std::string read_id() const {
        const std::optional<JsonValue> name = lines_.value().member("trace");
        return name && name->kind() == JsonKind::string ? std::string(name->string()) : std::string();
    }

    void tell(Diagnostics diagnostics) {
        unreadable_ = true;
        std::ranges::move(diagnostics, std::back_inserter(lines_.diagnostics()));
    }
    void tell(JsonValue where, std::string message) { tell({lines_.document().diagnostic(where, std::move(message))}); }

    void begin(const Engine& engine) {
        auto header = read_trace_header(lines_.document());
        if (auto* wrong = std::get_if<Diagnostics>(&header)) return tell(std::move(*wrong));
        if (std::holds_alternative<UnknownInTrace>(header)) {
            result_.known = false;
            return;
        }
        const auto& trace = std::get<GoldenTrace>(header);
        reader_.emplace(trace);
        if (trace.driver && !trace.raised) scheduled_ = trace;
        guarded([&] {
            replay_ = std::make_unique<TraceReplay>(trace, engine);
            differ(replay_->of_setup(), fmt::format("setup (line {})", lines_.line_number()));
            if (trace.raised) replay_.reset();
        });
    }

    // Every line up to the end is read, whatever became of the lines before it: all errors of a file are told at once.
    void read_operations() {
        const std::size_t header_line = lines_.line_number();
        while (next()) {
            const std::optional<TraceLine> kind = trace_line(lines_.value());
            if (kind == TraceLine::operation) {
                operation();
            } else if (kind == TraceLine::end) {
                if (reading()) {
                    Diagnostics wrong = reader_->end(lines_.document());
                    if (!wrong.empty()) tell(std::move(wrong));
                }
                return;
            } else if (kind == TraceLine::header) {
                tell(lines_.value(), fmt::format("expected the end line of the trace that begins on line {}", header_line));
                lines_.stay();
                return;
            } else {
                tell(lines_.value(), "expected an operation or an end line of a trace: a key `op` or `end`");
            }
        }
        const SourceSpan here{.file = lines_.file(), .line = lines_.line_number()};
        tell({Diagnostic{
            .where = here,
            .message = fmt::format("expected the end line of the trace that begins on line {}, found the end of the file", header_line)}});
    }

    // A line that is no JSON has been told already; the trace lacks an operation then.
    bool next() {
        const std::size_t told = lines_.diagnostics().size();
        const bool found = lines_.next();
        if (lines_.diagnostics().size() > told) unreadable_ = true;
        return found;
    }

    bool reading() const { return result_.known && reader_.has_value(); }

    void operation() {
        if (!reading()) return;
        auto read = reader_->operation(lines_.document());
        if (auto* wrong = std::get_if<Diagnostics>(&read)) return tell(std::move(*wrong));
        if (std::holds_alternative<UnknownInTrace>(read)) {
            result_.known = false;
            return;
        }
        if (unreadable_ || !replay_) return;
        const auto& call = std::get<TraceOperation>(read);
        if (scheduled_ && operations_.size() == scheduled_operations_max) {
            scheduled_.reset();
            operations_.clear();
        }
        if (scheduled_) operations_.push_back(call);
        guarded([&] { differ(replay_->make(call), fmt::format("operation {} (line {})", reader_->operations(), lines_.line_number())); });
    }

    // Where the recorder's scheduler is described, ours is to make the same calls of itself.
    void schedule(const Engine& engine) {
        if (!scheduled_ || !result_.known || !result_.differences.empty()) return;
        guarded([&] {
            const ScheduleComparison compared = compare_schedule(*scheduled_, operations_, engine);
            differ(compared.differences, "scheduler");
        });
    }

    // After a difference the managers hold different things: what follows would differ for no reason of its own.
    void differ(std::vector<FieldDifference> differences, const std::string& where) {
        if (differences.empty()) return;
        for (FieldDifference& difference : differences) difference.at = fmt::format("{}: {}", where, difference.at);
        result_.differences = std::move(differences);
        replay_.reset();
    }

    template <class Replay>
    void guarded(Replay&& replay) {
        try {
            replay();
        } catch (const SizeOverflow& overflow) {
            tell(lines_.value(), fmt::format("expected sizes that fit 64 bits: {}", overflow.what()));
        }
    }

    GoldenLines& lines_;
    const ConformOptions& options_;
    CaseResult result_;
    std::optional<TraceReader> reader_;
    std::optional<GoldenTrace> scheduled_;
    std::vector<TraceOperation> operations_;  // Held where they are scheduled again: drawn traces are of some hundred calls.
    std::unique_ptr<TraceReplay> replay_;     // Null once there is nothing more to compare.
    bool unreadable_ = false;
};

}  // namespace

bool recognises_trace(JsonValue line) { return trace_line(line).has_value(); }

std::optional<CaseResult> compare_trace(GoldenLines& lines, const ConformOptions& options) {
    if (trace_line(lines.value()) == TraceLine::header) return TraceComparison(lines, options).result();
    lines.diagnostics().push_back(lines.document().diagnostic(lines.value(), "expected a header line first: no trace is open here"));
    return std::nullopt;
}

}  // namespace kv
