#include "scenarios/trace_operation.h"

#include "scenarios/golden_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <type_traits>
#include <utility>

namespace kv {

namespace {

constexpr std::size_t runs_max = std::size_t{1} << 12;
constexpr std::int64_t stream_tokens = 65536;  // A token's number is stream * 65536 + index: an index beyond is another stream's.
constexpr std::int64_t streams_max = std::int64_t{1} << 31;
constexpr IntegerRange token_range{0, trace_tokens_max};
// Rejected drafts are taken off a request's computed tokens, and a recorded request got below 0 by it.
constexpr IntegerRange computed_range{-trace_tokens_max, trace_tokens_max};
constexpr std::size_t blocks_listed_max = static_cast<std::size_t>(trace_tokens_max);

// In the order of TraceCall.
constexpr std::array<std::string_view, std::variant_size_v<TraceCall>> operation_names{
    "new", "append", "step", "lookup", "alloc", "cache", "free", "reset", "evict", "common", "zero", "cow", "dump"};

template <class Call>
constexpr bool answers_nothing =
    std::is_same_v<Call, ArriveOperation> || std::is_same_v<Call, AppendOperation> || std::is_same_v<Call, StepOperation> ||
    std::is_same_v<Call, CacheOperation> || std::is_same_v<Call, EvictOperation>;

template <std::size_t I = 0>
TraceCall call_at(std::size_t index) {
    if constexpr (I + 1 == std::variant_size_v<TraceCall>) {
        return TraceCall(std::in_place_index<I>);
    } else {
        return index == I ? TraceCall(std::in_place_index<I>) : call_at<I + 1>(index);
    }
}

}  // namespace

class TraceReader::Line {
public:
    Line(TraceReader& trace, JsonValue line) : trace_(trace), fields_(line, errors_) { fields_.find("op"); }

    TraceOperation operation(std::size_t name) {
        TraceOperation operation{.name = operation_names[name], .call = call_at(name)};
        if (trace_.raised_)
            errors_.note(fields_.object(), "expected the end line: the call before this one raised, and the engine is of no use");
        const auto result = fields_.find("res");
        const auto raised = result ? result->member("err") : std::nullopt;
        std::visit([&](auto& call) { arguments(call); }, operation.call);
        if (raised) {
            JsonFields error(*result, errors_);
            operation.raised = error.string("err");
            error.finish();
            trace_.raised_ = true;
        } else {
            std::visit([&](auto& call) { answer(call, result); }, operation.call);
        }
        fields_.finish();
        ++trace_.operations_;
        return operation;
    }

    JsonErrors& errors() { return errors_; }

private:
    bool old() const { return trace_.shape_ == RecordShape::vllm_0_18; }
    std::size_t group_count() const { return trace_.group_blocks_.size(); }

    // ---- Arguments

    RequestNumber new_request() {
        const auto number = fields_.need("r");
        if (!number) return {};
        const std::int64_t request = read_integer(*number, from_zero, errors_);
        if (trace_.requests_.contains(request)) errors_.note_expected(*number, "the number of a request that has not arrived yet");
        else if (trace_.requests_.size() == trace_requests_max)
            errors_.note(*number, fmt::format("expected at most {} requests in a trace", trace_requests_max));
        else trace_.requests_.try_emplace(request);
        return RequestNumber(request);
    }

    // Null, and noted: no such request.
    Request* known_request(RequestNumber& request) {
        const auto number = fields_.need("r");
        if (!number) return nullptr;
        request = RequestNumber(read_integer(*number, from_zero, errors_));
        const auto found = trace_.requests_.find(static_cast<std::int64_t>(request));
        if (found != trace_.requests_.end()) return &found->second;
        errors_.note_expected(*number, "the number of a request that has arrived");
        return nullptr;
    }

    std::vector<TokenRun> runs(Request* request) {
        std::vector<TokenRun> runs;
        for (const JsonValue value : fields_.array("runs", runs_max)) {
            const std::vector<JsonValue> numbers = read_array(value, 3, errors_);
            if (numbers.size() != 3) {
                if (value.kind() == JsonKind::array) errors_.note_expected(value, "[stream, first index, tokens]");
                continue;
            }
            TokenRun run{.stream = read_integer(numbers[0], {0, streams_max}, errors_),
                         .first = read_integer(numbers[1], {0, stream_tokens - 1}, errors_)};
            run.count = read_integer(numbers[2], {1, stream_tokens - run.first}, errors_);
            runs.push_back(run);
            if (request == nullptr) continue;
            request->tokens += run.count;
            trace_.tokens_ += run.count;
            if (request->tokens > trace_tokens_max)
                errors_.note(value, fmt::format("expected at most {} tokens in a request", trace_tokens_max));
            if (trace_.tokens_ > trace_tokens_sum_max)
                errors_.note(value, fmt::format("expected at most {} tokens in all requests of a trace", trace_tokens_sum_max));
        }
        return runs;
    }

