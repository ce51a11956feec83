#include "reports/kernel_json.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace kv {
namespace {

std::string number(double value) {
    if (!std::isfinite(value)) return "null";
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.6g", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string optional_number(const std::optional<double>& value) { return value ? number(*value) : "null"; }

// One object or array: its members in order, each on a line of its own.
class Members {
public:
    Members(char open, char close, std::string indent) : text_(1, open), close_(close), indent_(std::move(indent)) {}
    void add(std::string_view name, const std::string& value) { add(json_text(name) + ": " + value); }
    void add(const std::string& value) { text_ += (count_++ == 0 ? "\n" : ",\n") + indent_ + "  " + value; }
    std::string text() const { return count_ == 0 ? text_ + close_ : text_ + '\n' + indent_ + close_; }

private:
    std::string text_;
    char close_;
    std::string indent_;
    std::size_t count_ = 0;
};

std::string check_json(const KernelCheck& check) {
    return "{\"id\": " + json_text(check.id) + ", \"result\": " + json_text(name_of(check.end)) +
           ", \"cases\": " + std::to_string(check.cases) + ", \"what\": " + json_text(check.what) +
           ", \"source\": " + json_text(check.source) + ", \"detail\": " + json_text(check.detail) + '}';
}

std::string figure_json(const KernelFigure& figure) {
    return "{\"id\": " + json_text(figure.id) + ", \"value\": " + number(figure.value) + ", \"unit\": " + json_text(figure.unit) +
           ", \"ratio\": " + optional_number(figure.ratio) + ", \"ratio_min\": " + optional_number(figure.ratio_min) +
           ", \"met\": " + (figure.met() ? "true" : "false") + ", \"what\": " + json_text(figure.what) +
           ", \"beside\": " + json_text(figure.beside) + '}';
}

template <class Values, class Spell>
std::string array_json(const Values& values, Spell spell) {
    Members members('[', ']', "  ");
    for (const auto& value : values) members.add(spell(value));
    return members.text();
}

}  // namespace

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte > 0x7e) {  // A driver's words are of no known encoding: every byte is taken for its own.
            std::array<char, 8> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\u%04x", unsigned{byte});
            out += escaped.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string_view name_of(CheckEnd end) { return end == CheckEnd::passed ? "passed" : end == CheckEnd::failed ? "failed" : "skipped"; }

std::string kernel_json(const KernelReport& report) {
    Members facts('{', '}', "  ");
    for (const auto& [name, value] : report.device_facts) facts.add(name, json_text(value));
    Members all('{', '}', "");
    all.add("format", "1");
    all.add("seed", std::to_string(report.wish.seed));
    all.add("cases", std::to_string(report.wish.cases));
    all.add("device", report.device.empty() ? "null" : json_text(report.device));
    all.add("why_no_device", json_text(report.why_none));
    all.add("device_facts", facts.text());
    all.add("right", report.right() ? "true" : "false");
    all.add("checks", array_json(report.checks, check_json));
    all.add("figures", array_json(report.figures, figure_json));
    all.add("why_no_figures", json_text(report.figures_skipped));
    return all.text() + '\n';
}

}  // namespace kv
