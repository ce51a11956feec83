// One number for all that happened: equal for equal runs, on any machine and in any build.
#pragma once

#include "model/events/event_parts.h"
#include "model/events/event_sink.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kv {

class EventDigest : public EverySink<EventDigest> {
public:
    explicit EventDigest(EventSink* next = nullptr) : next_(next) {}

    std::uint64_t value() const { return value_; }
    std::int64_t events() const { return events_; }

    template <class Event>
    void any(const Event& event) {
        add(std::string_view(Event::name));
        Event::parts(event, [this](std::string_view, const auto& part, std::string_view) { this->add(part); });
        ++events_;
        if (next_ != nullptr) next_->see(event);
    }

private:
    template <class Number>
        requires std::is_integral_v<Number> || std::is_enum_v<Number>
    void add(Number number) {
        value_ = (value_ ^ static_cast<std::uint64_t>(number)) * 0x100000001b3;
        value_ ^= value_ >> 29;
    }
    void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }
    void add(std::string_view text) {
        add(text.size());
        for (const char letter : text) add(static_cast<unsigned char>(letter));
    }
    template <class Part>
        requires requires(const Part& part) { part.value; }
    void add(const Part& count) { add(count.value); }
    template <class Part>
    void add(const std::optional<Part>& part) {
        add(part.has_value());
        if (part) add(*part);
    }
    template <Whole Part>
    void add(const Part& whole) {
        PartsOf<Part>::parts(whole, [this](std::string_view, const auto& part, std::string_view) { this->add(part); });
    }
    template <class Part>
    void add(std::span<const Part> parts) {
        add(parts.size());
        for (const Part& part : parts) add(part);
    }
    template <class Part>
    void add(const std::vector<Part>& parts) {
        add(std::span<const Part>(parts));
    }

    EventSink* next_;
    std::uint64_t value_ = 0xcbf29ce484222325;
    std::int64_t events_ = 0;
};

}  // namespace kv
