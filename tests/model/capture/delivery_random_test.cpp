// Each transport against a map from (content, position) to what may be delivered, over random engines in motion.
#include "tests/model/build.h"
#include "tests/support/plain_engine.h"

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace kv::testing {
namespace {

struct Allowed {
    bool loads = false;
    bool preemption = false;
    bool skips = false;
    std::int64_t in_flight_max = 1;
};

PlainShape any_shape(const Allowed& allowed) {
    PlainShape shape;
    shape.block = *rc::gen::inRange<std::int64_t>(1, 6);
    shape.blocks = allowed.preemption ? *rc::gen::inRange<std::int64_t>(40 / shape.block + 4, 80 / shape.block + 8) : 400;
    shape.batched_max = *rc::gen::inRange<std::int64_t>(8, 24);
    shape.padding = *rc::gen::inRange<std::int64_t>(0, 4);
    shape.in_flight = *rc::gen::inRange<std::int64_t>(1, allowed.in_flight_max + 1);
    shape.skip_every = allowed.skips && *rc::gen::inRange(0, 3) == 0 ? *rc::gen::inRange<std::int64_t>(2, 5) : 0;
    return shape;
}

PlainRequest any_request(const Allowed& allowed) {
    PlainRequest request;
    const std::int64_t shared = *rc::gen::inRange<std::int64_t>(0, 20);
    if (shared > 0) request.prompt.push_back({*rc::gen::inRange<std::int64_t>(0, 2), shared});
    request.prompt.push_back({*rc::gen::inRange<std::int64_t>(2, 6), *rc::gen::inRange<std::int64_t>(1, 12)});
    request.outputs = *rc::gen::inRange<std::int64_t>(1, 8);
    request.drafts = *rc::gen::inRange<std::int64_t>(0, 3);
    request.rejected = *rc::gen::inRange<std::int64_t>(0, 3);
    request.opted_in = *rc::gen::inRange(0, 4) > 0;
    if (allowed.loads) request.loaded_blocks = *rc::gen::inRange<std::int64_t>(0, 3);
    if (*rc::gen::inRange(0, 3) == 0) request.asked_first = *rc::gen::inRange<std::int64_t>(0, shared + 1);
    return request;
}

// Requests that come and go while steps are taken.
struct Script {
    std::vector<PlainRequest> requests;
    std::vector<int> acts;  // 0: a request arrives; 1: the last one is preempted; 2: one is aborted; else a step.
};

Script any_script(const Allowed& allowed) {
    Script script;
    const int acts = *rc::gen::inRange(4, 60);
    for (int i = 0; i < acts; ++i) {
        int act = *rc::gen::inRange(0, 12);
        if (act == 1 && !allowed.preemption) act = 3;
        if (act == 0 && script.requests.size() >= 15) act = 3;
        if (act == 0) script.requests.push_back(any_request(allowed));
        script.acts.push_back(act);
    }
    return script;
}

void play(const Script& script, PlainEngine& plain) {
    std::size_t next = 0;
    for (const int act : script.acts) {
        if (act == 0) plain.arrive(script.requests[next++]);
        else if (act == 1) plain.preempt_last();
        else if (act == 2 && next > 0) plain.abort(static_cast<std::int64_t>(next) / 2);
        else plain.step();
    }
    plain.run();
}

// Rows of a delivery that are asked for, one tag each: what came at `first` + i is taken for the row of that position.
void require_rows(const PlainDelivery& delivery, std::int64_t first, const std::vector<RowTag>& expected) {
    RC_ASSERT(delivery.first == std::min<std::int64_t>(first, std::ssize(expected)));
    RC_ASSERT(delivery.first + std::ssize(delivery.rows) == std::ssize(expected));
    RC_ASSERT(std::equal(delivery.rows.begin(), delivery.rows.end(), expected.begin() + delivery.first));
}

RC_GTEST_PROP(RowDelivery, OfReferenceGivesEachRowThatWasComputedHereAndSaysMissingOfTheOthers, ()) {
    const Allowed allowed{.loads = true, .preemption = true, .skips = true, .in_flight_max = 3};
    const PlainShape shape = any_shape(allowed);
    const Script script = any_script(allowed);
    PlainEngine plain(engine_of("reference"), shape);
    play(script, plain);
    for (const PlainDelivery& delivery : plain.delivered()) {
        const PlainRequest& asked = script.requests[static_cast<std::size_t>(delivery.request)];
        if (asked.opted_in) require_rows(delivery, asked.asked_first, delivery.expected);
        else RC_ASSERT(delivery.rows.empty());
    }
    RC_TAG(plain.delivered().empty() ? "none" : "some");
}

RC_GTEST_PROP(RowDelivery, ThroughSharedMemoryIsTrueWhereBuffersFitAndNothingIsLoaded, ()) {
    const Allowed allowed{.preemption = true};
    PlainShape shape = any_shape(allowed);
    shape.padding = 0;  // 0.18.0 cuts the mapping to the tokens.
    const Script script = any_script(allowed);
    PlainEngine plain(engine_of("vllm-0.18.0+pr-37118"), shape);
    play(script, plain);
    for (const PlainDelivery& delivery : plain.delivered()) require_rows(delivery, 0, delivery.expected);
}

RC_GTEST_PROP(RowDelivery, ThroughTheObjectStoreIsTrueOrFailsTheEngine, ()) {
    const Allowed allowed{.preemption = true};
    PlainShape shape = any_shape(allowed);
    shape.rows = shape.blocks * shape.block / *rc::gen::inRange<std::int64_t>(1, 5);  // Of four, one has room for every block.
    const Script script = any_script(allowed);
    PlainEngine plain(engine_of("vllm-0.32.0"), shape);
    try {
        play(script, plain);
        RC_TAG("whole");
    } catch (const RefusedByEngine& refused) {
        RC_ASSERT(refused.refusal.raised_in.starts_with("BlockObjectStore"));
        RC_TAG("lost");
    }
    for (const PlainDelivery& delivery : plain.delivered())
        require_rows(delivery, script.requests[static_cast<std::size_t>(delivery.request)].asked_first, delivery.expected);
}

RC_GTEST_PROP(RowDelivery, ThroughTheObjectStoreNeverFailsWhereEveryBlockEverFilledHasRoom, ()) {
    const Allowed allowed{.in_flight_max = 2};
    PlainShape shape = any_shape(allowed);
    const Script script = any_script(allowed);
    PlainEngine plain(engine_of("vllm-0.32.0"), shape);
    play(script, plain);
    for (const PlainDelivery& delivery : plain.delivered())
        require_rows(delivery, script.requests[static_cast<std::size_t>(delivery.request)].asked_first, delivery.expected);
    const auto* objects = plain.delivery().as<ObjectRows>();
    RC_ASSERT(objects != nullptr);
}

RC_GTEST_PROP(RowDelivery, ByStepDeltasHasWhatTheRequestItselfComputedAndNothingOfItsHit, ()) {
    const Allowed allowed{.loads = true, .in_flight_max = 3};
    const PlainShape shape = any_shape(allowed);
    const Script script = any_script(allowed);
    PlainEngine plain(engine_of("vllm-0.32.0+rfc-38079"), shape);
    play(script, plain);
    for (const PlainDelivery& delivery : plain.delivered()) {
        if (!script.requests[static_cast<std::size_t>(delivery.request)].opted_in) {
            RC_ASSERT(delivery.rows.empty());
            continue;
        }
        RC_ASSERT(delivery.first >= plain.hit(delivery.request));
        RC_ASSERT(delivery.first + std::ssize(delivery.rows) == std::ssize(delivery.expected));
        RC_ASSERT(std::equal(delivery.rows.begin(), delivery.rows.end(), delivery.expected.begin() + delivery.first));
    }
}

}  // namespace
}  // namespace kv::testing
