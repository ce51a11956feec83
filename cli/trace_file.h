// What a run tells, into a file of events that is there whole or not at all: `run --trace FILE`.
#pragma once

#include "cli/whole_file.h"
#include "scenarios/events/event_writer.h"

namespace kv::cli {

class TraceFile {
public:
    TraceFile(std::string file, const EventHeader& header);

    EventSink& sink() { return writer_.sink(); }
    // `status`, or 2 when the file could not be written, which is said.
    int finish(int status);

private:
    WholeFile file_;
    EventWriter writer_;
};

}  // namespace kv::cli
