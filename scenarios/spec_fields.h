// Specs as recordings of engines write them: read, printed and compared by the names of the engines' own classes.
#pragma once

#include "model/spec.h"
#include "scenarios/json_fields.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

// What a recording has: 0.32.0 added fields to every spec and to the settings, and answers other questions of a plan.
enum class RecordShape : std::uint8_t { vllm_0_18, vllm_0_32 };

inline constexpr std::int64_t recorded_integer_max = std::int64_t{1} << 53;  // What every JSON reader keeps exactly.
inline constexpr IntegerRange from_zero{0, recorded_integer_max};
inline constexpr IntegerRange from_one{1, recorded_integer_max};

// The kinds that a recording of this shape can have.
std::span<const std::string_view> recorded_kinds(RecordShape shape);

// Reads the kind and its fields from an object that may have other fields too. Notes what is wrong.
KvSpec read_spec(JsonFields& fields, RecordShape shape);

// The same as the engine's own objects print: the kind by the name of its class, and only the fields that are not null.
KvSpec read_class_spec(JsonFields& fields, RecordShape shape);

// Reads the fields of a kind whose name was read already. Those that the engine's class has a default for may be left out.
KvSpec read_spec_with_defaults(JsonFields& fields, std::string_view kind, RecordShape shape);

struct FieldText {
    std::string_view name;
    std::string text;  // As JSON would have it.
    friend bool operator==(const FieldText&, const FieldText&) = default;
};
std::vector<FieldText> field_texts(const KvSpec& spec, RecordShape shape);  // The kind first.
std::string spec_text(const KvSpec& spec, RecordShape shape);               // Equal where and only where all these fields are.

}  // namespace kv
