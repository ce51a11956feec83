#include "harness/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kv {

namespace {

void append_key(std::string& path, std::string_view key) {
    if (!path.empty() && !key.empty()) path += '.';
    path += key;
}

std::string list_text(const std::vector<std::string_view>& values, std::size_t first) {
    constexpr std::size_t shown_max = 6;
    std::string text = first == 0 ? "" : fmt::format("... [{}]", first);
    for (std::size_t i = first; i < std::min(values.size(), first + shown_max); ++i)
        text += fmt::format("{}{}", text.empty() ? "" : " ", values[i]);
    if (values.size() > first + shown_max) text += " ...";
    return fmt::format("{}{}({} in all)", text, text.empty() ? "" : " ", values.size());
}

}  // namespace

std::string value_text(std::int64_t value) { return fmt::format("{}", value); }
std::string value_text(std::size_t value) { return fmt::format("{}", value); }
std::string value_text(double value) { return fmt::format("{}", value); }
std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(const std::string& value) { return value; }

Comparison::Scope::Scope(Comparison& comparison, std::string_view key)
    : comparison_(comparison), field_size_(comparison.field_.size()), at_size_(comparison.at_.size()) {
    append_key(comparison.field_, key);
    append_key(comparison.at_, key);
}

Comparison::Scope::Scope(Comparison& comparison, std::string_view key, std::size_t index) : Scope(comparison, key) {
    comparison.field_ += "[]";
    comparison.at_ += fmt::format("[{}]", index);
}

Comparison::Scope::~Scope() {
    comparison_.field_.resize(field_size_);
    comparison_.at_.resize(at_size_);
}

void Comparison::list(std::string_view key, const std::vector<std::string_view>& recorded, const std::vector<std::string_view>& ours) {
    const auto [first, first_ours] = std::ranges::mismatch(recorded, ours);
    if (first == recorded.end() && first_ours == ours.end()) return;
    const auto place = static_cast<std::size_t>(first - recorded.begin());
    differ(key, list_text(recorded, place), list_text(ours, place));
}

bool Comparison::same_size(std::string_view key, std::size_t recorded, std::size_t ours) {
    if (recorded != ours) differ(key, fmt::format("{} of them", recorded), fmt::format("{} of them", ours));
    return recorded == ours;
}

void Comparison::differ(std::string_view key, std::string recorded, std::string ours) {
    std::string field = field_;
    append_key(field, key);
    if (std::ranges::find(differences_, field, &FieldDifference::field) != differences_.end()) return;
    std::string at = at_;
    append_key(at, key);
    differences_.push_back({std::move(field), std::move(at), std::move(recorded), std::move(ours)});
}

}  // namespace kv
