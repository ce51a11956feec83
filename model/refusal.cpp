#include "model/refusal.h"

#include <utility>

namespace kv {

void refuse(Refusal refusal) { throw RefusedByEngine{std::move(refusal)}; }

}  // namespace kv
