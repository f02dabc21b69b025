#include "models/clip/names.h"

#include <string>
#include <string_view>

#include "checkpoint/name_rules.h"

namespace sora::clip {
namespace {

// Queries, keys and values are one tensor in both layouts, which the network can load.
constexpr NameRule kWan[] = {
    {"patch_embedding.*", "embeddings.patch_embedding.*"},
    {"cls_embedding", "embeddings.cls_embedding"},
    {"pos_embedding", "embeddings.pos_embedding"},
    {"pre_norm.*", "pre_layrnorm.*"},
    {"post_norm.*", "post_layernorm.*"},
    {"transformer.#.norm1.*", "encoder.layers.#.layer_norm1.*"},
    {"transformer.#.norm2.*", "encoder.layers.#.layer_norm2.*"},
    {"transformer.#.attn.to_qkv.*", "encoder.layers.#.self_attn.to_qkv.*"},
    {"transformer.#.attn.proj.*", "encoder.layers.#.self_attn.out_proj.*"},
    {"transformer.#.mlp.0.*", "encoder.layers.#.mlp.fc1.*"},
    {"transformer.#.mlp.2.*", "encoder.layers.#.mlp.fc2.*"},
};

constexpr NameRule kOpenClip[] = {
    {"conv1.*", "embeddings.patch_embedding.*"},
    {"class_embedding", "embeddings.class_embedding"},
    {"positional_embedding", "embeddings.position_embedding.weight"},
    {"ln_pre.*", "pre_layrnorm.*"},
    {"ln_post.*", "post_layernorm.*"},
    {"transformer.resblocks.#.ln_1.*", "encoder.layers.#.layer_norm1.*"},
    {"transformer.resblocks.#.ln_2.*", "encoder.layers.#.layer_norm2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "encoder.layers.#.self_attn.to_qkv.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "encoder.layers.#.self_attn.to_qkv.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "encoder.layers.#.self_attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "encoder.layers.#.mlp.fc1.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "encoder.layers.#.mlp.fc2.*"},
};

const std::vector<std::string> kPrefixes{"vision_model.", "visual.", "clip_vision.vision_model.",
                                         "model.visual."};

}  // namespace

void name_image_encoder(Checkpoint& checkpoint) {
  checkpoint.use_prefix(kPrefixes);
  const bool wan = checkpoint.find("cls_embedding") != nullptr;
  const bool open_clip = checkpoint.find("conv1.weight") != nullptr;
  if (!wan && !open_clip) return;
  checkpoint.rename([&](const std::string& name) {
    return (wan ? renamed(kWan, name) : renamed(kOpenClip, name)).value_or(name);
  });
}

void name_text_encoder(Checkpoint& checkpoint) { checkpoint.use_prefix({"text_model."}); }

bool is_of_image_encoder(const std::string& name) {
  // Files of Wan and open_clip also have the text half, whose names begin differently.
  constexpr std::string_view kStarts[] = {"vision_model.",
                                          "visual.",
                                          "clip_vision.",
                                          "model.visual.",
                                          "embeddings.class_embedding",
                                          "embeddings.patch_embedding."};
  for (const std::string_view start : kStarts) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

bool is_unused(const std::string& name) {
  return name == "embeddings.position_ids" || name == "head" || name == "proj" ||
         name == "visual_projection.weight";
}

}  // namespace sora::clip
