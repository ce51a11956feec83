#include "harness/conform.h"

#include "harness/golden_formats.h"
#include "harness/golden_lines.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kv {

namespace {

FieldSummary& summary_of(std::vector<FieldSummary>& fields, std::string_view field) {
    const auto found =
        std::ranges::find(fields, field, [](const FieldSummary& summary) -> std::string_view { return summary.first.field; });
    return found != fields.end() ? *found : fields.emplace_back();
}

void count(ConformFile& file, CaseResult& result) {
    if (!result.known) ++file.not_known;
    else if (result.differences.empty()) ++file.agree;
    else ++file.differ;
    for (FieldDifference& difference : result.differences) {
        FieldSummary& summary = summary_of(file.fields, difference.field);
        if (summary.cases++ > 0) continue;
        summary.first = std::move(difference);
        summary.first_file = file.file;
        summary.first_id = result.id;
        summary.first_line = result.line;
    }
}

std::optional<CaseResult> compare_unit(GoldenLines& lines, const ConformOptions& options) {
    const std::size_t line = lines.line_number();
    const auto formats = golden_formats();
    const auto format = std::ranges::find_if(formats, [&](const GoldenFormat& each) { return each.recognises(lines.value()); });
    std::optional<CaseResult> result = format == formats.end() ? CaseResult{.known = false} : format->compare(lines, options);
    if (result) result->line = line;
    return result;
}

}  // namespace

ConformFile conform_file(const std::string& file, const ConformOptions& options) {
    ConformFile conform{.file = file};
    GoldenLines lines(file, conform.diagnostics);
    while (lines.next()) {
        if (lines.value().kind() != JsonKind::object) {
            conform.diagnostics.push_back(lines.document().diagnostic(lines.value(), "expected an object"));
            continue;
        }
        std::optional<CaseResult> result = compare_unit(lines, options);
        if (!result) continue;
        if (options.each) options.each(*result);
        count(conform, *result);
    }
    return conform;
}

ConformFile conform_total(const std::vector<ConformFile>& files) {
    ConformFile total{.file = "total"};
    for (const ConformFile& file : files) {
        total.agree += file.agree;
        total.differ += file.differ;
        total.not_known += file.not_known;
        std::ranges::copy(file.diagnostics, std::back_inserter(total.diagnostics));
        for (const FieldSummary& summary : file.fields) {
            FieldSummary& sum = summary_of(total.fields, summary.first.field);
            const std::size_t cases = sum.cases + summary.cases;
            if (sum.cases == 0) sum = summary;
            sum.cases = cases;
        }
    }
    return total;
}

}  // namespace kv
