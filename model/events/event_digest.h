// One number for all that happened: equal for equal runs, on any machine and in any build.
#pragma once

#include "model/events/event_sink.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace kv {

class EventDigest : public EventSink {
public:
    explicit EventDigest(EventSink* next = nullptr) : next_(next) {}

    std::uint64_t value() const { return value_; }
    std::int64_t events() const { return events_; }

    void see(const RequestArrived& event) override;
    void see(const StepBegan& event) override;
    void see(const CacheHitFound& event) override;
    void see(const BlocksAsked& event) override;
    void see(const BlocksCached& event) override;
    void see(const RequestStops& event) override;
    void see(const BlocksFreed& event) override;
    void see(const CacheReset& event) override;
    void see(const BlocksZeroed& event) override;
    void see(const BlocksCopied& event) override;
    void see(const StepScheduled& event) override;
    void see(const StepSettled& event) override;
    void see(const OutputSettled& event) override;
    void see(const SlotsMapped& event) override;
    void see(const RowsOffered& event) override;
    void see(const RowsCaptured& event) override;
    void see(const RowsStored& event) override;
    void see(const RowsDelivered& event) override;
    void see(const EngineFault& event) override;

private:
    template <class Number>
        requires std::is_integral_v<Number> || std::is_enum_v<Number>
    void add(Number number) {
        value_ = (value_ ^ static_cast<std::uint64_t>(number)) * 0x100000001b3;
        value_ ^= value_ >> 29;
    }
    template <class Number>
    void add(std::span<const Number> numbers) {
        add(numbers.size());
        for (const Number number : numbers) add(number);
    }
    void add(Tokens tokens) { add(tokens.value); }
    void add(Blocks blocks) { add(blocks.value); }
    void add(const Refusal& refusal);

    // What kind of event, then its parts in the order of its members.
    template <class Event, class... Part>
    void add_event(const Event& event, std::uint8_t kind, const Part&... parts) {
        add(kind);
        (add(parts), ...);
        ++events_;
        if (next_ != nullptr) next_->see(event);
    }

    EventSink* next_;
    std::uint64_t value_ = 0xcbf29ce484222325;
    std::int64_t events_ = 0;
};

}  // namespace kv
