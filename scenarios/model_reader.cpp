#include "scenarios/model_reader.h"

#include "model/engine.h"
#include "scenarios/layer_order.h"
#include "scenarios/layer_reader.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace kv {
namespace {

constexpr std::size_t engine_spelling_max = 500;
constexpr std::size_t layer_kinds_max = 4096;

struct LayerKind {  // One [[model.layer]].
    std::string id;
    KvSpec spec;
    std::size_t layers = 1;
    TextRange where;
};

// A string's text without its quotes: an offset in it points into the file, unless an escape moved it.
TextRange inside_string(const SourceText& source, TextRange whole, std::size_t offset, std::size_t length) {
    const bool escaped = source.text(whole).find('\\') != std::string_view::npos && source.text(whole).starts_with('"');
    return escaped ? whole : TextRange{whole.offset + 1 + offset, length};
}

// Of a section [[model.layer]] or [[model.group]]; `more` reads what the second has beside.
template <class More>
LayerKind read_layer_kind(SourceText& source, std::string_view section, const TomlValue& item, const Settings& settings, const More& more) {
    const auto& table = std::get<TomlTable>(item.value);
    const TomlEntry* kind_entry = table.find("kind");
    std::optional<std::size_t> kind;
    if (kind_entry != nullptr)
        if (const auto* name = std::get_if<std::string>(&kind_entry->value.value)) {
            const auto found = std::ranges::find(kind_names(), *name);
            if (found != kind_names().end()) kind = static_cast<std::size_t>(found - kind_names().begin());
        }
    const TableReader layer(source, section, table, item.where, kind);
    LayerKind read{.where = item.where};
    if (layer.take("id", read.id) && !is_layer_id(read.id))
        layer.error("id", "is \"" + shortened(read.id, 40) + "\": expected a letter or _, then letters, digits, _ - .");
    std::int64_t count = 1;
    layer.take("layers", count);
    read.layers = static_cast<std::size_t>(count);
    more(layer);
    std::size_t named = 0;
    if (!kind) {
        layer.take("kind", named);  // Says what is wrong with it.
        return read;
    }
    try {
        read.spec = read_layer_spec(layer, *kind, read.id, settings);
    } catch (const SizeOverflow& overflow) {
        source.error(item.where, std::string("the sizes of this layer are too large: ") + overflow.what());
    }
    return read;
}

void check_ids(SourceText& source, const std::vector<LayerKind>& kinds) {
    std::unordered_set<std::string_view> seen;
    for (const LayerKind& kind : kinds)
        if (!kind.id.empty() && !seen.insert(kind.id).second)
            source.error(kind.where, "a second layer with the id `" + shortened(kind.id, 40) + "`: ids differ from each other");
}

std::vector<std::size_t> in_file_order(SourceText& source, const std::vector<LayerKind>& kinds) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (order.size() + kinds[i].layers > layers_max) {
            source.error(kinds[i].where, "more than " + std::to_string(layers_max) + " layers");
            return {};
        }
        order.insert(order.end(), kinds[i].layers, i);
    }
    return order;
}

// The model's layers, each as the place of its kind. Empty after an error.
std::vector<std::size_t> read_order(const TableReader& model, const std::vector<LayerKind>& kinds) {
    SourceText& source = model.source();
    std::string sentence;
    if (!model.take("order", sentence)) return model.has("order") ? std::vector<std::size_t>{} : in_file_order(source, kinds);
    std::vector<std::string_view> ids;
    for (const LayerKind& kind : kinds) {
        ids.push_back(kind.id);
        if (kind.layers != 1) source.error(kind.where, "`layers` stands beside `order`: how often a layer comes, the order says");
    }
    const auto order = layers_in_order(sentence, ids);
    if (const auto* error = std::get_if<OrderError>(&order)) {
        source.error(inside_string(source, model.where("order"), error->offset, error->length), error->message);
        return {};
    }
    const auto& layers = std::get<std::vector<std::size_t>>(order);
    std::vector<bool> comes(kinds.size());
    for (const std::size_t kind : layers) comes[kind] = true;
    for (std::size_t i = 0; i < kinds.size(); ++i)
        if (!comes[i]) source.error(kinds[i].where, "the layer `" + kinds[i].id + "` does not come in `order`");
    return layers;
}

