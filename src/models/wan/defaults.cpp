#include "models/wan/defaults.h"

#include "core/json_config.h"
#include "models/t5/files.h"
#include "models/wan/components.h"
#include "sora/error.h"

namespace sora::wan {
namespace {

// What the publishers recommend, told by the width of the transformer and by model_index.json.
// Sources: the README of each model and the examples in diffusers' Wan documentation.
void family_defaults(ModelFacts& facts) {
  const bool two_experts = facts.folder.boundary_ratio && facts.folder.has("transformer_2");
  if (facts.folder.expand_timesteps && facts.transformer_dim == 3072) {
    facts.family = "Wan 2.2 TI2V-5B";
    facts.width = 1280;
    facts.height = 704;
    facts.frames = 121;
    facts.fps = 24;
  } else if (two_experts && facts.transformer_dim == 5120) {
    facts.family = "Wan 2.2 A14B";
    facts.width = 1280;
    facts.height = 720;
    facts.steps = 40;
    facts.guidance = 4;
    facts.guidance_2 = 3;
  } else if (facts.transformer_dim == 5120) {
    facts.family = "Wan 2.1 14B";
    facts.width = 1280;
    facts.height = 720;
  } else if (facts.transformer_dim == 1536) {
    facts.family = "Wan 2.1 1.3B";
  } else {
    facts.family = "Wan";
  }
}

void count_weights(ModelFacts& facts, const Checkpoint& checkpoint) {
  facts.weight_bytes += checkpoint.bytes();
  for (const auto& tensor : checkpoint.names()) facts.parameters += checkpoint.find(tensor)->elements();
}

void read_transformer(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("transformer");
  const auto [config, checkpoint] = open_transformer(source);
  if (config.patch_size[0] != 1) {
    throw Error(ErrorKind::data, "transformer",
                source.path.string() + ": patch_size starts with " + std::to_string(config.patch_size[0]) +
                    ", expected 1: patches that span latent frames are not supported");
  }
  facts.patch_height = static_cast<int>(config.patch_size[1]);
  facts.patch_width = static_cast<int>(config.patch_size[2]);
  facts.latent_channels = static_cast<int>(config.in_channels);
  facts.text_dim = config.text_dim;
  facts.transformer_dim = config.dim();
  count_weights(facts, checkpoint);
  if (!facts.folder.has("transformer_2")) return;
  const auto second = open_transformer(facts.folder.source("transformer_2"));
  if (second.config.in_channels != config.in_channels || second.config.text_dim != config.text_dim) {
    throw Error(ErrorKind::data, "transformer",
                facts.folder.source("transformer_2").path.string() + ": takes " +
                    std::to_string(second.config.in_channels) + " channels and text of width " +
                    std::to_string(second.config.text_dim) + ", expected " +
                    std::to_string(config.in_channels) + " and " + std::to_string(config.text_dim) +
                    " as the first expert");
  }
  count_weights(facts, second.checkpoint);
}

void read_vae(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("vae");
  const auto [config, checkpoint] = open_vae(source);
  facts.spatial_scale = static_cast<int>(config.scale_factor_spatial);
  facts.temporal_scale = static_cast<int>(config.scale_factor_temporal);
  if (config.z_dim != facts.latent_channels) {
    throw Error(ErrorKind::data, "vae",
                source.path.string() + ": z_dim is " + std::to_string(config.z_dim) + ", expected " +
                    std::to_string(facts.latent_channels) + ", the transformer's in_channels");
  }
  count_weights(facts, checkpoint);
  // Of the published models the one whose latents have 48 channels takes a timestep for each token; it is
  // only where there is no model_index.json that this has to be told by the shapes.
  if (facts.folder.dir.empty() || !std::filesystem::exists(facts.folder.dir / "model_index.json")) {
    facts.folder.expand_timesteps = config.z_dim == 48;
  }
}

void read_text_encoder(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("text_encoder");
  const T5Files files = open_text_encoder(source);
  if (files.config.d_model != facts.text_dim) {
    throw Error(ErrorKind::data, "text_encoder",
                source.path.string() + ": is " + std::to_string(files.config.d_model) + " wide, expected " +
                    std::to_string(facts.text_dim) + ", the transformer's text_dim");
  }
  count_weights(facts, files.checkpoint);
  facts.tokenizer = tokenizer_of(facts.folder);
}

// Without a scheduler_config.json: sample_shift in wan/configs of the original repository.
double published_flow_shift(const ModelFacts& facts) { return facts.folder.has("transformer_2") ? 12 : 5; }

void read_scheduler(ModelFacts& facts) {
  if (!facts.folder.has("scheduler")) {
    facts.scheduler = "unipc";
    facts.flow_shift = published_flow_shift(facts);
    return;
  }
  const SchedulerConfig config =
      read_scheduler_config(facts.folder.component("scheduler") / "scheduler_config.json");
  facts.scheduler = config.scheduler;
  facts.flow_shift = config.flow_shift;
}

void read_own_defaults(ModelFacts& facts) {
  const auto path = facts.folder.dir / "sora-gen.json";
  if (facts.folder.dir.empty() || !std::filesystem::exists(path)) return;
  const JsonConfig config(path, "model");
  facts.family = config.string("name", facts.family);
  facts.width = static_cast<int>(config.integer_in("native_width", 16, 4096, facts.width));
  facts.height = static_cast<int>(config.integer_in("native_height", 16, 4096, facts.height));
  facts.frames = static_cast<int>(config.integer_in("native_frames", 1, 100000, facts.frames));
  facts.fps = config.number("fps", facts.fps);
  if (!(facts.fps >= 0.1 && facts.fps <= 1000)) config.fail("fps", "a rate from 0.1 to 1000");
  facts.steps = static_cast<int>(config.integer_in("steps", 1, 1000, facts.steps));
  facts.guidance = config.number("guidance_scale", facts.guidance);
  facts.flow_shift = config.number("flow_shift", facts.flow_shift);
  facts.negative_prompt = config.string("negative_prompt", facts.negative_prompt);
  facts.res = config.string("default_res", facts.res);
  facts.smallest_area = config.integer_in("smallest_area", 0, 1 << 24, facts.smallest_area);
}

}  // namespace

SchedulerConfig published_scheduler(double flow_shift) {
  SchedulerConfig config;
  config.prediction_type = PredictionType::flow_prediction;
  config.use_flow_sigmas = true;
  config.flow_shift = flow_shift;
  return config;
}

ModelFacts read_model(const std::filesystem::path& dir, const Replacements& replacements) {
  ModelFacts facts;
  facts.folder = open_wan_model(dir, replacements);
  if (facts.folder.pipeline != "WanPipeline" && facts.folder.pipeline != "WanImageToVideoPipeline") {
    throw Error(ErrorKind::data, "checkpoint",
                (dir / "model_index.json").string() + ": _class_name is \"" + facts.folder.pipeline +
                    "\", expected WanPipeline; only Wan models are known");
  }
  read_transformer(facts);
  read_vae(facts);
  read_scheduler(facts);
  read_text_encoder(facts);
  family_defaults(facts);
  read_own_defaults(facts);
  return facts;
}

}  // namespace sora::wan
