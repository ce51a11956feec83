#include "scenarios/events/event_text.h"

#include "scenarios/utf8.h"

#include <cmath>

namespace kv {
namespace {

// Tags in a row that are `tag`, or each the one after the tag before it.
std::size_t run_length(std::span<const RowTag> tags) {
    const bool is_origin = origin_of(tags.front()).has_value();
    std::uint64_t next = static_cast<std::uint64_t>(tags.front());
    std::size_t length = 1;
    while (length < tags.size()) {
        if (is_origin &&
            (next & static_cast<std::uint64_t>(RowOrigin::position_max)) == static_cast<std::uint64_t>(RowOrigin::position_max))
            break;  // The position is the tag's last part.
        next += is_origin ? 1 : 0;
        if (static_cast<std::uint64_t>(tags[length]) != next) break;
        ++length;
    }
    return length;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        const auto byte = static_cast<unsigned char>(text[at]);
        constexpr unsigned char first_printable = 0x20;
        if (!point.valid) out += "\xEF\xBF\xBD";
        else if (byte == '"' || byte == '\\') (out += '\\') += text[at];
        else if (byte < first_printable) fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        else out.append(text, at, point.bytes);
        at += point.bytes;
    }
    out += '"';
}

void append_number(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += std::isnan(number) ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
        return;
    }
    const std::size_t before = out.size();
    fmt::format_to(std::back_inserter(out), "{}", number);
    if (out.find_first_of(".e", before) == std::string::npos) out += ".0";  // Else minus zero would be an integer, which has no sign.
}

void append_tags(std::string& out, std::span<const RowTag> tags) {
    for (bool first = true; !tags.empty(); first = false) {
        if (!first) out += ',';
        const std::size_t length = run_length(tags);
        const std::optional<RowOrigin> origin = origin_of(tags.front());
        if (origin) {
            fmt::format_to(std::back_inserter(out), "[{},{},{}", origin->producer, origin->content, origin->position);
            if (length > 1) fmt::format_to(std::back_inserter(out), ",{}", length);
            out += ']';
        } else {
            require(tags.front() == never_written_tag || tags.front() == missing_tag, "a tag is an origin, of nobody or missing");
            const std::string_view name = tags.front() == missing_tag ? missing_name : never_written_name;
            if (length > 1) fmt::format_to(std::back_inserter(out), "[\"{}\",{}]", name, length);
            else fmt::format_to(std::back_inserter(out), "\"{}\"", name);
        }
        tags = tags.subspan(length);
    }
}

}  // namespace kv
