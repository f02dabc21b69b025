// SkyReels-V2 (2504.13074): Wan's networks with further training; its DF models were trained with diffusion
// forcing.
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

// From generate_video.py of SkyReels-V2: Wan's negative prompt in English.
constexpr const char* kSkyReelsNegativePrompt =
    "Bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, "
    "overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, "
    "poorly "
    "drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, still picture, "
    "messy "
    "background, three legs, many people in the background, walking backwards";

// From README.md of SkyReels-V2. Models for 540p and for 720p have networks of the same shape, so their names
// decide. For a video from an image the README has 5 for both guidance and shift.
void published_defaults(ModelFacts& facts) {
  const bool large =
      lower(facts.folder.dir.filename().string()).find("720p") != std::string::npos ||
      lower(facts.folder.source("transformer").path.string()).find("720p") != std::string::npos;
  const bool forcing = facts.folder.expand_timesteps;
  facts.title = std::string("SkyReels-V2 ") +
                (facts.image.concat ? "I2V"
                 : forcing          ? "DF"
                                    : "T2V") +
                (large ? " 720P" : " 540P");
  facts.width = large ? 1280 : 960;
  facts.height = large ? 720 : 544;
  facts.frames = large ? 121 : 97;
  facts.fps = 24;
  facts.steps = 50;
  facts.guidance = facts.image.concat ? 5 : 6;
  facts.flow_shift = facts.image.concat ? 5 : 8;
  if (forcing) facts.image_guidance = facts.image_flow_shift = 5;
  facts.negative_prompt = kSkyReelsNegativePrompt;
  facts.is_published = true;
}

// Whether each latent frame has a timestep of its own. The pipeline's class decides: most of these networks
// have the same shape as the others. Only the smallest also has an embedding of the frame rate.
bool is_diffusion_forcing(const ModelFolder& folder) {
  return folder.pipeline.starts_with("SkyReelsV2DiffusionForcing") ||
         wan::open_transformer(folder.source("transformer")).config.inject_sample_info;
}

// Called for every Wan model, so no weight file is opened where diffusers' config.json has the answer.
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

  // By the class of the pipeline, else by the class of the network or its embedding of the frame rate.
  bool recognises(const fs::path& dir, const Replacements& replacements) const override {
    try {
      const ModelFolder folder = wan::open_wan_model(dir, replacements);
      if (folder.pipeline.starts_with("SkyReelsV2")) return true;
      return folder.pipeline.starts_with("Wan") && has_skyreels_network(folder.source("transformer"));
    } catch (const Error&) {
      return false;  // read() of the Wan family reports what is wrong
    }
  }

  ModelFacts read(const fs::path& dir, const Replacements& replacements) const override {
    ModelFacts facts = wan::read_facts(dir, replacements);
    if (is_diffusion_forcing(facts.folder)) facts.folder.expand_timesteps = true;
    published_defaults(facts);
    read_own_defaults(facts);
    return facts;
  }

  // With diffusion forcing, each latent frame has its own noise level.
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
