#include "scenarios/spec_fields.h"

#include "scenarios/spec_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace kv {

namespace {

constexpr std::size_t states_max = 8;
constexpr std::size_t dimensions_max = 8;

// The names of an enum's first N values.
template <class Enum, std::size_t N>
std::array<std::string_view, N> names() {
    std::array<std::string_view, N> all;
    for (std::size_t i = 0; i < N; ++i) all[i] = name_of(static_cast<Enum>(i));
    return all;
}

template <class Enum, std::size_t N>
Enum read_enum(JsonValue value, JsonErrors& errors) {
    static const auto choices = names<Enum, N>();
    return static_cast<Enum>(read_choice(value, choices, errors));
}

// One overload for each type that a field of a spec has.
struct ReadValue {
    JsonErrors& errors;

    void operator()(JsonValue value, std::int64_t& out, IntegerRange range) const { out = read_integer(value, range, errors); }
    template <class Unit>
    void operator()(JsonValue value, Count<Unit>& out, IntegerRange range) const {
        out = Count<Unit>(read_integer(value, range, errors));
    }
    template <class Top, class Bottom>
    void operator()(JsonValue value, Rate<Top, Bottom>& out, IntegerRange range) const {
        out = Rate<Top, Bottom>(read_integer(value, range, errors));
    }
    void operator()(JsonValue value, bool& out, IntegerRange) const { out = read_boolean(value, errors); }
    void operator()(JsonValue value, std::string& out, IntegerRange) const { out = read_string(value, errors); }
    template <class T>
    void operator()(JsonValue value, std::optional<T>& out, IntegerRange range) const {
        out.reset();
        if (value.kind() == JsonKind::null) return;
        if constexpr (std::is_same_v<T, std::int64_t>) out = read_integer(value, range, errors);
        else (*this)(value, out.emplace(), range);
    }
    void operator()(JsonValue value, DType& out, IntegerRange) const { out = read_enum<DType, dtype_texts.size()>(value, errors); }
    void operator()(JsonValue value, QuantMode& out, IntegerRange) const { out = read_enum<QuantMode, 12>(value, errors); }
    void operator()(JsonValue value, CacheRole& out, IntegerRange) const { out = read_enum<CacheRole, 2>(value, errors); }
    void operator()(JsonValue value, MambaMode& out, IntegerRange) const { out = read_enum<MambaMode, 3>(value, errors); }
    void operator()(JsonValue value, ContextSharding& out, IntegerRange) const {
        out = read_boolean(value, errors) ? ContextSharding::sharded : ContextSharding::replicated;
    }

    // null, a number of bytes, or {"multiple_of": tokens}.
    void operator()(JsonValue value, StrideAlignment& out, IntegerRange range) const {
        out = {};
        if (value.kind() != JsonKind::object) return (*this)(value, out.bytes, range);
        JsonFields fields(value, errors);
        if (const auto multiple = fields.need("multiple_of")) (*this)(*multiple, out.kernel_block.emplace(), range);
        fields.finish();
    }

    // 4 or "1/4".
    void operator()(JsonValue value, Fraction& out, IntegerRange range) const {
        out = {};
        if (value.kind() == JsonKind::integer) {
            out.top = read_integer(value, range, errors);
            return;
        }
        const std::string text = value.kind() == JsonKind::string ? std::string(value.string()) : std::string();
        const char* const end = text.data() + text.size();
        const auto top = std::from_chars(text.data(), end, out.top);
        const bool slash = top.ec == std::errc() && top.ptr != end && *top.ptr == '/';
        const auto bottom = slash ? std::from_chars(top.ptr + 1, end, out.bottom) : top;
        const auto fits = [&](std::int64_t part) { return range.least <= part && part <= range.most; };
        if (slash && bottom.ec == std::errc() && bottom.ptr == end && fits(out.top) && fits(out.bottom)) return;
        out = {};
        errors.note_expected(value, "a positive integer or a fraction such as \"1/4\"");
    }

    void operator()(JsonValue value, MambaShapes<std::vector<MambaState>> out, IntegerRange range) const {
        const std::vector<JsonValue> shapes = read_array(value, states_max, errors);
        if (shapes.empty()) errors.note(value, "expected at least one shape");
        out.states.resize(shapes.size());
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            out.states[i].shape.clear();
            for (const JsonValue dimension : read_array(shapes[i], dimensions_max, errors))
                out.states[i].shape.push_back(read_integer(dimension, range, errors));
        }
    }
    void operator()(JsonValue value, MambaDTypes<std::vector<MambaState>> out, IntegerRange range) const {
        const std::vector<JsonValue> types = read_array(value, states_max, errors);
        if (types.size() != out.states.size())
            return errors.note(value, fmt::format("expected a dtype for each of {} shapes", out.states.size()));
        for (std::size_t i = 0; i < types.size(); ++i) (*this)(types[i], out.states[i].dtype, range);
    }
};

