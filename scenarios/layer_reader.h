// One [[model.layer]] of a scenario file: what its layers store.
#pragma once

#include "model/settings.h"
#include "model/spec.h"
#include "scenarios/table_reader.h"

#include <cstddef>
#include <string_view>

namespace kv {

// The spec of a layer whose kind is kind_names()[kind]. Keys that are not there take what the settings say. Throws SizeOverflow when a
// page does not fit 64 bits.
KvSpec read_layer_spec(const TableReader& layer, std::size_t kind, std::string_view id, const Settings& settings);

}  // namespace kv
