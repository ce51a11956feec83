#include "scenarios/hub/architecture.h"

namespace kv {

ArchitectureFamily state_family() { return {}; }

}  // namespace kv
