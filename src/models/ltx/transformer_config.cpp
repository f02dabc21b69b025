#include "models/ltx/transformer_config.h"

#include "core/json/json_config.h"

namespace sora::ltx {
namespace {

// About ten times the sizes of the largest model. Larger values must be mistakes.
constexpr std::int64_t max_width = 1 << 17;
constexpr std::int64_t max_layers = 1000;

void refuse_other_variants(const JsonConfig& json) {
  for (const char* key : {"patch_size", "patch_size_t"}) {
    if (json.integer_in(key, 1, 1024, 1) != 1)
      json.fail(key, "1 (patches of several latent cells are not supported)");
  }
  for (const char* key : {"attention_bias", "attention_out_bias"}) {
    if (!json.boolean(key, true)) json.fail(key, "true (projections without bias are not supported)");
  }
  if (json.boolean("norm_elementwise_affine", false))
    json.fail("norm_elementwise_affine", "false (norms with weights are not supported)");
  if (json.string("qk_norm", "rms_norm_across_heads") != "rms_norm_across_heads")
    json.fail("qk_norm", "rms_norm_across_heads");
  if (json.string("activation_fn", "gelu-approximate") != "gelu-approximate")
    json.fail("activation_fn", "gelu-approximate");
}

}  // namespace

TransformerConfig read_transformer_config(const std::filesystem::path& path) {
  const JsonConfig json(path, "transformer");
  if (json.string("_class_name", "LTXVideoTransformer3DModel") != "LTXVideoTransformer3DModel")
    json.fail("_class_name", "LTXVideoTransformer3DModel");
  refuse_other_variants(json);
  TransformerConfig config;
  config.in_channels = json.integer_in("in_channels", 1, 4096, config.in_channels);
  config.out_channels = json.integer_in("out_channels", 1, 4096, config.out_channels);
  if (config.out_channels != config.in_channels)
    json.fail("out_channels", std::to_string(config.in_channels) + ", as in_channels");
  config.num_attention_heads = json.integer_in("num_attention_heads", 1, 1024, config.num_attention_heads);
  config.attention_head_dim = json.integer_in("attention_head_dim", 2, 1024, config.attention_head_dim);
  if (config.attention_head_dim % 2 != 0) json.fail("attention_head_dim", "an even integer");
  if (config.dim() > max_width || config.dim() < 6) {
    json.fail("num_attention_heads", "a number that gives a width of 6 to " + std::to_string(max_width) +
                                         " with an attention_head_dim of " +
                                         std::to_string(config.attention_head_dim));
  }
  // Keys and values are made from the prompt after its projection to the transformer's width.
  if (json.integer_in("cross_attention_dim", 1, max_width, 2048) != config.dim())
    json.fail("cross_attention_dim", std::to_string(config.dim()) + ", the transformer's width");
  config.num_layers = json.integer_in("num_layers", 1, max_layers, config.num_layers);
  config.caption_channels = json.integer_in("caption_channels", 1, max_width, config.caption_channels);
  config.norm_eps = json.number("norm_eps", config.norm_eps);
  if (config.norm_eps < 0 || config.norm_eps > 1) json.fail("norm_eps", "a number from 0 to 1");
  return config;
}

}  // namespace sora::ltx
