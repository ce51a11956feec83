// What an engine makes its cache manager from once a plan stands.
#pragma once

#include "model/cache/cache_setup.h"
#include "model/engine.h"

namespace kv {

// Of the scheduler's view of a plan, which has groups.
CacheSetup planned_cache(const Engine& engine, const Plan& plan, const Settings& settings);

}  // namespace kv
