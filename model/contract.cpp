#include "model/contract.h"

#include <cstdio>
#include <cstdlib>

namespace kv {

void contract_failed(const char* kind, const char* what, const std::source_location& where) {
    std::fprintf(stderr, "%s:%u: kvproof is wrong here: %s %s: %s\n", where.file_name(), static_cast<unsigned>(where.line()),
                 where.function_name(), kind, what);
    std::abort();
}

}  // namespace kv
