// What architectures with latent attention share: where their numbers stand, and which layers pick tokens.
#pragma once

#include "scenarios/hub/architecture.h"

namespace kv {

MixerShape latent_attention(const LayerPlace& place);
MixerShape indexer_cache(const LayerPlace& place);
MixerShape joined_heads(const LayerPlace& place);  // Plain attention of heads of two parts, as many values as keys.
MixerShape equal_heads(const LayerPlace& place);   // Plain attention whose heads divide the width of the model.

// Whether a layer has an indexer of its own. `index_topk`: there is one; of several layers one may pick for the rest.
std::vector<LayerKind> latent_kinds(const ConfigView& config, std::int64_t layers);
std::vector<LayerKind> indexed_kinds(const ConfigView& config, std::int64_t layers);  // Of models that cannot be without an indexer.
LayerKind latent_drafter_kind(const ConfigView& config);

// For the model as a whole the engine reads one head of the latent's size.
void latent_model(const ConfigView& config, ModelShape& shape);
void grouped_experts_model(const ConfigView& config, ModelShape& shape);  // The same of models that route experts by groups.
void indexed_model(const ConfigView& config, ModelShape& shape);          // Of models that cannot be without an indexer.

}  // namespace kv
