// A file of events: what is read, written down again, is read as the same events.
#include "model/events/event_digest.h"
#include "scenarios/events/event_reader.h"
#include "scenarios/events/event_writer.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

constexpr std::size_t lines_max = 16;  // Each may unroll to 32 MiB, which is slow under sanitizers.

struct Read {
    std::uint64_t digest = 0;
    kv::Diagnostics errors;
};

Read read(const std::string& text, kv::EventSink* next) {
    kv::EventDigest digest(next);
    kv::EventReader reader("fuzz.jsonl", digest);
    std::istringstream lines(text);
    std::string line;
    for (std::size_t number = 1; number <= lines_max && std::getline(lines, line) && reader.line(line, number); ++number) {
    }
    return {digest.value(), reader.finish()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string again;
    kv::EventWriter writer({}, [&](std::string_view chunk) {
        again += chunk;
        return true;
    });
    const Read first = read(std::string(data, data + size), &writer.sink());
    kv::to_text(first.errors);
    if (!writer.finish() || !first.errors.empty()) return 0;
    const Read second = read(again, nullptr);
    if (!second.errors.empty() || second.digest != first.digest) std::abort();
    return 0;
}
