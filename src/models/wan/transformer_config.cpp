#include "models/wan/transformer_config.h"

#include <algorithm>
#include <functional>

#include "core/json/json_config.h"

namespace sora::wan {
namespace {

// About ten times the sizes of the largest Wan model. Larger values must be mistakes, and would otherwise end
// in a failed allocation with a worse message.
constexpr std::int64_t max_width = 1 << 17;
constexpr std::int64_t max_layers = 1000;

std::optional<std::int64_t> optional_width(const JsonConfig& json, const char* key) {
  if (!json.has(key)) return {};
  return json.integer_in(key, 1, max_width);
}

// AnyFlow's networks, by diffusers' classes or by that of its publishers, which is both of them. False: the
// class is another.
bool read_any_flow(const JsonConfig& json, const std::string& name, TransformerConfig& config) {
  const bool of_publishers = name == "FAR_Wan_Transformer3DModel";
  if (name == "AnyFlowFARTransformer3DModel" || (of_publishers && json.boolean("init_far_model", false))) {
    json.fail(of_publishers ? "init_far_model" : "_class_name",
              of_publishers ? "false: the causal form of AnyFlow (FAR) is not supported"
                            : "AnyFlowTransformer3DModel: the causal form of AnyFlow (FAR) is not supported");
  }
  if (name != "AnyFlowTransformer3DModel" && !of_publishers) return false;
  if (of_publishers && !json.boolean("init_flowmap_model", true)) return true;  // Wan's network as it is
  TargetTime time;
  time.gate_value = json.number("gate_value", time.gate_value);
  if (!(time.gate_value >= 0 && time.gate_value <= 1)) json.fail("gate_value", "a number from 0 to 1");
  const std::string type = json.string("deltatime_type", "r");
  if (type != "r" && type != "t-r") json.fail("deltatime_type", "r or t-r");
  time.as_difference = type == "t-r";
  config.target_time = time;
  if (json.has("image_dim")) json.fail("image_dim", "null: AnyFlow's models take no image tokens");
  return true;
}

// Sets the defaults of SkyReels-V2's class where the config is of that class.
void read_class(const JsonConfig& json, TransformerConfig& config) {
  const std::string name = json.string("_class_name", "WanTransformer3DModel");
  config.skyreels = name == "SkyReelsV2Transformer3DModel";
  const bool vace = name == "WanVACETransformer3DModel";
  const bool plain = name == "WanTransformer3DModel" || name == "CausalWanTransformer3DModel";
  if (read_any_flow(json, name, config)) return;
  if (!plain && !vace && !config.skyreels) {
    json.fail("_class_name",
              "WanTransformer3DModel, WanVACETransformer3DModel, SkyReelsV2Transformer3DModel or "
              "AnyFlowTransformer3DModel");
  }
  if (vace) config.vace_layers = {0, 5, 10, 15, 20, 25, 30, 35};
  if (!config.skyreels) return;
  config.num_attention_heads = 16;
  config.ffn_dim = 8192;
  config.num_layers = 32;
  config.inject_sample_info = json.boolean("inject_sample_info", false);
  if (json.integer_in("num_frame_per_block", 1, 1024, 1) != 1) {
    json.fail("num_frame_per_block", "1 (attention that is causal in blocks of frames is not supported)");
  }
}

void read_patch_and_heads(const JsonConfig& json, TransformerConfig& config) {
  const auto patch = json.integers("patch_size", {{1, 2, 2}});
  if (patch.size() != 3 || std::any_of(patch.begin(), patch.end(), [](auto p) { return p < 1 || p > 16; })) {
    json.fail("patch_size", "three integers from 1 to 16");
  }
  std::copy(patch.begin(), patch.end(), config.patch_size.begin());
  config.num_attention_heads = json.integer_in("num_attention_heads", 1, 1024, config.num_attention_heads);
  config.attention_head_dim = json.integer_in("attention_head_dim", 2, 1024, config.attention_head_dim);
  if (config.attention_head_dim % 2 != 0) json.fail("attention_head_dim", "an even integer");
  if (config.dim() > max_width) {
    json.fail("num_attention_heads", "at most " + std::to_string(max_width / config.attention_head_dim) +
                                         " with an attention_head_dim of " +
                                         std::to_string(config.attention_head_dim));
  }
}

void read_channels(const JsonConfig& json, TransformerConfig& config) {
  config.in_channels = json.integer_in("in_channels", 1, 4096, config.in_channels);
  const auto keys = json.keys();
  // As in diffusers: without the key there are 16, but null means as many as in_channels.
  const bool is_null =
      !json.has("out_channels") && std::find(keys.begin(), keys.end(), "out_channels") != keys.end();
  config.out_channels = is_null ? config.in_channels : json.integer_in("out_channels", 1, 4096, 16);
}

void read_image_conditioning(const JsonConfig& json, TransformerConfig& config) {
  config.image_dim = optional_width(json, "image_dim");
  config.added_kv_proj_dim = optional_width(json, "added_kv_proj_dim");
  if (config.added_kv_proj_dim && !config.image_dim)
    json.fail("image_dim", "an integer beside added_kv_proj_dim");
  // These projections get image tokens that were embedded to the width of the transformer.
  if (config.added_kv_proj_dim && *config.added_kv_proj_dim != config.dim()) {
    json.fail("added_kv_proj_dim",
              std::to_string(config.dim()) + " (num_attention_heads x attention_head_dim)");
  }
  if (json.has("pos_embed_seq_len")) {
    config.pos_embed_seq_len = json.integer_in("pos_embed_seq_len", 1, 1 << 20);
    if (!config.image_dim) json.fail("image_dim", "an integer beside pos_embed_seq_len");
  }
}

void read_control_branch(const JsonConfig& json, TransformerConfig& config) {
  if (!config.has_control() && !json.has("vace_layers")) return;
  config.vace_layers = json.integers("vace_layers", config.vace_layers);
  const auto& layers = config.vace_layers;
  const bool rising =
      std::adjacent_find(layers.begin(), layers.end(), std::greater_equal<>()) == layers.end();
  if (layers.empty() || layers.front() != 0 || layers.back() >= config.num_layers || !rising) {
    json.fail("vace_layers", "rising numbers of blocks from 0 to " + std::to_string(config.num_layers - 1) +
                                 ", the first of them 0");
  }
  config.vace_in_channels = json.integer_in("vace_in_channels", 1, 4096, config.vace_in_channels);
}

}  // namespace

TransformerConfig read_transformer_config(const std::filesystem::path& path) {
  const JsonConfig json(path, "transformer");
  TransformerConfig config;
  read_class(json, config);
  read_patch_and_heads(json, config);
  read_channels(json, config);
  config.text_dim = json.integer_in("text_dim", 1, max_width, config.text_dim);
  config.freq_dim = json.integer_in("freq_dim", 2, max_width, config.freq_dim);
  if (config.freq_dim % 2 != 0) json.fail("freq_dim", "an even integer");
  config.ffn_dim = json.integer_in("ffn_dim", 1, 8 * max_width, config.ffn_dim);
  config.num_layers = json.integer_in("num_layers", 1, max_layers, config.num_layers);
  config.cross_attn_norm = json.boolean("cross_attn_norm", config.cross_attn_norm);
  config.eps = json.number("eps", config.eps);
  if (config.eps < 0 || config.eps > 1) json.fail("eps", "a number from 0 to 1");
  config.rope_max_seq_len = json.integer_in("rope_max_seq_len", 1, 1 << 20, config.rope_max_seq_len);
  read_image_conditioning(json, config);
  read_control_branch(json, config);
  return config;
}

}  // namespace sora::wan
