#include "model/rules/packing.h"

#include "model/rules/block_bytes.h"

#include <algorithm>

namespace kv {
namespace {

struct PagesOfBucket {
    Bytes page;
    std::vector<WorkerLayer> layers;
};

// Layers that one block table can serve, apart by page size in order of first appearance.
struct Bucket {
    std::vector<WorkerLayer> layers;
    std::vector<PagesOfBucket> pages;

    std::int64_t count() const { return std::ssize(layers); }
    std::int64_t layers_of_one_page_max() const {
        std::size_t most = 0;
        for (const PagesOfBucket& page : pages) most = std::max(most, page.layers.size());
        return static_cast<std::int64_t>(most);
    }
    // One layer of each page size a repeat; other patterns are emitted whole.
    bool balanced() const {
        return std::ranges::all_of(pages, [&](const PagesOfBucket& page) { return page.layers.size() == pages[0].layers.size(); });
    }
    // Page bytes of the largest of the groups that the bucket splits into.
    Bytes widest_group(std::int64_t groups) const {
        Bytes total;
        for (const PagesOfBucket& page : pages) total += ceil_div(std::ssize(page.layers), groups) * page.page;
        return total;
    }
};

std::vector<Bucket> bucketed(const Planning& planning) {
    std::vector<Bucket> buckets;
    std::vector<std::ptrdiff_t> bucket_of(planning.specs.size(), -1);
    for (const WorkerLayer& layer : planning.layers()) {
        std::ptrdiff_t& own = bucket_of[index(layer.spec)];
        // What a bucket takes in is decided by its first layer, so one question a spec and bucket is enough.
        for (std::size_t b = 0; b < buckets.size() && own < 0; ++b) {
            const std::array candidate{&planning.spec(buckets[b].layers[0].spec), &planning.spec(layer.spec)};
            if (planning.engine.uniform_type(planning.engine, candidate)) own = static_cast<std::ptrdiff_t>(b);
        }
        if (own < 0) {
            own = std::ssize(buckets);
            buckets.emplace_back();
        }
        Bucket& bucket = buckets[static_cast<std::size_t>(own)];
        bucket.layers.push_back(layer);
        const Bytes page = planning.page(layer.spec);
        auto found = std::ranges::find(bucket.pages, page, &PagesOfBucket::page);
        if (found == bucket.pages.end()) found = bucket.pages.insert(bucket.pages.end(), {page, {}});
        found->layers.push_back(layer);
    }
    return buckets;
}

// How many repeats of the pattern a group covers; empty when no bucket mixes page sizes evenly.
std::optional<std::int64_t> repeats_per_group(const std::vector<Bucket>& buckets) {
    std::int64_t smallest = 0;
    std::vector<std::int64_t> repeats;
    for (const Bucket& bucket : buckets) {
        if (!bucket.balanced()) continue;
        repeats.push_back(bucket.layers_of_one_page_max());
        if (bucket.pages.size() > 1) smallest = std::max(smallest, repeats.back());
    }
    if (smallest == 0) return std::nullopt;
    return chunk_with_least_padding(repeats, smallest);
}

struct Splitting {
    const Planning& planning;
    std::optional<std::int64_t> repeats;

    std::int64_t groups_for(const Bucket& bucket) const {
        return bucket.balanced() && repeats ? ceil_div(bucket.layers_of_one_page_max(), *repeats) : 1;
    }
    // States can go down to one a group; the split of every other bucket is fixed by the pattern.
    bool holds_states(const Bucket& bucket) const {
        const KvSpec& first = planning.spec(bucket.layers[0].spec);
        if (std::holds_alternative<MambaSpec>(first) || std::holds_alternative<CircularBufferSpec>(first)) return true;
        return !repeats && sliding_of(first) != nullptr;
    }
    Bytes anchor(const std::vector<Bucket>& buckets) const {
        Bytes most;
        for (const Bucket& bucket : buckets)
            most = std::max(most, bucket.widest_group(holds_states(bucket) ? bucket.count() : groups_for(bucket)));
        return most;
    }
};

// Every `groups`-th repeat of the pattern. Layers past the shortest page size's have no repeat and are left out, as the engine does.
std::vector<WorkerLayer> repeats_of(const Bucket& bucket, std::int64_t first, std::int64_t groups) {
    std::size_t repeats = bucket.pages[0].layers.size();
    for (const PagesOfBucket& page : bucket.pages) repeats = std::min(repeats, page.layers.size());
    std::vector<WorkerLayer> layers;
    for (std::size_t r = static_cast<std::size_t>(first); r < repeats; r += static_cast<std::size_t>(groups))
        for (const PagesOfBucket& page : bucket.pages) layers.push_back(page.layers[r]);
    return layers;
}

}  // namespace

std::int64_t chunk_with_least_padding(std::span<const std::int64_t> values, std::int64_t smallest) {
    require(!values.empty() && smallest > 0, "there is something to divide");
    const std::int64_t largest = std::ranges::max(values);
    std::int64_t best = smallest;
    std::optional<std::int64_t> least;
    for (std::int64_t chunk = smallest; chunk <= largest; ++chunk) {
        std::int64_t padding = 0;
        for (const std::int64_t value : values) padding += (chunk - value % chunk) % chunk;
        if (!least || padding <= *least) {
            least = padding;
            best = chunk;
        }
    }
    return best;
}

std::optional<std::vector<Group>> never_packed(Planning&) { return std::nullopt; }

std::optional<std::vector<Group>> packed_by_pattern(Planning& planning) {
    if (planning.layers().empty()) return std::nullopt;
    // Every page is looked at, whatever the layout: one that its spec refuses ends the plan here.
    const Bytes first_page = planning.page(planning.layers()[0].spec);
    bool one_page = true;
    for (const SpecId id : planning.distinct_specs()) one_page = (planning.page(id) == first_page) && one_page;
    if (!is_block_outermost(planning.settings.layout) || one_page) return std::nullopt;

    const std::vector<Bucket> buckets = bucketed(planning);
    const Splitting splitting{planning, repeats_per_group(buckets)};
    const Bytes anchor = splitting.anchor(buckets);
    std::vector<Group> groups;
    for (const Bucket& bucket : buckets) {
        std::int64_t count = splitting.groups_for(bucket);
        if (anchor > Bytes{0} && splitting.holds_states(bucket)) {
            const std::int64_t states_per_block = std::max<std::int64_t>(
                anchor.value / divisor(planning.page(bucket.layers[0].spec), "_get_packed_kv_cache_groups").value, 1);
            count = std::max(count, ceil_div(bucket.count(), states_per_block));
        }
        if (count == 1) {
            groups.push_back(bundle_of(bucket.layers));
            continue;
        }
        for (std::int64_t i = 0; i < count; ++i) {
            const std::vector<WorkerLayer> layers = repeats_of(bucket, i, count);
            if (layers.empty())
                refuse({.type = Raised::stop_iteration,
                        .raised_in = "is_uniform_type",
                        .message = "page sizes of unequal layer counts leave a group without layers"});
            groups.push_back(bundle_of(layers));
        }
    }
    planning.engine.draft_groups(planning, groups);
    return groups;
}

}  // namespace kv
