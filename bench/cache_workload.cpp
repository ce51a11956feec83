#include "bench/cache_workload.h"

#include "scenarios/json.h"
#include "scenarios/lines.h"

#include <algorithm>
#include <ctime>
#include <deque>
#include <stdexcept>
#include <utility>

namespace kv {

namespace {

constexpr std::int64_t step_tokens = 8192, running_max = 256;
constexpr TokensPerBlock block{16};

struct alignas(64) Live {
    std::int64_t outputs_left = 0;
    CacheRequest request = {};
    PrefixKeys keys{block};
};

CacheSetup setup_of(CacheGroups groups) {
    const AttentionCache cache{.block = block, .kv_heads = 2, .head_size = 64, .head_size_v = 64, .dtype = DType::float16};
    CacheSetup setup{.groups = {{FullSpec{.cache = cache}}}, .blocks = Blocks{100'000}, .in_flight_max = Tokens{step_tokens}};
    for (int i = 0; groups == CacheGroups::four && i < 3; ++i)
        setup.groups.push_back({SlidingWindowSpec{.cache = cache, .window = Tokens{512}}});
    return setup;
}

class Scheduler {
public:
    Scheduler(const Engine& engine, CacheGroups groups, std::span<const WorkloadRequest> requests)
        : manager_(engine, setup_of(groups)), whole_request_(engine.request_gate.choice != RequestGate::next_chunk), requests_(requests) {}

    CacheWork run() {
        const auto begin = thread_time();
        while (next_ < requests_.size() || !preempted_.empty() || !running_.empty()) step();
        work_.loop = thread_time() - begin;
        work_.free = manager_.pool().free_count();
        work_.evictions = manager_.pool().evictions();
        return work_;
    }

private:
    void step() {
        manager_.new_step_starts();
        scheduled_.clear();
        budget_ = step_tokens;
        preempting_ = false;
        for (std::size_t i = 0; i < running_.size() && budget_ > 0; ++i)
            if (!schedule(*running_[i])) break;
        while (budget_ > 0 && std::ssize(running_) < running_max && !preempting_)
            if (!admit()) break;
        settle();
    }

    // False: the request itself had to give way.
    bool schedule(Live& live) {
        const std::int64_t tokens = std::min(live.request.tokens.value - live.request.computed.value, budget_);
        for (;;) {
            ++work_.calls;
            if (const auto blocks = manager_.allocate(live.request, {.new_tokens = Tokens(tokens)})) {
                see(*blocks);
                scheduled_.emplace_back(&live, tokens);
                budget_ -= tokens;
                return true;
            }
            Live& last = *running_.back();
            running_.pop_back();
            free(last);
            ++work_.preemptions;
            last.request.computed = Tokens(0);
            preempted_.push_back(&last);
            preempting_ = true;
            if (&last == &live) return false;
        }
    }

    bool admit() {
        if (preempted_.empty() && next_ == requests_.size()) return false;
        if (preempted_.empty()) preempted_.push_back(&arrive());
        Live& live = *preempted_.back();
        manager_.find_hit(live.request, hit_);
        const std::int64_t tokens = std::min(live.request.tokens.value - hit_.length.value, budget_);
        work_.calls += 2;
        const auto blocks = manager_.allocate(
            live.request,
            {.new_tokens = Tokens(tokens), .hit = &hit_, .hit_tokens = hit_.length, .whole_request_must_fit = whole_request_});
        if (!blocks) return false;
        see(*blocks);
        preempted_.pop_back();
        running_.push_back(&live);
        work_.hit_tokens += hit_.length.value;
        live.request.computed = hit_.length;
        scheduled_.emplace_back(&live, tokens);
        budget_ -= tokens;
        return true;
    }

    void settle() {
        bool any_done = false;
        for (const auto& [live, tokens] : scheduled_) {
            CacheRequest& request = live->request;
            request.computed.value += tokens;
            if (request.computed != request.tokens) continue;
            ++request.tokens.value;
            if (--live->outputs_left > 0) continue;
            free(*live);
            idle_.push_back(live);
            any_done = true;
        }
        if (any_done) std::erase_if(running_, [](const Live* live) { return live->outputs_left == 0; });
    }

    Live& arrive() {
        if (ready_.empty()) {
            const auto begin = thread_time();
            const std::size_t end = std::min(next_ + 32, requests_.size());  // Several at a time: asking for the time takes time.
            for (std::size_t i = next_; i < end; ++i) ready_.push_front(&prepared(i));
            work_.hashing += thread_time() - begin;
        }
        Live& live = *ready_.back();
        ready_.pop_back();
        ++next_;
        return live;
    }

    // With the keys of all its tokens, those that it will put out included.
    Live& prepared(std::size_t index) {
        if (idle_.empty()) idle_.push_back(&lives_.emplace_back());
        Live& live = *idle_.back();
        idle_.pop_back();
        const WorkloadRequest& row = requests_[index];
        const auto own_stream = static_cast<std::int64_t>(1000 + index);
        const std::int64_t shared = row.prefix_group == 0 ? 0 : row.prefix.value;
        live.keys = PrefixKeys(block);
        live.keys.append({.stream = row.prefix_group, .first = 0, .count = shared});
        live.keys.append({.stream = own_stream, .first = 0, .count = row.prompt.value - shared});
        live.keys.append({.stream = own_stream, .first = 32768, .count = row.output.value});
        live.request.tokens = live.request.prompt_tokens = row.prompt;
        live.request.computed = Tokens(0);
        live.request.keys = live.keys.keys();
        live.outputs_left = std::max<std::int64_t>(row.output.value, 1);
        return live;
    }

    void free(Live& live) {
        manager_.free(live.request);
        ++work_.calls;
    }

    void see(const NewBlocks& blocks) {
        for (const BlockId id : blocks.all()) checksum_ = (checksum_ ^ static_cast<std::uint64_t>(id)) * 0x100'0000'01B3;
        work_.block_ids += std::ssize(blocks.all());
        work_.checksum = checksum_;
    }

    CacheManager manager_;
    bool whole_request_;
    std::span<const WorkloadRequest> requests_;
    std::size_t next_ = 0;
    std::deque<Live> lives_;   // Their addresses stay.
    std::deque<Live*> ready_;  // Arrived, the next one last.
    std::vector<Live*> idle_, preempted_, running_;
    std::vector<std::pair<Live*, std::int64_t>> scheduled_;
    CacheHit hit_;
    std::int64_t budget_ = 0;
    bool preempting_ = false;
    std::uint64_t checksum_ = 0xCBF2'9CE4'8422'2325;
    CacheWork work_;
};

}  // namespace

CacheWork drive(const Engine& engine, CacheGroups groups, std::span<const WorkloadRequest> requests) {
    return Scheduler(engine, groups, requests).run();
}

std::vector<RecordedWork> recorded_work(const std::string& file) {
    std::vector<RecordedWork> all;
    LineReader lines(file);
    for (std::string line; lines.next(line);) {
        auto read = read_json({.file = file, .text = line, .first_line = lines.line_number()});
        if (const auto* wrong = std::get_if<Diagnostics>(&read)) throw std::runtime_error(to_text(*wrong));
        const JsonValue root = std::get<JsonDocument>(read).root();
        const auto number = [&](std::string_view key) { return root.member(key).value().integer(); };
        const auto text = [&](std::string_view key) { return std::string(root.member(key).value().string()); };
        all.push_back({.engine = text("engine"),
                       .variant = text("variant"),
                       .checksum = text("checksum"),
                       .requests = static_cast<std::size_t>(number("requests")),
                       .calls_per_second = root.member("calls_per_second").value().number(),
                       .hit_tokens = number("hit_tokens"),
                       .block_ids = number("block_ids"),
                       .evictions = number("evictions"),
                       .free = number("final_free")});
    }
    if (lines.error()) throw std::runtime_error(to_text(*lines.error()));
    return all;
}

std::chrono::nanoseconds thread_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

const Engine& released(std::string_view name) {
    const auto found = std::ranges::find(engines(), name, &Engine::name);
    if (found == engines().end()) throw std::runtime_error("there is no engine " + std::string(name));
    return *found;
}

}  // namespace kv