// Equal specs get one id; layers are named by their place and kind, "L0.window".
void build_layers(SourceText& source, const std::vector<LayerKind>& kinds, const std::vector<std::size_t>& order,
                  const std::vector<std::size_t>& stages, ModelFile& out) {
    std::vector<SpecId> spec_of_kind;
    for (const LayerKind& kind : kinds) {
        const auto known = std::ranges::find(out.layers.specs, kind.spec);
        spec_of_kind.push_back(SpecId{static_cast<std::int32_t>(known - out.layers.specs.begin())});
        if (known != out.layers.specs.end()) continue;
        out.layers.specs.push_back(kind.spec);
        out.spec_places.push_back(source.place(kind.where));
    }
    std::size_t layer = 0;
    for (const std::size_t count : stages) {
        auto& worker = out.layers.workers.emplace_back();
        for (const std::size_t end = layer + count; layer < end; ++layer) {
            worker.push_back({LayerId{static_cast<std::int32_t>(layer)}, spec_of_kind[order[layer]]});
            out.layers.names.push_back('L' + std::to_string(layer) + '.' + kinds[order[layer]].id);
        }
    }
}

void read_memory(const Sections& sections, std::size_t stages, ModelFile& out) {
    if (!sections.machine || !sections.machine->take("memory", out.memory)) return;
    if (out.memory.size() == 1) out.memory.resize(stages, out.memory.front());
    if (out.memory.size() != stages)
        sections.machine->error("memory", "has " + std::to_string(out.memory.size()) + " sizes: expected one, or one for each of the " +
                                              std::to_string(stages) + " pipeline stages");
}

// Says what is wrong with a spelling so far; in the name itself, where.
bool spelled_right(const TableReader& engine, std::string_view key, const std::string& spelling) {
    const auto made = engine_spelled(spelling);
    const auto* wrong = std::get_if<EngineSpelling>(&made);
    if (wrong == nullptr) return true;
    TextRange where = engine.where(key);
    if (key == "name") {
        const std::size_t begin = std::min(wrong->column - 1, spelling.size());
        const std::size_t end = std::min(spelling.find_first_of("+,", begin), spelling.size());
        where = inside_string(engine.source(), where, begin, std::max<std::size_t>(end - begin, 1));
    }
    engine.source().error(where, wrong->message);
    return false;
}

// "vllm-0.18.0" with patches = ["pr-37118"] and rules = { slot = "rule" } is spelled "vllm-0.18.0+pr-37118,slot=rule".
void read_engine(const TableReader& engine, ModelFile& out) {
    if (!engine.take("name", out.engine)) return;
    if (out.engine.size() > engine_spelling_max)
        return engine.error("name", "is longer than " + std::to_string(engine_spelling_max) + " characters");
    if (!spelled_right(engine, "name", out.engine)) return;
    std::vector<std::string> patches;
    engine.take("patches", patches);
    for (const std::string& patch : patches) {
        out.engine += '+' + shortened(patch, engine_spelling_max);
        if (!spelled_right(engine, "patches", out.engine)) return;
    }
    for (const auto& [slot, rule] : engine.pairs("rules")) {
        out.engine += ',' + shortened(slot, engine_spelling_max) + '=' + shortened(rule, engine_spelling_max);
        if (!spelled_right(engine, "rules", out.engine)) return;
    }
}

bool too_many(SourceText& source, const std::vector<const TomlValue*>& items) {
    if (items.size() <= layer_kinds_max) return false;
    source.error(items[layer_kinds_max]->where, "more than " + std::to_string(layer_kinds_max) + " kinds of layers");
    return true;
}

void read_layers(const Sections& sections, const std::vector<const TomlValue*>& items, ModelFile& out) {
    const TableReader& model = *sections.model;
    SourceText& source = model.source();
    if (too_many(source, items)) return;
    std::vector<LayerKind> kinds;
    for (const TomlValue* item : items)
        kinds.push_back(read_layer_kind(source, "model.layer", *item, out.settings, [](const TableReader&) {}));
    check_ids(source, kinds);
    const std::vector<std::size_t> order = read_order(model, kinds);
    if (order.empty()) return;
    const std::vector<std::size_t> stages = read_stages(sections, out.settings, order.size());
    if (!stages.empty() && !source.failed()) build_layers(source, kinds, order, stages, out);
}

