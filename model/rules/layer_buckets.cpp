#include "model/rules/layer_buckets.h"

namespace kv {
namespace {

// Places in planning.layers() of each distinct spec, in order of first appearance.
struct PlacesOfSpec {
    SpecId spec;
    std::vector<std::size_t> places;
};

std::vector<PlacesOfSpec> places_by_spec(const Planning& planning) {
    std::vector<PlacesOfSpec> by_spec;
    std::vector<std::ptrdiff_t> slot(planning.specs.size(), -1);
    for (std::size_t i = 0; i < planning.layers().size(); ++i) {
        std::ptrdiff_t& own = slot[index(planning.layers()[i].spec)];
        if (own < 0) {
            own = std::ssize(by_spec);
            by_spec.push_back({planning.layers()[i].spec, {}});
            by_spec.back().places.reserve(planning.layers().size());
        }
        by_spec[static_cast<std::size_t>(own)].places.push_back(i);
    }
    return by_spec;
}

}  // namespace

std::vector<std::vector<std::size_t>> buckets_of_equal_specs(Planning& planning) {
    std::vector<std::vector<std::size_t>> buckets;
    for (PlacesOfSpec& places : places_by_spec(planning)) buckets.push_back(std::move(places.places));
    return buckets;
}

std::vector<std::vector<std::size_t>> buckets_of_mergeable_specs(Planning& planning) {
    std::vector<std::vector<std::size_t>> buckets;
    std::vector<std::vector<const KvSpec*>> specs_of_bucket;
    for (PlacesOfSpec& places : places_by_spec(planning)) {
        bool placed = false;
        for (std::size_t b = 0; b < buckets.size() && !placed; ++b) {
            specs_of_bucket[b].push_back(&planning.spec(places.spec));
            placed = std::holds_alternative<KvSpec>(planning.engine.merge_specs(specs_of_bucket[b]));
            if (placed) buckets[b].insert(buckets[b].end(), places.places.begin(), places.places.end());
            else specs_of_bucket[b].pop_back();
        }
        if (placed) continue;
        buckets.push_back(std::move(places.places));
        specs_of_bucket.push_back({&planning.spec(places.spec)});
    }
    return buckets;
}

}  // namespace kv
