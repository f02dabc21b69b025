#include "checkpoint/foreign_models.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sora {
namespace {

struct ForeignModel {
  const char* name;
  std::vector<std::string_view> all;  ///< a tensor's name has each of these in it
};

// The first that matches is it, so narrower ones come first. Sources: the single files' keys as diffusers'
// loaders/single_file_utils.py tells them apart, and the classes of diffusers.
const std::vector<ForeignModel>& foreign_models() {
  static const std::vector<ForeignModel> all{
      {"SDXL, a picture model", {"conditioner.embedders.1."}},
      {"SDXL, a picture model", {"add_embedding.linear_1.weight", "down_blocks.2.attentions."}},
      {"Stable Diffusion 1 or 2, a picture model", {"cond_stage_model.", "input_blocks."}},
      {"Stable Diffusion, a picture model", {"input_blocks.0.0.weight"}},
      {"Stable Diffusion, a picture model", {"down_blocks.0.attentions.0.transformer_blocks."}},
      {"Stable Diffusion 3, a picture model", {"joint_blocks."}},
      {"AnimateDiff's motion module", {"motion_modules."}},
      {"HunyuanVideo", {"txt_in.individual_token_refiner."}},
      {"HunyuanVideo", {"context_embedder.token_refiner."}},
      {"Qwen-Image, a picture model", {"transformer_blocks.0.img_mlp."}},
      {"Flux, a picture model", {"double_blocks.", "single_blocks."}},
      {"Flux, a picture model", {"single_transformer_blocks.", "transformer_blocks.0.norm1_context."}},
      {"CogVideoX", {"transformer_blocks.0.norm1.linear.weight", "patch_embed.text_proj."}},
      {"Mochi", {"t5_y_embedder."}},
      {"Cosmos", {"x_embedder.proj.1.weight", "blocks.block0."}},
      {"Stable Video Diffusion", {"time_mixer.mix_factor"}},
      {"a ControlNet", {"control_model."}},
  };
  return all;
}

}  // namespace

std::string foreign_model(const Checkpoint& checkpoint) {
  const std::vector<std::string> names = checkpoint.names();
  const auto in_file = [&](std::string_view part) {
    return std::ranges::any_of(names,
                               [&](const std::string& name) { return name.find(part) != std::string::npos; });
  };
  if (in_file(".lora_") || in_file("lora_unet_")) return "a LoRA, which --lora adds to a model";
  for (const ForeignModel& model : foreign_models()) {
    if (std::ranges::all_of(model.all, in_file))
      return std::string(model.name) + ", which this program does not run";
  }
  return "";
}

}  // namespace sora
