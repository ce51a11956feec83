// A slot is inside a block; its id is not the id of one.
// expect: cannot convert|could not convert|no viable conversion|cannot initialize
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const BlockId block{7};
#else
    [[maybe_unused]] const BlockId block = SlotId{7};
#endif
}
