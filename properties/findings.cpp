#include "properties/findings.h"

#include <utility>

namespace kv {

Findings::Place Findings::place_of(const Finding& finding) {
    return {finding.property,  finding.rank,  finding.group,    finding.layer, finding.request,
            finding.direction, finding.state, finding.released, finding.length};
}

void Findings::add(Finding finding) {
    Place place = place_of(finding);
    if (const auto known = known_.find(place); known != known_.end()) {
        ++all_[known->second].times;
    } else if (all_.size() < kept_max) {
        known_.emplace(std::move(place), all_.size());
        all_.push_back(std::move(finding));
    } else {
        ++dropped_;
    }
}

}  // namespace kv
