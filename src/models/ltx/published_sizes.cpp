#include "models/ltx/published_sizes.h"

#include <algorithm>

#include "checkpoint/published_models.h"
#include "models/ltx/facts.h"
#include "models/ltx/vae_memory.h"
#include "models/t5/published.h"
#include "models/weight_counts.h"

namespace sora::ltx {
namespace {

// Bytes of an element in the published files.
constexpr int kTransformerBytes = 2, kVaeBytes = 2, kTextBytes = 4;

TransformerConfig transformer_13b() {
  TransformerConfig config;
  config.attention_head_dim = 128;
  config.num_layers = 48;
  return config;
}

void set_folder(ModelFacts& facts, const std::string& short_name) {
  ModelFolder& folder = facts.folder;
  folder.dir = published_model(short_name)->folder();
  folder.pipeline = "LTXConditionPipeline";
  folder.expand_timesteps = true;
  for (const char* name : {"transformer", "vae", "text_encoder"}) {
    folder.components[name] = "";
    folder.elsewhere[name] = ComponentSource(folder.dir / name);
  }
}

void set_networks(ModelFacts& facts, const PublishedSizes& sizes) {
  const TransformerConfig& config = sizes.transformer;
  facts.transformer =
      size_of_published(sizes.transformer_parameters, kTransformerBytes,
                        static_cast<std::uint64_t>(6 * config.dim() * config.dim()));  // of the timestep
  const T5Config text = t5_xxl();
  facts.text_encoder =
      size_of_published(text_parameters, kTextBytes, static_cast<std::uint64_t>(text.d_ff * text.d_model));
  facts.text_encoder.table_bytes = static_cast<std::uint64_t>(text.vocab_size * text.d_model * kTextBytes);
  facts.vae = size_of_published(vae_parameters, kVaeBytes, 0);
  facts.vae_encoder_parameters = vae_encoder_parameters;
  for (const NetworkSize* network : {&facts.transformer, &facts.text_encoder, &facts.vae}) {
    facts.weight_bytes += network->stored;
    facts.parameters += network->parameters;
  }
}

}  // namespace

// From get_vae_config() of diffusers' conversion script.
VaeConfig vae_095() {
  VaeConfig config;
  config.encoder_in = 128;
  config.folds = true;
  config.encoder = {{128, 256, 4, true, {1, 2, 2}},
                    {256, 512, 6, true, {2, 1, 1}},
                    {512, 1024, 6, true, {2, 2, 2}},
                    {1024, 2048, 2, true, {2, 2, 2}}};
  config.encoder_mid_blocks = 2;
  config.decoder_in = 1024;
  config.decoder_mid_blocks = 5;
  for (const std::int64_t width : {512, 256, 128})
    config.decoder.push_back({width, width, 5, true, true, 2, false});
  config.timestep_conditioning = true;
  set_scales(config, "LTX-Video 0.9.5");
  return config;
}

const std::vector<PublishedSizes>& published_sizes() {
  static const std::vector<PublishedSizes> all{
      {"ltx-video-2b-0.9.5", TransformerConfig(), 1'923'385'472},
      {"ltx-video-13b-0.9.7", transformer_13b(), 13'042'569'344},
      {"ltx-video-13b-0.9.7-distilled", transformer_13b(), 13'042'569'344},
      {"ltx-video-13b-0.9.8-distilled", transformer_13b(), 13'042'569'344},
  };
  return all;
}

std::optional<ModelFacts> facts_of_published(const std::string& short_name) {
  const auto found = std::ranges::find(published_sizes(), short_name, &PublishedSizes::short_name);
  if (found == published_sizes().end()) return {};
  ModelFacts facts;
  set_folder(facts, short_name);
  set_networks(facts, *found);
  facts_of_transformer(facts, found->transformer);
  facts_of_vae(facts, vae_095());
  facts_of_scheduler(facts, published_scheduler(true));
  published_defaults(facts, vae_095());
  facts.few_step = find_few_step({facts.folder.dir});
  return facts;
}

}  // namespace sora::ltx