// Which layer is in which group nobody says, so that each stage has its share of every group.
void read_group_stages(const Sections& sections, const std::vector<LayerKind>& kinds, const Settings& settings) {
    if (!sections.parallel || !sections.parallel->has("stages")) return;
    std::size_t layers = 0;
    for (const LayerKind& kind : kinds) layers += kind.layers;
    const std::vector<std::size_t> stages = read_stages(sections, settings, layers);
    if (!stages.empty() && stages != even_stages(layers, stages.size()))
        sections.parallel->error("stages", "is uneven: layers that are said as groups are divided evenly over the stages");
}

void read_groups(const Sections& sections, const std::vector<const TomlValue*>& items, Scenario& out) {
    SourceText& source = sections.model->source();
    if (too_many(source, items)) return;
    std::vector<LayerKind> kinds;
    for (const TomlValue* item : items) {
        ScenarioGroup group{.id = {}, .spec = {}, .place = source.place(item->where)};
        kinds.push_back(read_layer_kind(source, "model.group", *item, out.model.settings,
                                        [&](const TableReader& table) { table.take("columns", group.columns); }));
        group.id = kinds.back().id;
        group.spec = kinds.back().spec;
        group.layers = static_cast<std::int64_t>(kinds.back().layers);
        out.groups.push_back(std::move(group));
    }
    check_ids(source, kinds);
    read_group_stages(sections, kinds, out.model.settings);
    if (sections.model->has("order")) sections.model->error("order", "is of [[model.layer]]: groups come as the file lists them");
    if (sections.machine && !sections.machine->has("blocks"))
        source.error(sections.machine->header(),
                     "[machine] has no `blocks`: expected how many there are, because [[model.group]] says no page");
}

// One of three ways to say what the model is.
void read_what_it_is(const Sections& sections, Scenario& out) {
    const TableReader& model = *sections.model;
    const std::vector<const TomlValue*> layers = model.tables("layer");
    const std::vector<const TomlValue*> groups = tables_of(model, "group");
    std::string config;
    if (model.take("config", config)) out.config = {.path = config, .place = model.source().place(model.where("config"))};
    if (out.config && config.empty()) model.error("config", "is empty: expected the path of a config.json");
    if (out.config && sections.parallel && sections.parallel->has("stages"))
        sections.parallel->error("stages", "is of [[model.layer]]: the layers of a config.json are divided as the engine divides them");
    const auto alone = [&](std::string_view key, bool beside, std::string_view other) {
        if (beside) model.error(key, "stands beside " + std::string(other) + ": a model is said in one way");
        return !beside;
    };
    if (model.has("config") &&
        (!alone("config", !layers.empty(), "[[model.layer]]") || !alone("config", !groups.empty(), "[[model.group]]")))
        return;
    if (!layers.empty() && !groups.empty()) {
        model.source().error(groups.front()->where, "[[model.group]] stands beside [[model.layer]]: a model is said in one way");
        return;
    }
    if (!layers.empty()) return read_layers(sections, layers, out.model);
    if (!groups.empty()) return read_groups(sections, groups, out);
    const bool empty_lists = !model.has("config") && !model.source().failed();
    if (empty_lists)
        model.source().error(model.header(), "the model has no layer: expected a [[model.layer]], a [[model.group]] or `config`");
}

// "scenarios/plans/gpt-oss-120b.toml" is "gpt-oss-120b".
std::string stem_of(const std::string& file) {
    const std::size_t slash = file.rfind('/');
    const std::string base = slash == std::string::npos ? file : file.substr(slash + 1);
    return base.substr(0, base.rfind('.') == 0 ? std::string::npos : base.rfind('.'));
}

}  // namespace

void read_model(const Sections& sections, Scenario& out) {
    ModelFile& file = out.model;
    file.name = stem_of(out.file);
    file.settings = read_settings(sections);
    if (sections.engine) read_engine(*sections.engine, file);
    read_memory(sections, static_cast<std::size_t>(file.settings.parallel.pipeline), file);
    if (!sections.model) return;
    sections.model->take("name", file.name);
    sections.model->take("model_type", file.settings.model_type);
    file.model_place = sections.model->source().place(sections.model->header());
    read_what_it_is(sections, out);
}

}  // namespace kv
