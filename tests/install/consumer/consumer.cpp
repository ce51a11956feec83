#include "model/engine.h"

#include <cstdio>

int main() {
    kv::FullSpec full;
    full.cache.kv_heads = 8, full.cache.head_size = full.cache.head_size_v = 64;
    const kv::ModelLayers model{{"attention"}, {full}, {{{kv::LayerId{0}, kv::SpecId{0}}}}};
    const kv::PlanOutcome outcome = make_plan(kv::engines()[0], {.layers = &model, .settings = {}, .memory = {kv::Bytes{1 << 30}}});
    const kv::Plan* plan = std::get_if<kv::Plan>(&outcome);
    std::printf("%lld blocks\n", plan == nullptr ? 0LL : static_cast<long long>(plan->workers[0].blocks.value));
    return plan != nullptr && plan->workers[0].blocks == kv::Blocks{32768} ? 0 : 1;
}
