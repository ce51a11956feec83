#pragma once

#include "properties/property.h"

#include <string>
#include <vector>

namespace kv {

class LayoutMatch {
public:
    static const PropertyText text;
    void see(const RowsOffered& event, const Ledger& ledger, Findings& findings);
    void see(const RowsCaptured& event, const Ledger& ledger, Findings& findings);

private:
    // Of each rank, what its routers were offered last, and where its own rows stand there.
    struct Offer {
        std::int64_t rows = 0, needed = 0;
        std::int64_t first = 0, count = 0, buffer_first = 0;
        std::int64_t workers = 1;
        bool of_model = true;  // Its columns and its layer are ones of a captured row.
        bool sharded = false;  // The workers have to be asked for theirs.
        RouterView layout{};
    };
    static std::string fault_of(const RowsCaptured& event, const Offer& offer, bool joins_ranks);

    std::vector<Offer> offers_ = {};
};

}  // namespace kv
