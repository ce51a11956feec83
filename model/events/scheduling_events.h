// What an engine does with requests and the tokens of steps, as it says it: the same facts whether a model, a live engine or a recording
// tells them. Spans live until the call returns.
#pragma once

#include "model/cache/prefix_key.h"
#include "model/events/event_ids.h"
#include "model/units.h"

#include <array>
#include <cstdint>
#include <optional>

namespace kv {

struct RequestArrived {
    static constexpr std::string_view name = "request-arrived";
    static constexpr std::string_view meaning = "a rank has taken a request into its queue";
    RankId rank{};
    RequestId request{};
    Tokens prompt = {};
    Tokens outputs_max = {};
    Tokens encoder = {};
    bool wants_rows = false;
    std::span<const TokenRun> text = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("prompt", event.prompt, "its length");
        each("outputs_max", event.outputs_max, "tokens that it may generate");
        each("encoder", event.encoder, "length of its encoder's input");
        each("wants_rows", event.wants_rows, "of the routed experts");
        each("text", event.text, "all tokens that it will ever have: two requests have the same text as far as these agree");
    }
};

struct RequestRefused {
    static constexpr std::string_view name = "request-refused";
    static constexpr std::string_view meaning = "the engine's front end does not take a request";
    RankId rank{};
    Tokens prompt = {};
    Tokens length_max = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "to which it would have gone");
        each("prompt", event.prompt, "its length");
        each("length_max", event.length_max, "what a prompt and its first output may have");
    }
};

// The room for outputs of encoders, which is counted in their tokens.
struct EncoderRoomChanged {
    static constexpr std::string_view name = "encoder-room-changed";
    static constexpr std::string_view meaning = "a request takes room for its encoder's output, or gives it back";
    RankId rank{};
    RequestId request{};
    Tokens taken = {};
    Tokens returned = {};
    Tokens room = {};
    Tokens free = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("taken", event.taken, "tokens");
        each("returned", event.returned, "tokens");
        each("room", event.room, "tokens in all");
        each("free", event.free, "tokens of them that nobody has, by the engine's count");
    }
};

struct StepBegan {
    static constexpr std::string_view name = "step-began";
    static constexpr std::string_view meaning = "a rank begins to schedule a step";
    RankId rank{};
    StepId step{};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
    }
};

// A part of a step: tokens of one request at consecutive positions.
struct ScheduledPart {
    RequestId request{};
    std::int64_t first = 0;
    std::int64_t tokens = 0;
    std::int64_t drafts = 0;
    bool padded = false;
    bool prefill = false;

    static constexpr void parts(auto& part, auto&& each) {
        each("request", part.request, "");
        each("first", part.first, "position of the first token");
        each("tokens", part.tokens, "");
        each("drafts", part.drafts, "of these, guessed ones at the end");
        each("padded", part.padded, "the drafts are nobody's: they only give the step its shape");
        each("prefill", part.prefill, "the step leaves the request without an output");
    }
};

struct StepScheduled {
    static constexpr std::string_view name = "step-scheduled";
    static constexpr std::string_view meaning = "a rank has chosen the tokens of a step, which is in flight from now on";
    RankId rank{};
    StepId step{};
    std::span<const ScheduledPart> scheduled = {};
    std::int64_t running = 0;
    std::int64_t waiting = 0;

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("scheduled", event.scheduled, "one a request");
        each("running", event.running, "requests");
        each("waiting", event.waiting, "requests");
    }
};

// What a rank's worker makes of a step's tokens before it computes them; data-parallel ranks exchange their sizes first.
struct BatchSized {
    static constexpr std::string_view name = "batch-sized";
    static constexpr std::string_view meaning = "a rank's worker has decided how large the batch of a step is";
    RankId rank{};
    StepId step{};
    std::int64_t tokens = 0;
    std::int64_t rows = 0;
    std::int64_t graph = 0;
    std::int64_t micro_batches = 1;
    bool dummy = false;
    std::optional<std::int64_t> iterations = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
        each("tokens", event.tokens, "of requests");
        each("rows", event.rows, "with padding");
        each("graph", event.graph, "size of the graph that is replayed; 0: none");
        each("micro_batches", event.micro_batches, "parts that it is computed in");
        each("dummy", event.dummy, "the rank has nothing to compute and keeps its peers company");
        each("iterations", event.iterations, "chunks in which its experts are given its tokens; none: they are given all at once");
    }
};

struct StepSettled {
    static constexpr std::string_view name = "step-settled";
    static constexpr std::string_view meaning = "the output of a step was taken: it is no longer in flight";
    RankId rank{};
    StepId step{};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("step", event.step, "");
    }
};

struct OutputSettled {
    static constexpr std::string_view name = "output-settled";
    static constexpr std::string_view meaning = "a request was given what a settled step put out for it";
    RankId rank{};
    RequestId request{};
    std::int64_t accepted = 0;
    std::int64_t rejected = 0;
    std::int64_t outputs = 0;
    bool dropped = false;
    bool stale = false;
    std::optional<std::int64_t> taken_back = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("accepted", event.accepted, "drafts");
        each("rejected", event.rejected, "drafts");
        each("outputs", event.outputs, "tokens that the request is longer by");
        each("dropped", event.dropped, "of a request that was reset meanwhile: for nobody");
        each("stale", event.stale, "computed before the request was preempted, and kept");
        each("taken_back", event.taken_back, "tokens that no longer count as scheduled, rejected drafts; none: there is nothing to say");
    }
};

enum class FreedWhy : std::uint8_t { finished, preempted, aborted, load_failed };
inline constexpr std::array<std::string_view, 4> freed_why_names{"finished", "preempted", "aborted", "load-failed"};
constexpr std::span<const std::string_view> names_of(FreedWhy) { return freed_why_names; }

struct RequestStops {
    static constexpr std::string_view name = "request-stops";
    static constexpr std::string_view meaning = "a request is about to give its blocks back";
    RankId rank{};
    RequestId request{};
    FreedWhy why{};
    bool drops_output = false;
    Tokens tokens = {};

    static constexpr void parts(auto& event, auto&& each) {
        each("rank", event.rank, "");
        each("request", event.request, "");
        each("why", event.why, "");
        each("drops_output", event.drops_output, "what its steps in flight put out is for nobody");
        each("tokens", event.tokens, "that it has by now, prompt and outputs");
    }
};

enum class EndedWhy : std::uint8_t { done, stalled, fault, steps };
inline constexpr std::array<std::string_view, 4> ended_why_names{"done", "stalled", "fault", "steps"};
constexpr std::span<const std::string_view> names_of(EndedWhy) { return ended_why_names; }

struct RunEnded {
    static constexpr std::string_view name = "run-ended";
    static constexpr std::string_view meaning = "nothing follows";
    EndedWhy why{};
    std::int64_t steps = 0;
    std::int64_t waiting = 0;

    static constexpr void parts(auto& event, auto&& each) {
        each("why", event.why,
             "all requests are done, no rank can ever schedule those that are left, a rank has raised, or enough steps were made");
        each("steps", event.steps, "that were made");
        each("waiting", event.waiting, "requests that are not done");
    }
};

}  // namespace kv
