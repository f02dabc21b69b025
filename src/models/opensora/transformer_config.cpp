#include "models/opensora/transformer_config.h"

#include <string>
#include <utility>
#include <vector>

#include "sora/error.h"

namespace sora::opensora {
namespace {

constexpr std::int64_t kWidest = 1 << 17;
constexpr std::int64_t kMostBlocks = 1000;

[[noreturn]] void fail(const Checkpoint& checkpoint, const std::string& what) {
  throw Error(ErrorKind::data, "transformer",
              checkpoint.path().string() + ": " + what + "; is this the transformer of Open-Sora 2.0?");
}

const std::vector<std::int64_t>& shape_of(const Checkpoint& checkpoint, const std::string& name,
                                          std::size_t rank) {
  const TensorInfo* info = checkpoint.find(name);
  bool good = info != nullptr && info->shape.size() == rank;
  for (std::size_t i = 0; good && i < rank; ++i) good = info->shape[i] >= 1 && info->shape[i] <= 8 * kWidest;
  if (!good) {
    fail(checkpoint, "tensor " + name + (info ? " is " + shape_text(info->shape) : " is missing") +
                         ", expected " + std::to_string(rank) + " dimensions of sensible sizes");
  }
  return info->shape;
}

std::int64_t count_of(const Checkpoint& checkpoint, const std::string& prefix, const std::string& suffix) {
  std::int64_t count = 0;
  while (checkpoint.find(prefix + std::to_string(count) + suffix) != nullptr) {
    if (++count > kMostBlocks) fail(checkpoint, "has over 1000 of " + prefix + "N" + suffix);
  }
  return count;
}

TransformerConfig config_of(const Checkpoint& checkpoint) {
  const auto shape = [&](const std::string& name, std::size_t rank) -> const auto& {
    return shape_of(checkpoint, name, rank);
  };
  const auto has = [&](const std::string& name) { return checkpoint.find(name) != nullptr; };
  constexpr std::int64_t cells = TransformerConfig::patch_size * TransformerConfig::patch_size;
  TransformerConfig config;
  const auto& in = shape("img_in.weight", 2);
  config.hidden_size = in[0];
  config.latent_channels = in[1] / cells;
  if (in[1] % cells != 0 || in[0] > kWidest)
    fail(checkpoint, "img_in.weight is " + shape_text(in) + ", expected patches of 2 x 2 cells");
  config.context_in_dim = shape("txt_in.weight", 2)[1];
  config.vec_in_dim = shape("vector_in.in_layer.weight", 2)[1];
  config.depth = count_of(checkpoint, "double_blocks.", ".img_mod.lin.weight");
  config.depth_single_blocks = count_of(checkpoint, "single_blocks.", ".modulation.lin.weight");
  config.mlp_dim = shape("double_blocks.0.img_mlp.0.weight", 2)[0];
  const std::int64_t head = shape("double_blocks.0.img_attn.norm.query_norm.scale", 1)[0];
  // So that each axis has pairs of channels.
  if (head % 32 != 0 || config.hidden_size % head != 0) {
    fail(checkpoint, "its heads are " + std::to_string(head) +
                         " wide, expected a multiple of 32 that divides " +
                         std::to_string(config.hidden_size));
  }
  config.num_heads = config.hidden_size / head;
  config.fused_qkv = has("double_blocks.0.img_attn.qkv.weight");
  config.qkv_bias =
      has(config.fused_qkv ? "double_blocks.0.img_attn.qkv.bias" : "double_blocks.0.img_attn.q_proj.bias");
  config.guidance_embed = has("guidance_in.in_layer.weight");
  config.cond_embed = true;
  return config;
}

}  // namespace

bool is_opensora_transformer(const Checkpoint& checkpoint) {
  const TensorInfo* in = checkpoint.find("img_in.weight");
  const TensorInfo* condition = checkpoint.find("cond_in.weight");
  constexpr std::int64_t cells = TransformerConfig::patch_size * TransformerConfig::patch_size;
  // Its relatives have other patches (for autoencoders that compress more) and no condition (Flux).
  return checkpoint.find("double_blocks.0.img_attn.norm.query_norm.scale") != nullptr &&
         checkpoint.find("vector_in.in_layer.weight") != nullptr && in != nullptr && condition != nullptr &&
         in->shape.size() == 2 && condition->shape.size() == 2 && condition->shape[1] == in->shape[1] + cells;
}

TransformerFiles open_transformer(const ComponentSource& source) {
  Checkpoint checkpoint = source.open("diffusion_pytorch_model");
  if (!is_opensora_transformer(checkpoint)) {
    throw Error(ErrorKind::data, "transformer",
                source.path.string() +
                    ": is no transformer of Open-Sora 2.0, expected Open_Sora_v2.safetensors or weights with "
                    "its names");
  }
  TransformerConfig config = config_of(checkpoint);
  return {config, std::move(checkpoint)};
}

}  // namespace sora::opensora
