// A workload as CSV: one request a line, its columns named in the first. Lines may end in CRLF and the file may start with a byte order
// mark; blank lines are passed over.
#pragma once

#include "model/units.h"
#include "scenarios/diagnostic.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

struct WorkloadRequest {
    Tokens prompt{1};
    Tokens output{0};
    std::int64_t arrival = 0;       // In the unit of the file's column; 0 where there is none.
    std::int64_t prefix_group = 0;  // Requests of one group begin with the same tokens; 0: with tokens of their own.
    Tokens prefix{0};               // So many of them.
    Tokens length() const { return prompt + output; }
    friend bool operator==(const WorkloadRequest&, const WorkloadRequest&) = default;
};

struct Workload {
    std::string file;
    std::vector<WorkloadRequest> requests;  // In the order of the file; at least one.
};

inline constexpr std::size_t workload_bytes_max = std::size_t{64} << 20;
inline constexpr std::size_t workload_requests_max = std::size_t{1} << 22;
inline constexpr std::int64_t request_tokens_max = 1'000'000'000;  // Of a prompt or an output.

// All that is wrong is told at once. The file's name is only for the messages.
std::variant<Workload, Diagnostics> read_workload(const std::string& file, std::string text);

// The same from disk, "-" being the standard input; a file that cannot be read is a diagnostic too.
std::variant<Workload, Diagnostics> load_workload(const std::string& file);

}  // namespace kv
