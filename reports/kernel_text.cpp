#include "reports/kernel_text.h"

#include "reports/kernel_json.h"
#include "reports/numbers.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kv {
namespace {

std::string result_text(const KernelCheck& check, Color color) {
    return check.end == CheckEnd::failed ? red("failed", color) : std::string(name_of(check.end));
}

std::string checks_text(const KernelReport& report, Color color) {
    TextTable table({{"check"}, {"result"}, {"cases", Align::right}, {"what"}});
    for (const KernelCheck& check : report.checks)
        if (check.end != CheckEnd::skipped) table.add({check.id, result_text(check, color), grouped(check.cases), check.what});
    std::string text = table.text("  ", color);
    for (const KernelCheck& check : report.checks)
        if (check.end == CheckEnd::failed) text += fmt::format("\n{}: {}\n", check.id, printable(check.detail));
    std::map<std::string, int> skipped;
    for (const KernelCheck& check : report.checks)
        if (check.end == CheckEnd::skipped) ++skipped[check.detail];
    for (const auto& [why, count] : skipped) text += fmt::format("\n{} checks were skipped: {}\n", count, printable(why));
    return text;
}

std::string figures_text(const KernelReport& report, Color color) {
    TextTable table({{"figure"}, {"value", Align::right}, {"unit"}, {"ratio", Align::right}, {"budget", Align::right}, {"beside"}});
    for (const KernelFigure& figure : report.figures)
        table.add({figure.id, fmt::format("{:.2f}", figure.value), figure.unit, figure.ratio ? fmt::format("{:.3f}", *figure.ratio) : "",
                   figure.ratio_min ? (figure.met() ? fmt::format("{:.2f}", *figure.ratio_min)
                                                    : red(fmt::format("{:.2f} missed", *figure.ratio_min), color))
                                    : "",
                   figure.beside});
    return report.figures.empty() ? "" : '\n' + table.text("  ", color);
}

}  // namespace

std::string kernel_text(const KernelReport& report, Color color) {
    std::string text = fmt::format("seed {}, {} cases\n", report.wish.seed, grouped(report.wish.cases));
    text += report.device.empty() ? fmt::format("device: none ({})\n", printable(report.why_none))
                                  : fmt::format("device: {}\n", printable(report.device));
    for (const auto& [name, value] : report.device_facts) text += key_line(name, printable(value));
    text += '\n' + checks_text(report, color) + figures_text(report, color);
    const bool failed = std::ranges::any_of(report.checks, [](const KernelCheck& check) { return check.end == CheckEnd::failed; });
    if (failed) text += fmt::format("\nrepeat with: kvproof kernels --seed {} --cases {}\n", report.wish.seed, report.wish.cases);
    return text;
}

}  // namespace kv
