// The format of a line of a file of events as a JSON Schema (draft 2020-12), made from what events say of their parts. The reader asks
// more: that lists fit each other, and that changes of what a request holds go on from what it held.
#pragma once

#include <string>

namespace kv {

std::string event_schema();

}  // namespace kv