    std::int64_t optional_integer(std::string_view key, IntegerRange range, std::int64_t otherwise) {
        const auto value = fields_.find(key);
        return value ? read_integer(*value, range, errors_) : otherwise;
    }
    Tokens tokens(std::string_view key) { return Tokens(optional_integer(key, token_range, 0)); }
    bool flag(std::string_view key, bool otherwise) { return optional_integer(key, {0, 1}, otherwise ? 1 : 0) == 1; }

    // The request's tables can come to cover these many tokens; bounded for all requests together.
    void reach(Request* request, std::int64_t tokens) {
        if (request == nullptr) return;
        std::int64_t entries = 0;
        for (const std::int64_t block : trace_.group_blocks_) entries += std::max<std::int64_t>(tokens, 0) / block + 1;
        trace_.entries_ += std::max<std::int64_t>(entries - request->entries, 0);
        request->entries = std::max(request->entries, entries);
        if (trace_.entries_ > trace_entries_max)
            errors_.note(fields_.object(),
                         fmt::format("expected at most {} entries in the block tables of all requests", trace_entries_max));
    }

    void arguments(ArriveOperation& call) {
        call.request = new_request();
        const auto found = trace_.requests_.find(static_cast<std::int64_t>(call.request));
        call.prompt = runs(found == trace_.requests_.end() ? nullptr : &found->second);
    }
    void arguments(AppendOperation& call) { call.output = runs(known_request(call.request)); }
    void arguments(StepOperation&) {}
    void arguments(LookupOperation& call) {
        Request* const request = known_request(call.request);
        if (request == nullptr) return;
        request->looked_up = true;
        reach(request, request->tokens);
    }

    void arguments(AllocateOperation& call) {
        Request* const request = known_request(call.request);
        call.computed = Tokens(fields_.integer("c", computed_range));
        call.call.new_tokens = Tokens(fields_.integer("new", token_range));
        if (const auto hit = fields_.find("hit"); hit && hit->kind() != JsonKind::null) {
            call.with_hit = true;
            call.call.hit_tokens = Tokens(read_integer(*hit, token_range, errors_));
            if (request != nullptr && !request->looked_up)
                errors_.note_expected(*hit, "a lookup of this request before it, since it arrived or was freed");
        }
        call.call.lookahead = tokens("look");
        call.call.external = tokens("ext");
        call.call.delay_caching = flag("delay", false);
        call.call.encoder_tokens = tokens("enc");
        if (!old()) newer_arguments(call);
        const Tokens covered = call.computed + call.call.hit_tokens + call.call.external + call.call.new_tokens + call.call.lookahead;
        reach(request, covered.value);
    }

    void newer_arguments(AllocateOperation& call) {
        constexpr std::array<std::string_view, 3> states{"W", "P", "R"};
        if (const auto status = fields_.find("st")) call.status = static_cast<RequestStatus>(read_choice(*status, states, errors_));
        call.in_flight = tokens("fly");
        call.shared_boundary = tokens("boundary");
        call.call.whole_request_must_fit = flag("full", false);
        call.call.reserved = Blocks(optional_integer("reserved", {0, recorded_integer_max}, 0));
        call.call.others_scheduled = flag("sched", true);
    }

    void arguments(CacheOperation& call) {
        Request* const request = known_request(call.request);
        call.computed = Tokens(fields_.integer("c", computed_range));
        call.tokens = Tokens(fields_.integer("n", computed_range));
        if (!old()) call.shared_boundary = tokens("boundary");
        reach(request, call.tokens.value);
    }

    void arguments(FreeOperation& call) {
        Request* const request = known_request(call.request);
        if (const auto why = fields_.find("why")) call.why = read_string(*why, errors_);
        if (request == nullptr) return;
        request->looked_up = false;
        trace_.entries_ -= std::exchange(request->entries, 0);
    }

    void arguments(ResetOperation&) {}
    void arguments(EvictOperation& call) {
        if (const auto ids = fields_.need("ids")) call.blocks = block_ids(*ids, std::int64_t{1} << 31);
    }
    void arguments(CommonOperation& call) { known_request(call.request); }
    void arguments(ZeroOperation&) {}
    void arguments(CopyOperation&) {}
    void arguments(DumpOperation&) {}

    // ---- Results

    std::vector<BlockId> block_ids(JsonValue list, std::int64_t blocks) {
        std::vector<BlockId> ids;
        for (const JsonValue id : read_array(list, blocks_listed_max, errors_)) ids.push_back(block_id(id, blocks));
        return ids;
    }
    BlockId block_id(JsonValue id, std::int64_t blocks) { return static_cast<BlockId>(read_integer(id, {0, blocks - 1}, errors_)); }

