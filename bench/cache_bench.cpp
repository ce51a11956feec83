// How fast the cache manager is: the fixed workload against the real engine's recorded figures, single blocks on a fresh and on an aged
// pool, whole requests without prefix caching, prefixes of 4,096 tokens; and that cost grows with the work. Run from the root of the
// tree. Fails where a checksum differs or a figure misses half of its budget: a busy machine would fail for less.
#include "bench/cache_workload.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace kv {
namespace {

const std::vector<WorkloadRequest>& workload() {
    static const std::vector<WorkloadRequest> requests = [] {
        auto loaded = load_workload("bench/cache_workload.csv");
        if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) throw std::runtime_error(to_text(*wrong));
        return std::get<Workload>(std::move(loaded)).requests;
    }();
    return requests;
}

// The recorded run again; every figure that the recording has must come out. The best of the repeats counts, as in the recording.
void recorded(benchmark::State& state, const std::string& version, const std::string& variant) {
    const std::vector<RecordedWork> all = recorded_work("bench/cache_recorded.jsonl");
    const auto golden =
        std::ranges::find_if(all, [&](const RecordedWork& each) { return each.engine == version && each.variant == variant; });
    if (golden == all.end()) return state.SkipWithError("not recorded");
    const std::span requests = std::span(workload()).first(golden->requests);
    double best = 0;
    for (auto _ : state) {
        const CacheWork work = drive(released("vllm-" + version), variant == "one" ? CacheGroups::one : CacheGroups::four, requests);
        state.SetIterationTime(std::chrono::duration<double>(work.loop - work.hashing).count());
        if (work.checksum != std::stoull(golden->checksum, nullptr, 16) || work.hit_tokens != golden->hit_tokens ||
            work.block_ids != golden->block_ids || static_cast<std::int64_t>(work.evictions) != golden->evictions ||
            work.free != golden->free)
            return state.SkipWithError("the blocks are not those of the real engine");
        best = std::max(best, work.calls_per_second());
    }
    state.counters["calls_per_second"] = best;
    state.counters["times_python"] = best / golden->calls_per_second;
}

BENCHMARK_CAPTURE(recorded, one / vllm_0_18_0, "0.18.0", "one")->UseManualTime()->Iterations(15)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(recorded, one / vllm_0_32_0, "0.32.0", "one")->UseManualTime()->Iterations(15)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(recorded, four / vllm_0_18_0, "0.18.0", "four")->UseManualTime()->Iterations(15)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(recorded, four / vllm_0_32_0, "0.32.0", "four")->UseManualTime()->Iterations(15)->Unit(benchmark::kMillisecond);

