// The requests of a scenario: as a file lists them, and one by one as they run.
#pragma once

#include "model/units.h"
#include "scenarios/diagnostic.h"
#include "scenarios/table_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kv {

// One [[request]]: so many copies of it.
struct ListedRequest {
    std::string id;
    std::int64_t count = 1;
    std::int64_t arrival = 0;  // A step, as are the others.
    std::int64_t every = 0;    // Between the arrivals of copies.
    std::optional<std::int64_t> rank = {};
    Tokens prompt{1};
    Tokens decode{1};
    Tokens encoder{0};
    std::optional<std::string> prefix = {};  // Name of a text.
    Tokens prefix_tokens{0};
    std::optional<std::size_t> continues = {};  // Place of an earlier one in the list.
    Tokens external{0};
    std::int64_t external_steps = 0;
    bool external_fails = false;
    std::optional<Tokens> external_block = {};  // Of the engine that computed them.
    std::optional<Tokens> external_end = {};    // That it has of the request's.
    std::optional<std::int64_t> abort_at = {};
    std::optional<bool> routed_experts = {};
    std::vector<std::int64_t> accepted = {};  // Of each decoding step, over and over; empty: all drafts.
    std::vector<std::int64_t> drafted = {};   // After each output, over and over; empty: as many as there can be.
    Diagnostic place = {};
};

// [workload]: of a file when it names one, else drawn.
struct WorkloadSource {
    std::optional<std::string> file = {};  // As it is written; from the scenario's folder.
    std::int64_t arrivals_per_step = 1;
    std::optional<std::int64_t> requests = {};
    std::int64_t arrival_every = 1;
    TokenSpan prompt{Tokens{1}, Tokens{1}};
    TokenSpan decode{Tokens{1}, Tokens{1}};
    std::int64_t prefixes = 0;
    TokenSpan prefix_tokens{Tokens{0}, Tokens{0}};
    Share share{1, 1};
    Share aborts{0, 1};
    std::int64_t abort_within = 16;
    Share acceptance{1, 1};
    std::optional<std::int64_t> seed = {};
    Diagnostic place = {};
};

// One request, every choice made.
struct ScenarioRequest {
    std::int64_t arrival = 0;
    std::int64_t rank = 0;
    Tokens prompt{1};
    Tokens decode{0};
    Tokens encoder{0};
    std::int64_t prefix = 0;  // Number of the shared text that it begins with, from 1; 0: none. Texts of [workload] come after the named.
    Tokens prefix_tokens{0};
    std::optional<std::size_t> continues = {};  // Place of the request whose whole text this one begins with.
    Tokens external{0};
    std::int64_t external_steps = 0;
    bool external_fails = false;
    std::optional<Tokens> external_block = {};
    std::optional<Tokens> external_end = {};
    bool routed_experts = false;
    std::optional<std::int64_t> abort_at = {};
    std::size_t acceptance = 0;              // Place in RequestList::acceptances.
    std::size_t drafting = 0;                // Place in RequestList::draftings.
    std::optional<std::size_t> listed = {};  // Place of its [[request]]; empty: of the workload.
    std::int64_t copy = 0;                   // From 1; of the workload its number.
    friend bool operator==(const ScenarioRequest&, const ScenarioRequest&) = default;
};

struct RequestList {
    std::vector<ScenarioRequest> requests;               // Those that are listed, in the order of the file, then the workload's.
    std::vector<std::vector<std::int64_t>> acceptances;  // Accepted drafts of decoding steps, over and over; the first, empty: all.
    std::vector<std::vector<std::int64_t>> draftings;    // Drafts after each output, over and over; the first, empty: all.
    friend bool operator==(const RequestList&, const RequestList&) = default;
};

}  // namespace kv
