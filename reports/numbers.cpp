#include "reports/numbers.h"

#include <fmt/format.h>

#include <array>

namespace kv {
namespace {

constexpr std::int64_t kibi = 1024;
constexpr std::array<std::string_view, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

}  // namespace

std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    const std::size_t first = number < 0 ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string human(Bytes bytes) {
    std::int64_t scale = 1;
    std::size_t unit = 0;
    while (unit + 1 < units.size() && (bytes.value / scale >= kibi || bytes.value / scale <= -kibi)) {
        scale *= kibi;
        ++unit;
    }
    if (bytes.value % scale == 0) return grouped(bytes.value / scale) + ' ' + std::string(units[unit]);
    return fmt::format("{:.2f} {}", static_cast<double>(bytes.value) / static_cast<double>(scale), units[unit]);
}

std::string both(Bytes bytes) {
    const std::string exact = grouped(bytes.value) + " B";
    const std::string shown = human(bytes);
    return shown == exact ? exact : shown + " (" + exact + ')';
}

std::string percent(std::int64_t part, std::int64_t whole) {
    return fmt::format("{:.1f} %", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string counted(std::int64_t number, std::string_view one, std::string_view several) {
    return grouped(number) + ' ' + std::string(number == 1 ? one : several);
}

}  // namespace kv
