#include "scenarios/hub/architecture.h"

namespace kv {

ArchitectureFamily encoder_family() { return {}; }

}  // namespace kv