    std::vector<JsonValue> one_a_group(JsonFields& answer, std::string_view key) {
        const auto value = answer.need(key);
        if (!value) return {};
        std::vector<JsonValue> all = read_array(*value, trace_groups_max, errors_);
        if (value->kind() == JsonKind::array && value->size() != group_count())
            errors_.note_expected(*value, fmt::format("one element for each of {} groups", group_count()));
        return all;
    }
    BlockLists block_lists(JsonFields& answer, std::string_view key) {
        BlockLists lists;
        for (const JsonValue list : one_a_group(answer, key)) lists.push_back(block_ids(list, trace_.blocks_));
        return lists;
    }
    Blocks free_blocks(JsonFields& answer) { return Blocks(answer.integer("free", {0, trace_.blocks_})); }

    // [block, number] pairs, each made into a value.
    template <class Make>
    auto pairs(JsonFields& answer, std::string_view key, IntegerRange number, Make make) {
        std::vector<decltype(make(BlockId{}, std::int64_t{}))> all;
        for (const JsonValue value : answer.array(key, blocks_listed_max)) {
            const std::vector<JsonValue> both = read_array(value, 2, errors_);
            if (both.size() == 2) all.push_back(make(block_id(both[0], trace_.blocks_), read_integer(both[1], number, errors_)));
            else if (value.kind() == JsonKind::array) errors_.note_expected(value, "[block, number]");
        }
        return all;
    }

    template <class Call>
    void answer(Call& call, std::optional<JsonValue> value) {
        if constexpr (answers_nothing<Call>) {
            if (value) errors_.note_expected(*value, "no `res` but an error: this call answers nothing");
        } else {
            if (!value) value = fields_.need("res");
            if (!value) return;
            JsonFields fields(*value, errors_);
            results(call, fields);
            fields.finish();
        }
    }

    void results(LookupOperation& call, JsonFields& answer) {
        call.length = Tokens(answer.integer("n", token_range));
        call.blocks = block_lists(answer, "blocks");
        if (!old()) call.shared_boundary = Tokens(answer.integer("boundary", token_range));
    }
    void results(AllocateOperation& call, JsonFields& answer) {
        call.granted = answer.integer("ok", {0, 1}) == 1;
        if (call.granted) call.new_blocks = block_lists(answer, "new");
        call.table = block_lists(answer, "table");
        call.free = free_blocks(answer);
    }
    void results(FreeOperation& call, JsonFields& answer) { call.free = free_blocks(answer); }
    void results(ResetOperation& call, JsonFields& answer) {
        call.done = answer.integer("ok", {0, 1}) == 1;
        call.free = free_blocks(answer);
    }
    void results(CommonOperation& call, JsonFields& answer) {
        for (const JsonValue count : one_a_group(answer, "n")) call.counts.push_back(read_integer(count, token_range, errors_));
    }
    void results(ZeroOperation& call, JsonFields& answer) {
        if (const auto ids = answer.need("ids")) call.ids = block_ids(*ids, trace_.blocks_);
    }
    void results(CopyOperation& call, JsonFields& answer) {
        call.copies = pairs(answer, "copies", {0, trace_.blocks_ - 1}, [](BlockId source, std::int64_t destination) {
            return BlockCopy{.source = source, .destination = static_cast<BlockId>(destination)};
        });
        call.free = free_blocks(answer);
    }
    void results(DumpOperation& call, JsonFields& answer) {
        if (const auto queue = answer.need("queue")) call.queue = block_ids(*queue, trace_.blocks_);
        const IntegerRange groups{0, std::max<std::int64_t>(std::ssize(trace_.group_blocks_) - 1, 0)};
        call.cached = pairs(answer, "cached", groups, [](BlockId block, std::int64_t group) {
            return DumpOperation::Cached{.block = block, .group = static_cast<std::size_t>(group)};
        });
        call.shared = pairs(answer, "shared", {2, recorded_integer_max}, [](BlockId block, std::int64_t references) {
            return DumpOperation::Shared{.block = block, .references = references};
        });
    }

    TraceReader& trace_;
    JsonErrors errors_;
    JsonFields fields_;
};

std::variant<TraceOperation, UnknownInTrace, Diagnostics> TraceReader::operation(const JsonDocument& line) {
    const std::optional<JsonValue> name = line.root().member("op");
    const bool named = name && name->kind() == JsonKind::string;
    const auto found = named ? std::ranges::find(operation_names, name->string()) : operation_names.end();
    if (named && found == operation_names.end()) return UnknownInTrace{fmt::format("the operation \"{}\"", name->string())};
    Line reading(*this, line.root());
    if (!named) {
        reading.errors().note(line.root(), "expected the key `op` with the name of an operation");
        return reading.errors().take();
    }
    TraceOperation operation = reading.operation(static_cast<std::size_t>(found - operation_names.begin()));
    if (!reading.errors().none()) return reading.errors().take();
    return operation;
}

}  // namespace kv
