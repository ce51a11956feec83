#include "model/serving/layer_specs.h"

namespace kv {
namespace {

[[noreturn]] void not_served() { refuse({.type = Raised::not_implemented_error, .raised_in = "kvproof", .message = "latent caches"}); }

}  // namespace

Backend backend_of(const Serving&, const LatentShape&) { not_served(); }
Backend backend_of(const Serving&, const IndexerShape&) { not_served(); }
KvSpec spec_of(const Serving&, const LatentShape&) { not_served(); }
KvSpec spec_of(const Serving&, const IndexerShape&) { not_served(); }

}  // namespace kv
