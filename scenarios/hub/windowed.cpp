#include "scenarios/hub/architecture.h"

namespace kv {

ArchitectureFamily windowed_family() { return {}; }

}  // namespace kv
