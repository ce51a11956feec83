// The calls to an engine's cache manager as a trace records them, each with the engine's answer.
#pragma once

#include "model/cache/cache_manager.h"
#include "model/cache/cache_request.h"
#include "model/cache/prefix_key.h"
#include "model/units.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

enum class RequestNumber : std::int64_t {};

using BlockLists = std::vector<std::vector<BlockId>>;  // One list a group.

struct ArriveOperation {
    RequestNumber request{};
    std::vector<TokenRun> prompt = {};
};

struct AppendOperation {
    RequestNumber request{};
    std::vector<TokenRun> output = {};
};

struct StepOperation {};

struct LookupOperation {
    RequestNumber request{};
    Tokens length = {};
    BlockLists blocks = {};
    std::optional<Tokens> shared_boundary = {};  // Since 0.32.0.
};

struct AllocateOperation {
    RequestNumber request{};
    Tokens computed = {};
    RequestStatus status = RequestStatus::running;
    Tokens in_flight = {};
    Tokens shared_boundary = {};
    bool with_hit = false;   // The blocks of the request's last lookup are given.
    AllocateCall call = {};  // Its `hit` is whoever replays it to fill in.

    bool granted = false;
    BlockLists new_blocks = {};  // Where it was granted.
    BlockLists table = {};       // All that the request holds afterwards.
    Blocks free = {};
};

struct CacheOperation {
    RequestNumber request{};
    Tokens computed = {};
    Tokens shared_boundary = {};
    Tokens tokens = {};
};

struct FreeOperation {
    RequestNumber request{};
    std::string why = {};  // For information: "finish", "preempt", "abort", "load_failed".
    Blocks free = {};
};

struct ResetOperation {
    bool done = false;
    Blocks free = {};
};

struct EvictOperation {
    std::vector<BlockId> blocks = {};  // As they were asked for: the pool may not have them.
};

struct CommonOperation {
    RequestNumber request{};
    std::vector<std::int64_t> counts = {};
};

struct ZeroOperation {
    std::vector<BlockId> ids = {};
};

struct CopyOperation {
    std::vector<BlockCopy> copies = {};
    Blocks free = {};
};

struct DumpOperation {
    struct Cached {
        BlockId block{};
        std::size_t group = 0;
        friend bool operator==(const Cached&, const Cached&) = default;
    };
    struct Shared {
        BlockId block{};
        std::int64_t references = 0;
        friend bool operator==(const Shared&, const Shared&) = default;
    };
    std::vector<BlockId> queue = {};  // Of free blocks, the next one first.
    std::vector<Cached> cached = {};  // By id.
    std::vector<Shared> shared = {};  // Held more than once; by id.
};

using TraceCall = std::variant<ArriveOperation, AppendOperation, StepOperation, LookupOperation, AllocateOperation, CacheOperation,
                               FreeOperation, ResetOperation, EvictOperation, CommonOperation, ZeroOperation, CopyOperation, DumpOperation>;

struct TraceOperation {
    std::string_view name;  // As the trace spells it.
    TraceCall call;
    std::optional<std::string> raised = {};  // The exception's class instead of an answer; the trace ends with it.
};

}  // namespace kv
