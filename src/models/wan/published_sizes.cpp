#include "models/wan/published_sizes.h"

#include <algorithm>

#include "checkpoint/published_models.h"
#include "models/t5/published.h"
#include "models/wan/facts.h"
#include "models/wan/vae_memory.h"
#include "models/weight_counts.h"

namespace sora::wan {
namespace {

TransformerConfig transformer(std::int64_t heads, std::int64_t ffn, std::int64_t layers) {
  TransformerConfig config;
  config.num_attention_heads = heads;
  config.ffn_dim = ffn;
  config.num_layers = layers;
  return config;
}

// Image to video: 16 channels of noise, 4 of the mask, 16 of the encoded images.
TransformerConfig with_images(bool attends, bool two_images) {
  TransformerConfig config;
  config.in_channels = 36;
  if (!attends) return config;
  config.image_dim = 1280;
  config.added_kv_proj_dim = config.dim();
  if (two_images) config.pos_embed_seq_len = 514;
  return config;
}

// A control block for every `distance` blocks.
TransformerConfig with_control(TransformerConfig config, std::int64_t distance) {
  for (std::int64_t i = 0; i < config.num_layers; i += distance) config.vace_layers.push_back(i);
  return config;
}

clip::VisionConfig vit_huge() {
  clip::VisionConfig config;
  config.hidden_size = 1280;
  config.intermediate_size = 5120;
  config.num_hidden_layers = 32;
  config.num_attention_heads = 16;
  config.patch_size = 14;
  return config;
}

PublishedSizes wan21(const char* name, const TransformerConfig& config, std::uint64_t parameters) {
  PublishedSizes sizes;
  sizes.short_name = name;
  sizes.transformer = config;
  sizes.text_encoder = umt5_xxl();
  sizes.transformer_parameters = parameters;
  sizes.vae_parameters = 126'892'531;
  sizes.vae_encoder_parameters = 53'596'928;
  sizes.text_parameters = 5'680'910'336;
  if (config.image_dim) {
    sizes.image_encoder = vit_huge();
    sizes.image_parameters = 630'766'080;
  }
  return sizes;
}

// Those of Wan 2.2 have their text encoder in bf16.
PublishedSizes experts(const char* name, const TransformerConfig& config, std::uint64_t parameters,
                       double boundary_ratio) {
  PublishedSizes sizes = wan21(name, config, parameters);
  sizes.boundary_ratio = boundary_ratio;
  sizes.text_bytes = 2;
  return sizes;
}

PublishedSizes wan22_5b() {
  TransformerConfig config = transformer(24, 14336, 30);
  config.in_channels = config.out_channels = 48;
  PublishedSizes sizes = wan21("wan2.2-ti2v-5b", config, 4'999'787'712);
  sizes.vae = wan22_vae();
  sizes.vae_parameters = 704'688'668;
  sizes.vae_encoder_parameters = 149'637'088;
  sizes.text_bytes = 2;
  sizes.expand_timesteps = true;
  return sizes;
}

// The largest matrix of a block, as facts.cpp finds it among all tensors.
std::uint64_t largest_matrix(const TransformerConfig& config) {
  return static_cast<std::uint64_t>(config.dim() * std::max(config.ffn_dim, 6 * config.dim()));
}

void set_folder(ModelFacts& facts, const PublishedSizes& sizes) {
  ModelFolder& folder = facts.folder;
  folder.dir = published_model(sizes.short_name)->folder();
  folder.pipeline = facts.image.concat         ? "WanImageToVideoPipeline"
                    : facts.control_layers > 0 ? "WanVACEPipeline"
                                               : "WanPipeline";
  folder.boundary_ratio = sizes.boundary_ratio;
  folder.expand_timesteps = sizes.expand_timesteps;
  folder.components = {{"transformer", ""}, {"vae", ""}, {"text_encoder", ""}};
  if (sizes.boundary_ratio) folder.components["transformer_2"] = "";
  if (sizes.image_encoder) folder.components["image_encoder"] = "";
  for (const auto& [name, kind] : folder.components)
    folder.elsewhere[name] = ComponentSource(folder.dir / name);
}

void set_networks(ModelFacts& facts, const PublishedSizes& sizes) {
  facts.transformer = size_of_published(sizes.transformer_parameters, sizes.transformer_bytes,
                                        largest_matrix(sizes.transformer));
  if (sizes.boundary_ratio) facts.transformer_2 = facts.transformer;
  const T5Config& text = sizes.text_encoder;
  facts.text_encoder = size_of_published(sizes.text_parameters, sizes.text_bytes,
                                         static_cast<std::uint64_t>(text.d_ff * text.d_model));
  facts.text_encoder.table_bytes = static_cast<std::uint64_t>(text.vocab_size * text.d_model) *
                                   static_cast<std::uint64_t>(sizes.text_bytes);
  if (sizes.image_encoder) {
    facts.image_encoder =
        size_of_published(sizes.image_parameters, sizes.image_bytes,
                          static_cast<std::uint64_t>(sizes.image_encoder->hidden_size *
                                                     sizes.image_encoder->intermediate_size));
  }
  facts.vae = size_of_published(sizes.vae_parameters, 4, 0);
  facts.vae_encoder_parameters = sizes.vae_encoder_parameters;
  for (const NetworkSize* network :
       {&facts.transformer, &facts.transformer_2, &facts.text_encoder, &facts.image_encoder, &facts.vae}) {
    facts.weight_bytes += network->stored;
    facts.parameters += network->parameters;
  }
}

}  // namespace

VaeConfig wan22_vae() {
  VaeConfig config;
  config.base_dim = 160;
  config.decoder_base_dim = 256;
  config.z_dim = 48;
  config.is_residual = true;
  config.in_channels = config.out_channels = 12;
  config.patch_size = 2;
  config.scale_factor_spatial = 16;
  return config;
}

const std::vector<PublishedSizes>& published_sizes() {
  static const std::vector<PublishedSizes> all{
      wan21("wan2.1-t2v-1.3b", transformer(12, 8960, 30), 1'418'996'800),
      wan21("wan2.1-t2v-14b", TransformerConfig(), 14'288'491'584),
      wan21("wan2.1-i2v-14b-480p", with_images(true, false), 16'394'878'784),
      wan21("wan2.1-i2v-14b-720p", with_images(true, false), 16'394'878'784),
      wan21("wan2.1-flf2v-14b", with_images(true, true), 16'395'536'704),
      wan21("wan2.1-vace-1.3b", with_control(transformer(12, 8960, 30), 2), 2'153'972'032),
      wan21("wan2.1-vace-14b", with_control(TransformerConfig(), 5), 17'337'592'896),
      wan22_5b(),
      experts("wan2.2-t2v-a14b", TransformerConfig(), 14'288'491'584, 0.875),
      experts("wan2.2-i2v-a14b", with_images(false, false), 14'288'901'184, 0.9),
  };
  return all;
}

std::optional<ModelFacts> facts_of_published(const std::string& short_name) {
  const auto found = std::ranges::find(published_sizes(), short_name, &PublishedSizes::short_name);
  if (found == published_sizes().end()) return {};
  const PublishedSizes& sizes = *found;
  const TransformerConfig& config = sizes.transformer;
  ModelFacts facts;
  facts.latent_channels = static_cast<int>(config.out_channels);
  facts.image.concat = config.in_channels != config.out_channels;
  facts.image.tokens = config.image_dim.has_value();
  facts.image.two_images = config.pos_embed_seq_len.has_value();
  facts.text_dim = config.text_dim;
  facts.transformer_dim = config.dim();
  facts.heads = config.num_attention_heads;
  facts.layers = config.num_layers;
  facts.ffn_dim = config.ffn_dim;
  facts.control_layers = static_cast<std::int64_t>(config.vace_layers.size());
  facts.spatial_scale = static_cast<int>(sizes.vae.scale_factor_spatial);
  facts.temporal_scale = static_cast<int>(sizes.vae.scale_factor_temporal);
  facts.decoder_bytes = [vae = sizes.vae](std::int64_t height, std::int64_t width, bool on_cpu) {
    return decoder_bytes(vae, height, width, on_cpu);
  };
  facts.strip_bytes = [vae = sizes.vae](std::int64_t height, std::int64_t width, int ranks) {
    return strip_bytes(vae, height, width, ranks);
  };
  set_folder(facts, sizes);
  set_networks(facts, sizes);
  facts.scheduler = "unipc";
  facts.flow_shift = published_flow_shift(facts);
  published_defaults(facts);
  return facts;
}

}  // namespace sora::wan
