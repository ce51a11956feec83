// Takes events as they happen. Each is seen once, in order; what a sink does not care for passes by.
#pragma once

#include "model/events/capture_events.h"
#include "model/events/scheduling_events.h"

namespace kv {

class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void see(const RequestArrived&) {}
    virtual void see(const StepBegan&) {}
    virtual void see(const CacheHitFound&) {}
    virtual void see(const BlocksAsked&) {}
    virtual void see(const BlocksCached&) {}
    virtual void see(const RequestStops&) {}
    virtual void see(const BlocksFreed&) {}
    virtual void see(const CacheReset&) {}
    virtual void see(const BlocksZeroed&) {}
    virtual void see(const BlocksCopied&) {}
    virtual void see(const StepScheduled&) {}
    virtual void see(const StepSettled&) {}
    virtual void see(const OutputSettled&) {}
    virtual void see(const SlotsMapped&) {}
    virtual void see(const RowsOffered&) {}
    virtual void see(const RowsCaptured&) {}
    virtual void see(const RowsStored&) {}
    virtual void see(const RowsDelivered&) {}
    virtual void see(const EngineFault&) {}
};

}  // namespace kv
