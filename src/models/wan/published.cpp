#include <algorithm>

#include "models/wan/facts.h"
#include "models/wan/mag_ratios.h"

namespace sora::wan {
namespace {

// sample_neg_prompt of the Wan repository, the same for all its models.
constexpr const char* kNegativePrompt =
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG"
    "压缩残留，丑陋的，残缺的，"
    "多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，静止不动的画面，杂"
    "乱的背景，三条腿，"
    "背景人很多，倒着走";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

// Wan 2.1 I2V 14B was published for 480p and for 720p. The networks have the same shape; their names differ,
// and the flow shift of their schedulers.
bool is_for_480p(const ModelFacts& facts) {
  for (const std::filesystem::path& path : {facts.folder.source("transformer").path, facts.folder.dir}) {
    const std::string name = lower(path.string());
    const auto small = name.rfind("480p"), large = name.rfind("720p");
    if (small != std::string::npos && (large == std::string::npos || small > large)) return true;
    if (large != std::string::npos) return false;
  }
  return facts.folder.has("scheduler") && facts.flow_shift <= 3;
}

// Wan-VACE, by vace_wan_inference.py of its repository: both sizes make 81 frames of 480p in 50 steps. Of
// Wan 2.2 there are no weights by its publishers; others trained a control branch for its experts.
void vace_defaults(ModelFacts& facts, bool two_experts) {
  if (facts.transformer_dim == 5120) {
    facts.title = two_experts ? "Wan 2.2 VACE A14B" : "Wan 2.1 VACE 14B";
  } else if (facts.transformer_dim == 1536) {
    facts.title = "Wan 2.1 VACE 1.3B";
  } else {
    facts.title = "Wan VACE";
    facts.negative_prompt.clear();
  }
}

}  // namespace

// Sources: wan/configs and generate.py of the original repositories, the README of each model, and the
// examples in diffusers' documentation of Wan.
void published_defaults(ModelFacts& facts) {
  const bool two_experts = facts.folder.boundary_ratio && facts.folder.has("transformer_2");
  const auto hd = [&] {
    facts.width = 1280;
    facts.height = 720;
  };
  facts.negative_prompt = kNegativePrompt;
  if (facts.folder.expand_timesteps && facts.transformer_dim == 3072) {
    facts.title = "Wan 2.2 TI2V-5B";
    facts.width = 1280;
    facts.height = 704;
    facts.frames = 121;
    facts.fps = 24;
  } else if (facts.control_layers > 0) {
    vace_defaults(facts, two_experts);
  } else if (facts.image.concat && two_experts && facts.transformer_dim == 5120) {
    facts.title = "Wan 2.2 I2V-A14B";
    hd();
    facts.steps = 40;
    facts.guidance = 3.5;
    facts.guidance_2 = 3.5;
  } else if (two_experts && facts.transformer_dim == 5120) {
    facts.title = "Wan 2.2 T2V-A14B";
    hd();
    facts.steps = 40;
    facts.guidance = 4;
    facts.guidance_2 = 3;
  } else if (facts.image.two_images && facts.transformer_dim == 5120) {
    facts.title = "Wan 2.1 FLF2V 14B";
    hd();
  } else if (facts.image.concat && facts.image.tokens && facts.transformer_dim == 5120) {
    const bool small = is_for_480p(facts);
    facts.title = std::string("Wan 2.1 I2V 14B ") + (small ? "480P" : "720P");
    if (!small) hd();
    facts.steps = 40;
    if (!facts.folder.has("scheduler")) facts.flow_shift = small ? 3 : 5;
  } else if (facts.image.concat) {
    facts.title = "Wan image to video";
    if (facts.transformer_dim != 5120) facts.negative_prompt.clear();
  } else if (facts.transformer_dim == 5120) {
    facts.title = "Wan 2.1 T2V 14B";
    hd();
  } else if (facts.transformer_dim == 1536) {
    facts.title = "Wan 2.1 T2V 1.3B";
  } else {
    facts.title = "Wan";
    facts.negative_prompt.clear();  // not a published model
  }
  facts.is_published = !facts.negative_prompt.empty();
  facts.mag = published_mag_ratios(facts);
}

}  // namespace sora::wan
