// All kinds of events.
#pragma once

#include "model/events/cache_events.h"
#include "model/events/capture_events.h"
#include "model/events/planning_events.h"
#include "model/events/scheduling_events.h"

namespace kv {

template <class... Events>
struct EventKinds {
    static constexpr std::size_t count = sizeof...(Events);
    // Calls `each` with a default-made event of every kind.
    static constexpr void each_kind(auto&& each) { (each(Events{}), ...); }
};

// The order is part of the digest: new kinds are added at the end.
using AllEvents =
    EventKinds<PlanMade, PlanRefused, CapacityReported, CapacityConstructed, PoolMade, TableMade, BufferMade, AddressFormed, RequestArrived,
               RequestRefused, StepBegan, CacheHitFound, BlocksAsked, BlocksCached, RequestStops, BlocksFreed, CacheReset, BlocksZeroed,
               BlocksCopied, TransferOpened, TransferDone, StepScheduled, BatchSized, SlotsMapped, KvWritten, StatesWritten, RowsFormed,
               RowsOffered, RowsCaptured, RowsStored, RowsRead, RowsDelivered, OutputSettled, StepSettled, EngineFault, RunEnded,
               LengthConstructed, HostTierMade, HostTierFilled, EncoderRoomChanged>;

}  // namespace kv
