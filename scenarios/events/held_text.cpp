#include "scenarios/events/held_text.h"

#include "scenarios/events/event_text.h"

#include <algorithm>

namespace kv {
namespace {

template <class Part>
bool same(const Part& a, const Part& b) {
    if constexpr (OptionalPart<Part>) {
        return a.has_value() == b.has_value() && (!a || same(*a, *b));
    } else if constexpr (Whole<Part>) {
        bool all = true;
        parts_of_both<Part>(a, b, [&](std::string_view, const auto& part, const auto& other) { all = all && same(part, other); });
        return all;
    } else {
        return a == b;
    }
}

// The ids that differ from those told, each stretch with its column in front.
void append_stretches(std::string& out, std::span<const BlockId> told, std::span<const BlockId> now) {
    const auto differs = [&](std::size_t column) { return column >= told.size() || told[column] != now[column]; };
    bool first = true;
    for (std::size_t column = 0; column < now.size(); ++column) {
        if (!differs(column)) continue;
        std::size_t end = column + 1;
        while (end < now.size() && differs(end)) ++end;
        out += first ? ",\"blocks\":[[" : ",[";
        first = false;
        append_integer(out, static_cast<std::int64_t>(column));
        out += ',';
        append_runs(out, now.subspan(column, end - column));
        out += ']';
        column = end;
    }
    if (!first) out += ']';
}

// The members of a change but for `group`; nothing where nothing has changed.
void append_change(std::string& out, const Holding& told, const Holding& now) {
    if (now.blocks.size() < told.blocks.size()) {
        out += ",\"length\":";
        append_integer(out, std::ssize(now.blocks));
    }
    if (now.blocks != told.blocks) append_stretches(out, told.blocks, now.blocks);
    EventText text(out);
    parts_of_both<Holding>(told, now, [&]<class Part>(std::string_view name, const Part& before, const Part& part) {
        if constexpr (!ListPart<Part>) {
            if (same(before, part)) return;
            bool first = false;
            text.key(name, first);
            text.value(name, part);
        }
    });
}

}  // namespace

bool HeldText::append(std::string& out, HeldBy request, std::span<const Holding> held) {
    std::vector<Holding>& told = told_[request];
    const std::size_t begin = out.size();
    out += '{';
    if (told.size() != held.size()) {
        out += "\"groups\":";
        append_integer(out, std::ssize(held));
        out += ',';
        told.resize(held.size());
    }
    const std::size_t before_changes = out.size();
    out += "\"changes\":[";
    bool first = true;
    for (std::size_t group = 0; group < held.size(); ++group) {
        const std::size_t before = out.size();
        out += first ? "{\"group\":" : ",{\"group\":";
        append_integer(out, static_cast<std::int64_t>(group));
        const std::size_t unchanged = out.size();
        append_change(out, told[group], held[group]);
        if (out.size() == unchanged) {
            out.resize(before);
            continue;
        }
        out += '}';
        first = false;
        told[group] = held[group];
    }
    if (!first) {
        out += "]}";
        return true;
    }
    if (before_changes == begin + 1) {
        out.resize(begin);
        return false;
    }
    out.resize(before_changes - 1);  // Only the number of groups, without its comma.
    out += '}';
    return true;
}

}  // namespace kv
