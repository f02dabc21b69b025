// SkyReels-V2 (2504.13074): Wan's networks, trained on, with diffusion forcing in its DF models.
#include "models/wan/family.h"

#include <algorithm>

#include "core/json/json_config.h"
#include "models/wan/components.h"
#include "models/wan/facts.h"
#include "models/wan/model_files.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::skyreels {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

// Wan's own negative prompt in English, in generate_video.py of SkyReels-V2.
constexpr const char* kSkyReelsNegativePrompt =
    "Bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, "
    "overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, "
    "poorly "
    "drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, still picture, "
    "messy "
    "background, three legs, many people in the background, walking backwards";

// README.md of SkyReels-V2. Its models for 540p and for 720p have the same shape and are distinguished by
// name; for image-to-video it recommends 5 for guidance and shift.
void published_defaults(ModelFacts& facts) {
  const bool large =
      lower(facts.folder.dir.filename().string()).find("720p") != std::string::npos ||
      lower(facts.folder.source("transformer").path.string()).find("720p") != std::string::npos;
  const bool forcing = facts.folder.expand_timesteps;
  facts.title = std::string("SkyReels-V2 ") +
                (facts.image.joined ? "I2V"
                 : forcing          ? "DF"
                                    : "T2V") +
                (large ? " 720P" : " 540P");
  facts.width = large ? 1280 : 960;
  facts.height = large ? 720 : 544;
  facts.frames = large ? 121 : 97;
  facts.fps = 24;
  facts.steps = 50;
  facts.guidance = facts.image.joined ? 5 : 6;
  facts.flow_shift = facts.image.joined ? 5 : 8;
  if (forcing) facts.image_guidance = facts.image_flow_shift = 5;
  facts.negative_prompt = kSkyReelsNegativePrompt;
  facts.is_published = true;
}

// Whether each latent frame has its own timestep. Known by the pipeline's class, since most of these networks
// have the same shapes as the others, or by the frame-rate embedding, which only the smallest has.
bool is_diffusion_forcing(const ModelFolder& folder) {
  return folder.pipeline.starts_with("SkyReelsV2DiffusionForcing") ||
         wan::open_transformer(folder.source("transformer")).config.inject_sample_info;
}

// This is checked for every Wan model; where diffusers' config.json says it, no weight file is opened.
bool has_skyreels_network(const ComponentSource& source) {
  const fs::path config = source.path / "config.json";
  if (!source.is_file() && fs::exists(config) && JsonConfig(config, "transformer").has("num_attention_heads"))
    return wan::read_transformer_config(config).skyreels;
  return wan::open_transformer(source).config.skyreels;
}

class SkyReelsFamily final : public wan::WanFamily {
 public:
  std::string name() const override { return "SkyReels-V2"; }
  std::vector<std::string> pipelines() const override {
    return {"SkyReelsV2Pipeline", "SkyReelsV2ImageToVideoPipeline", "SkyReelsV2DiffusionForcingPipeline",
            "SkyReelsV2DiffusionForcingImageToVideoPipeline",
            "SkyReelsV2DiffusionForcingVideoToVideoPipeline"};
  }

  // By the pipeline's class, or by the network: its class, or the frame-rate embedding of the smallest.
  bool recognises(const fs::path& dir, const Replacements& replacements) const override {
    try {
      const ModelFolder folder = wan::open_wan_model(dir, replacements);
      if (folder.pipeline.starts_with("SkyReelsV2")) return true;
      return folder.pipeline.starts_with("Wan") && has_skyreels_network(folder.source("transformer"));
    } catch (const Error&) {
      return false;  // the error is reported when the network is read
    }
  }

  ModelFacts read(const fs::path& dir, const Replacements& replacements) const override {
    ModelFacts facts = wan::read_facts(dir, replacements);
    if (is_diffusion_forcing(facts.folder)) facts.folder.expand_timesteps = true;
    published_defaults(facts);
    read_own_defaults(facts);
    return facts;
  }

  // Diffusion forcing has a noise level for each latent frame.
  SchedulerConfig scheduler(const ModelFolder& folder, double flow_shift,
                            bool expand_timesteps) const override {
    SchedulerConfig config = WanFamily::scheduler(folder, flow_shift, expand_timesteps);
    config.overwrites_noise = expand_timesteps;
    return config;
  }
};

const RegisteredFamily<SkyReelsFamily> registered;

}  // namespace
}  // namespace sora::skyreels
