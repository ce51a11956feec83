// The lines of a recording, each read as JSON.
#pragma once

#include "scenarios/json.h"
#include "scenarios/lines.h"

#include <cstddef>
#include <optional>
#include <string>

namespace kv {

// Stands on a line once `next` has answered true. Blank lines are passed over; a line that is no JSON is told and passed over.
class GoldenLines {
public:
    GoldenLines(const std::string& file, Diagnostics& diagnostics);

    bool next();
    void stay() { stays_ = true; }  // The next `next` stands on this line again.
    JsonValue value() const { return document_->root(); }
    const JsonDocument& document() const { return *document_; }
    std::size_t line_number() const { return lines_.line_number(); }
    const std::string& file() const { return lines_.file(); }
    Diagnostics& diagnostics() { return *diagnostics_; }

private:
    LineReader lines_;
    Diagnostics* diagnostics_;
    std::optional<JsonDocument> document_;
    bool stays_ = false;
    bool ended_ = false;
};

}  // namespace kv
