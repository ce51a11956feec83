#include "properties/findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kv {
namespace {

auto place_of(const Finding& finding) {
    return std::tie(finding.property, finding.rank, finding.group, finding.layer, finding.request, finding.direction, finding.state,
                    finding.released, finding.length);
}

}  // namespace

void Findings::add(Finding finding) {
    const auto known = std::ranges::find_if(all_, [&](const Finding& other) { return place_of(other) == place_of(finding); });
    if (known != all_.end()) {
        ++known->times;
    } else if (all_.size() < kept_max) {
        all_.push_back(std::move(finding));
    } else {
        ++dropped_;
    }
}

}  // namespace kv
