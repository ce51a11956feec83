#include "scenarios/hub/architecture.h"

namespace kv {

ArchitectureFamily latent_family() { return {}; }

}  // namespace kv