// So many requests of the workload, over and over, after the first 20,000: these find blocks that hold no prefix yet and
// lie in order, which is cheaper.
void growing(benchmark::State& state, const std::string& engine) {
    constexpr std::size_t first = 20'000;
    std::vector<WorkloadRequest> requests;
    for (std::size_t i = 0; i < first + static_cast<std::size_t>(state.range(0)); ++i)
        requests.push_back(workload()[i % workload().size()]);
    const std::int64_t repeats = state.range(0) < 50'000 ? 4 : 1;  // Small sizes vary more.
    for (auto _ : state) {
        std::chrono::nanoseconds time{0};
        for (std::int64_t i = 0; i < repeats; ++i) {
            const CacheWork alone = drive(released(engine), CacheGroups::one, std::span(requests).first(first));
            const CacheWork work = drive(released(engine), CacheGroups::one, requests);
            time += work.loop - work.hashing - alone.loop + alone.hashing;
        }
        state.SetIterationTime(std::chrono::duration<double>(time).count() / static_cast<double>(repeats));
    }
    state.counters["requests"] = static_cast<double>(state.range(0));
}
BENCHMARK_CAPTURE(growing, vllm_0_32_0, "vllm-0.32.0")
    ->Arg(5'000)
    ->Arg(50'000)
    ->Arg(500'000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

enum class Age { fresh, aged };

void take_and_release(benchmark::State& state, FreeOrder order, Age age, std::size_t batch) {
    BlockPool pool({.blocks = Blocks{500'000}, .free_order = order, .prefix_caching = false});
    std::vector<BlockId> blocks;
    if (age == Age::aged) {  // A permutation by a step that shares no divisor with the count.
        pool.take(pool.free_count(), blocks);
        std::vector<BlockId> shuffled;
        for (std::size_t i = 0; i < blocks.size(); ++i) shuffled.push_back(blocks[i * 232'961 % blocks.size()]);
        pool.release(shuffled);
    }
    for (auto _ : state) {
        blocks.clear();
        pool.take(static_cast<std::int64_t>(batch), blocks);
        pool.release_reversed(blocks);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK_CAPTURE(take_and_release, fresh / append_all, FreeOrder::append_all, Age::fresh, 1000);
BENCHMARK_CAPTURE(take_and_release, fresh / uncached_first, FreeOrder::uncached_first, Age::fresh, 1000);
BENCHMARK_CAPTURE(take_and_release, aged / append_all, FreeOrder::append_all, Age::aged, 100);
BENCHMARK_CAPTURE(take_and_release, aged / uncached_first, FreeOrder::uncached_first, Age::aged, 100);

// 4,096 prompt tokens in chunks of 2,048, 128 steps of one token, then freed; nothing is cached.
void whole_requests(benchmark::State& state, const std::string& engine, bool window) {
    const AttentionCache cache{.block = TokensPerBlock{16}};
    CacheSetup setup{.groups = {{FullSpec{.cache = cache}}}, .blocks = Blocks{20'000}, .prefix_caching = false};
    if (window) setup.groups.push_back({SlidingWindowSpec{.cache = cache, .window = Tokens{1024}}});
    CacheManager manager(released(engine), setup);
    CacheRequest request{.prompt_tokens = Tokens{4096}};
    for (auto _ : state) {
        request.tokens = Tokens{4096};
        request.computed = Tokens{0};
        while (request.computed.value < 4096 + 128) {
            const std::int64_t chunk = std::min<std::int64_t>(request.tokens.value - request.computed.value, 2048);
            benchmark::DoNotOptimize(manager.allocate(request, {.new_tokens = Tokens(chunk)}));
            request.computed.value += chunk;
            if (request.computed == request.tokens) ++request.tokens.value;
        }
        manager.free(request);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(whole_requests, full / vllm_0_18_0, "vllm-0.18.0", false);
BENCHMARK_CAPTURE(whole_requests, full / vllm_0_32_0, "vllm-0.32.0", false);
BENCHMARK_CAPTURE(whole_requests, full_and_window / vllm_0_18_0, "vllm-0.18.0", true);
BENCHMARK_CAPTURE(whole_requests, full_and_window / vllm_0_32_0, "vllm-0.32.0", true);

// A prompt of 4,096 tokens whose keys are known, with the prompts of 64 others in the cache: looked up, given blocks, cached, freed.
void match_and_insert(benchmark::State& state) {
    CacheManager manager(released("vllm-0.32.0"), {.groups = {{FullSpec{}}}, .blocks = Blocks{20'000}});
    std::vector<PrefixKeys> prompts;
    for (std::int64_t i = 0; i < 64; ++i) prompts.emplace_back(TokensPerBlock{16}).append({.stream = i, .first = 0, .count = 4096});
    CacheRequest request{.tokens = Tokens{4096}, .prompt_tokens = Tokens{4096}};
    CacheHit hit;
    std::size_t next = 0;
    for (auto _ : state) {
        request.keys = prompts[next++ % prompts.size()].keys();
        manager.find_hit(request, hit);
        request.computed = Tokens{0};
        manager.allocate(request, {.new_tokens = Tokens{4096} - hit.length, .hit = &hit, .hit_tokens = hit.length});
        manager.free(request);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(match_and_insert);

void hash_tokens(benchmark::State& state) {
    for (auto _ : state) {
        PrefixKeys keys{TokensPerBlock{16}};
        keys.append({.stream = 7, .first = 0, .count = 4096});
        benchmark::DoNotOptimize(keys.keys().data());
    }
    state.SetItemsProcessed(state.iterations() * 4096);
}
BENCHMARK(hash_tokens);

class Figures : public benchmark::ConsoleReporter {
public:
    Figures() : ConsoleReporter(OO_None) {}
    void ReportRuns(const std::vector<Run>& runs) override {
        ConsoleReporter::ReportRuns(runs);
        for (const Run& run : runs) {
            if (run.error_occurred) wrong_ = true;
            for (const auto& [name, counter] : run.counters) figures_[run.benchmark_name() + ' ' + name] = counter.value;
            figures_[run.benchmark_name() + " time"] = run.GetAdjustedRealTime();
        }
    }
    bool wrong() const { return wrong_; }
    // The least of the figures so called; 0 where a filter has left them out.
    double least(std::string_view benchmark, std::string_view figure) const { return extreme(benchmark, figure, false); }
    double most(std::string_view benchmark, std::string_view figure) const { return extreme(benchmark, figure, true); }

private:
    double extreme(std::string_view benchmark, std::string_view figure, bool largest) const {
        double found = 0;
        for (const auto& [name, value] : figures_)
            if (name.starts_with(benchmark) && name.ends_with(figure) && (found == 0 || (value > found) == largest)) found = value;
        return found;
    }
    std::map<std::string, double> figures_;
    bool wrong_ = false;
};

// True where the figure is there and misses even half of its budget.
bool said(const std::string& what, double figure, double budget, bool at_least) {
    if (figure == 0) return false;
    std::cout << "cache: " << what << ' ' << figure << ", budget " << (at_least ? "at least " : "at most ") << budget << '\n';
    return at_least ? figure < budget / 2 : figure > budget * 2;
}

double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

int say(const Figures& figures) {
    bool missed = figures.wrong();
    missed |= said("workload one, times the calls of the real engine in Python", figures.least("recorded/one", "times_python"), 200, true);
    missed |=
        said("workload four, times the calls of the real engine in Python", figures.least("recorded/four", "times_python"), 100, true);
    missed |= said("a block taken and released, fresh pool, ns", share(1e9, figures.least("take_and_release/fresh", "items_per_second")), 4,
                   false);
    missed |= said("a block taken and released, aged pool, ns", share(1e9, figures.least("take_and_release/aged", "items_per_second")), 20,
                   false);
    const double full = figures.least("whole_requests/full /", "items_per_second");
    missed |= said("requests of 4,096 + 128 tokens a second", full, 100'000, true);
    for (const std::string_view engine : {"vllm_0_18_0", "vllm_0_32_0"}) {
        const auto requests = [&](std::string_view groups) {
            return figures.least(std::string("whole_requests/").append(groups).append(" / ").append(engine), "items_per_second");
        };
        missed |= said("the same beside a window, as a share of one group (" + std::string(engine) + ")",
                       share(requests("full_and_window"), requests("full")), 0.6, true);
    }
    missed |= said("prefixes of 4,096 tokens matched and inserted a second", figures.least("match_and_insert", "items_per_second"), 100'000,
                   true);
    const auto grown = [&](std::string_view more, std::string_view less) {
        return share(figures.most("growing/vllm_0_32_0/" + std::string(more), "time"),
                     figures.most("growing/vllm_0_32_0/" + std::string(less), "time"));
    };
    missed |= said("time of 50,000 requests over that of 5,000", grown("50000/", "5000/"), 11, false);
    missed |= said("time of 500,000 requests over that of 50,000", grown("500000/", "50000/"), 11, false);
    const BlockPool million({.blocks = Blocks{1'000'000}});
    missed |= said("a pool of a million blocks, MiB", static_cast<double>(million.bytes()) / (1 << 20), 64, false);
    std::cout << "cache: the figures of the real engine stand in bench/cache_recorded.jsonl; bench/record_vllm.py records them anew\n";
    return missed ? 1 : 0;
}

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    kv::Figures figures;
    benchmark::RunSpecifiedBenchmarks(&figures);
    return kv::say(figures);
}
