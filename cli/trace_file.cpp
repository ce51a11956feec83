#include "cli/trace_file.h"

#include "cli/output.h"
#include "scenarios/utf8.h"

#include <utility>

namespace kv::cli {

TraceFile::TraceFile(std::string file, const EventHeader& header)
    : file_(std::move(file)), writer_(header, [this](std::string_view chunk) { return file_.write(chunk); }) {}

int TraceFile::finish(int status) {
    if (writer_.finish() && file_.finish()) return status;
    if (writer_.failure().empty()) return unwritable(file_);
    complain("kvproof: error: cannot write " + printable(file_.file()) + ": " + writer_.failure() + '\n');
    return bad_input;
}

}  // namespace kv::cli
