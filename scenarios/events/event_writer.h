// Events as JSON lines (scenarios/events/event_form.h), written while they happen: the same bytes for the same events.
#pragma once

#include "model/events/event_sink.h"
#include "scenarios/events/event_form.h"

#include <functional>
#include <memory>

namespace kv {

class EventWriter {
public:
    // Takes a chunk of the file, whole lines; false: it cannot, and nothing more is handed to it.
    using Put = std::function<bool(std::string_view chunk)>;

    EventWriter(const EventHeader& header, Put put);
    ~EventWriter();
    EventWriter(EventWriter&&) noexcept;
    EventWriter& operator=(EventWriter&&) noexcept;

    EventSink& sink();
    // Hands on what is left. False: `put` could not, or an event is larger than a reader takes; `failure` then says which, else nothing.
    bool finish();
    const std::string& failure() const;
    std::int64_t events() const;  // That were written.

private:
    class Lines;
    std::unique_ptr<Lines> lines_;
};

}  // namespace kv