// Values as the engine's own objects print them.
struct ReadClassValue : ReadValue {
    using ReadValue::operator();

    void operator()(JsonValue value, CacheRole& out, IntegerRange) const {
        static constexpr std::array<std::string_view, 2> names{"SPARSE", "INDEXER"};
        out = static_cast<CacheRole>(read_choice(value, names, errors));
    }

    // A number of bytes, or "MultipleOf(64)".
    void operator()(JsonValue value, StrideAlignment& out, IntegerRange range) const {
        constexpr std::string_view start = "MultipleOf(";
        out = {};
        if (value.kind() != JsonKind::string) return ReadValue::operator()(value, out.bytes, range);
        const std::string_view text = value.string();
        std::int64_t tokens = 0;
        const char* const end = text.data() + text.size();
        const bool starts = text.starts_with(start);
        const auto number = starts ? std::from_chars(text.data() + start.size(), end, tokens) : std::from_chars_result{end, {}};
        if (starts && number.ec == std::errc() && std::string_view(number.ptr, end) == ")" && range.least <= tokens && tokens <= range.most)
            out.kernel_block = Tokens{tokens};
        else errors.note_expected(value, "a number of bytes or \"MultipleOf(64)\"");
    }
};

struct TextOf {
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    template <class Unit>
    std::string operator()(Count<Unit> value) const {
        return fmt::format("{}", value.value);
    }
    template <class Top, class Bottom>
    std::string operator()(Rate<Top, Bottom> value) const {
        return fmt::format("{}", value.value);
    }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(const std::string& value) const {
        std::string text = "\"";
        for (const char c : value) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        return text + '"';
    }
    template <class T>
    std::string operator()(const std::optional<T>& value) const {
        return value ? (*this)(*value) : "null";
    }
    std::string operator()(DType value) const { return (*this)(std::string(name_of(value))); }
    std::string operator()(QuantMode value) const { return (*this)(std::string(name_of(value))); }
    std::string operator()(CacheRole value) const { return (*this)(std::string(name_of(value))); }
    std::string operator()(MambaMode value) const { return (*this)(std::string(name_of(value))); }
    std::string operator()(ContextSharding value) const { return (*this)(value == ContextSharding::sharded); }
    std::string operator()(const StrideAlignment& value) const {
        if (!value.kernel_block) return (*this)(value.bytes);
        const std::string multiple = fmt::format("{{\"multiple_of\":{}}}", value.kernel_block->value);
        return value.bytes ? fmt::format("[{},{}]", value.bytes->value, multiple) : multiple;
    }
    std::string operator()(Fraction value) const {
        return value.bottom == 1 ? fmt::format("{}", value.top) : fmt::format("\"{}/{}\"", value.top, value.bottom);
    }
    template <class T>
    std::string list(const std::vector<T>& values) const {
        std::string text = "[";
        for (const T& value : values) text += (text.size() == 1 ? "" : ",") + (*this)(value);
        return text + "]";
    }
    std::string operator()(const MambaState& value) const { return list(value.shape); }
    std::string operator()(MambaShapes<const std::vector<MambaState>> value) const { return list(value.states); }
    std::string operator()(MambaDTypes<const std::vector<MambaState>> value) const {
        std::vector<DType> types;
        for (const MambaState& state : value.states) types.push_back(state.dtype);
        return list(types);
    }
};

// The kinds by name, each from its own default value; CustomSpec is no engine's.
template <std::size_t I = 0>
std::optional<KvSpec> spec_of_kind(std::string_view kind) {
    if constexpr (I == std::variant_size_v<KvSpec>) {
        return std::nullopt;
    } else {
        KvSpec spec(std::in_place_index<I>);
        if (kind_of(spec) == kind) return spec;
        return spec_of_kind<I + 1>(kind);
    }
}

constexpr std::array<std::string_view, 12> kinds{
    "full",      "sliding_window",     "chunked_local", "mamba",           "mla",         "encoder_only", "cross",
    "sink_full", "sliding_window_mla", "rswa",          "circular_buffer", "hidden_state"};
static_assert(kinds.size() == std::variant_size_v<KvSpec> - 1, "every kind but CustomSpec");
constexpr std::size_t kinds_0_18 = 8;

// Fields that the constructors of the engines' classes ask for, in the kinds where they cannot be none.
constexpr std::array<std::string_view, 9> without_default{
    "block_size", "num_kv_heads", "head_size", "dtype", "shapes", "dtypes", "sliding_window", "attention_chunk_size", "rswa_window"};

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

