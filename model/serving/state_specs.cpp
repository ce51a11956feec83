#include "model/serving/layer_specs.h"

namespace kv {
namespace {

[[noreturn]] void not_served() { refuse({.type = Raised::not_implemented_error, .raised_in = "kvproof", .message = "states"}); }

}  // namespace

std::vector<MambaState> states_of(const Serving&, const StateShape&) { not_served(); }
KvSpec spec_of(const Serving&, const StateShape&) { not_served(); }
void resolve_states(Serving&) {}
void align_states(Serving&) {}

}  // namespace kv
