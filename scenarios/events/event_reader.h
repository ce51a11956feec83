// Events out of a file, one line at a time, in memory that does not grow with the file: a line and what live requests hold.
#pragma once

#include "model/events/event_sink.h"
#include "scenarios/events/event_form.h"

#include <cstddef>
#include <memory>

namespace kv {

// Lines as they come. All that are wrong are told, up to a hundred errors; once one is wrong no event is handed on any more, for what
// follows would not be what happened.
class EventReader {
public:
    EventReader(std::string file, EventSink& sink);  // The name that errors bear.
    ~EventReader();
    EventReader(EventReader&&) noexcept;
    EventReader& operator=(EventReader&&) noexcept;

    // False: no other line is read, for there is no good header, or there are enough errors.
    bool line(std::string text, std::size_t number);
    // After the last line. The errors that were found; none: every event was handed on.
    Diagnostics finish();

    const std::optional<EventHeader>& header() const;
    std::int64_t events() const;  // That were handed on.

private:
    class Lines;
    std::unique_ptr<Lines> lines_;
};

struct EventFile {
    EventHeader header = {};
    std::int64_t events = 0;
    Diagnostics errors = {};
};

// Plain text or gzip. A line has at most line_bytes_max bytes.
EventFile read_events(const std::string& file, EventSink& sink);

}  // namespace kv