void check_states_fit(JsonFields& fields, const AttentionCache& cache) {
    if (ceil_div(cache.tokens_per_state.top, cache.tokens_per_state.bottom) <= cache.block.value) return;
    fields.errors().note(fields.object(),
                         fmt::format("expected tokens_per_state of at most block_size, {}: a block holds a state", cache.block.value));
}

// By the place in `kinds`.
constexpr std::array<std::string_view, 12> class_names{"FullAttentionSpec",  "SlidingWindowSpec",     "ChunkedLocalAttentionSpec",
                                                       "MambaSpec",          "MLAAttentionSpec",      "EncoderOnlyAttentionSpec",
                                                       "CrossAttentionSpec", "SinkFullAttentionSpec", "SlidingWindowMLASpec",
                                                       "RSWASpec",           "CircularBufferSpec",    "HiddenStateCacheSpec"};
static_assert(class_names.size() == kinds.size());

// 0.18.0 records the size of values only of full attention: the other kinds have that of the keys.
void complete(KvSpec& spec, RecordShape shape) {
    AttentionCache* const cache = attention_of(spec);
    if (cache != nullptr && shape == RecordShape::vllm_0_18 && full_of(spec) == nullptr) cache->head_size_v = cache->head_size;
}

}  // namespace

std::span<const std::string_view> recorded_kinds(RecordShape shape) {
    return std::span(kinds).first(shape == RecordShape::vllm_0_18 ? kinds_0_18 : kinds.size());
}

KvSpec read_spec(JsonFields& fields, RecordShape shape) {
    const std::optional<JsonValue> kind = fields.need("kind");
    if (!kind) return FullSpec{};
    const std::string_view name = recorded_kinds(shape)[read_choice(*kind, recorded_kinds(shape), fields.errors())];
    KvSpec spec = spec_of_kind(name).value_or(FullSpec{});
    const auto read = [&](std::string_view field, auto&& out, IntegerRange range) {
        if (const auto value = fields.need(field)) ReadValue{fields.errors()}(*value, out, range);
    };
    std::visit([&](auto& of_kind) { visit_fields(of_kind, shape, read); }, spec);
    complete(spec, shape);
    if (const AttentionCache* const cache = attention_of(spec)) check_states_fit(fields, *cache);
    return spec;
}

KvSpec read_spec_with_defaults(JsonFields& fields, std::string_view kind, RecordShape shape) {
    KvSpec spec = spec_of_kind(kind).value_or(FullSpec{});
    bool has_head_size_v = false;
    const auto read = [&]<class Field>(std::string_view field, Field&& out, IntegerRange range) {
        const bool needed = !is_optional<std::remove_cvref_t<Field>> && std::ranges::find(without_default, field) != without_default.end();
        const auto value = needed ? fields.need(field) : fields.find(field);
        if (!value) return;
        ReadValue{fields.errors()}(*value, out, range);
        if (field == "head_size_v") has_head_size_v = true;
    };
    std::visit([&](auto& of_kind) { visit_fields(of_kind, shape, read); }, spec);
    AttentionCache* const cache = attention_of(spec);
    if (cache == nullptr) return spec;
    if (!has_head_size_v) cache->head_size_v = cache->head_size;
    check_states_fit(fields, *cache);
    return spec;
}

KvSpec read_class_spec(JsonFields& fields, RecordShape shape) {
    const std::optional<JsonValue> kind = fields.need("kind");
    if (!kind) return FullSpec{};
    const auto known = std::span(class_names).first(recorded_kinds(shape).size());
    KvSpec spec = spec_of_kind(kinds[read_choice(*kind, known, fields.errors())]).value_or(FullSpec{});
    const auto read = [&](std::string_view field, auto&& out, IntegerRange range) {
        using Field = std::remove_cvref_t<decltype(out)>;
        const bool optional = is_optional<Field> || std::is_same_v<Field, StrideAlignment>;
        if (const auto value = optional ? fields.find(field) : fields.need(field)) ReadClassValue{{fields.errors()}}(*value, out, range);
    };
    std::visit([&](auto& of_kind) { visit_fields(of_kind, shape, read); }, spec);
    complete(spec, shape);
    return spec;
}

std::vector<FieldText> field_texts(const KvSpec& spec, RecordShape shape) {
    std::vector<FieldText> texts{{"kind", std::string(kind_of(spec))}};
    const auto print = [&](std::string_view field, const auto& value, IntegerRange) { texts.push_back({field, TextOf{}(value)}); };
    std::visit([&](const auto& of_kind) { visit_fields(of_kind, shape, print); }, spec);
    return texts;
}

std::string spec_text(const KvSpec& spec, RecordShape shape) {
    std::string text;
    for (const FieldText& field : field_texts(spec, shape)) text += fmt::format("{}{}={}", text.empty() ? "" : " ", field.name, field.text);
    return text;
}

}  // namespace kv
