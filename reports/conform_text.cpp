#include "reports/conform_text.h"

#include "scenarios/utf8.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kv {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t value_shown_max = 160;  // Code points of a recorded or of our value.

std::string counts_text(const ConformFile& file) {
    return fmt::format("{}: {} agree, {} differ, {} not known\n", printable(file.file), file.agree, file.differ, file.not_known);
}

std::string field_text(const FieldSummary& summary) {
    const FieldDifference& first = summary.first;
    return fmt::format("\n{} differs in {} {}, first in {}:{} ({}), at {}\n    recorded {}\n    ours     {}\n", printable(first.field),
                       summary.cases, summary.cases == 1 ? "case" : "cases", printable(summary.first_file), summary.first_line,
                       shortened(summary.first_id, value_shown_max), printable(first.at), shortened(first.recorded, value_shown_max),
                       shortened(first.ours, value_shown_max));
}

Json counts_json(const ConformFile& file) {
    return {{"file", file.file}, {"agree", file.agree}, {"differ", file.differ}, {"not_known", file.not_known}};
}

Json field_json(const FieldSummary& summary) {
    return {{"field", summary.first.field},
            {"cases", summary.cases},
            {"first",
             {{"file", summary.first_file},
              {"line", summary.first_line},
              {"id", summary.first_id},
              {"at", summary.first.at},
              {"recorded", summary.first.recorded},
              {"ours", summary.first.ours}}}};
}

Json diagnostic_json(const Diagnostic& diagnostic) {
    return {{"file", diagnostic.where.file},
            {"line", diagnostic.where.line},
            {"column", diagnostic.where.column},
            {"message", diagnostic.message}};
}

}  // namespace

std::string conform_text(const std::vector<ConformFile>& files) {
    const ConformFile total = conform_total(files);
    std::string text;
    for (const ConformFile& file : files) text += counts_text(file);
    if (files.size() > 1) text += counts_text(total);
    for (const FieldSummary& summary : total.fields) text += field_text(summary);
    return text;
}

std::string conform_json(const std::vector<ConformFile>& files) {
    const ConformFile total = conform_total(files);
    Json json{
        {"format", 1}, {"files", Json::array()}, {"total", counts_json(total)}, {"fields", Json::array()}, {"diagnostics", Json::array()}};
    json["total"].erase("file");
    for (const ConformFile& file : files) json["files"].push_back(counts_json(file));
    for (const FieldSummary& summary : total.fields) json["fields"].push_back(field_json(summary));
    for (const Diagnostic& diagnostic : total.diagnostics) json["diagnostics"].push_back(diagnostic_json(diagnostic));
    constexpr int indent = 2;
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';  // A file's name need not be UTF-8.
}

}  // namespace kv
