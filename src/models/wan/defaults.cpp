#include "models/wan/defaults.h"

#include "core/json_config.h"
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

void read_transformer(ModelFacts& facts) {
  const JsonConfig config(facts.folder.component("transformer") / "config.json", "transformer");
  const auto patch = config.integers("patch_size", std::vector<std::int64_t>{1, 2, 2});
  if (patch.size() != 3 || patch[0] != 1 || patch[1] < 1 || patch[1] > 16 || patch[2] < 1 || patch[2] > 16) {
    config.fail("patch_size", "[1, height, width]");
  }
  facts.patch_height = static_cast<int>(patch[1]);
  facts.patch_width = static_cast<int>(patch[2]);
  facts.latent_channels = static_cast<int>(config.integer_in("in_channels", 1, 4096, 16));
  facts.transformer_dim = config.integer_in("num_attention_heads", 1, 1024, 40) *
                          config.integer_in("attention_head_dim", 2, 4096, 128);
}

void read_vae(ModelFacts& facts) {
  const JsonConfig config(facts.folder.component("vae") / "config.json", "vae");
  facts.spatial_scale = static_cast<int>(config.integer_in("scale_factor_spatial", 1, 64, 8));
  facts.temporal_scale = static_cast<int>(config.integer_in("scale_factor_temporal", 1, 64, 4));
  const auto z = config.integer_in("z_dim", 1, 4096, 16);
  if (z != facts.latent_channels) {
    config.fail("z_dim", std::to_string(facts.latent_channels) + ", the transformer's in_channels");
  }
}

void read_scheduler(ModelFacts& facts) {
  const auto found = facts.folder.components.find("scheduler");
  const std::string name = found == facts.folder.components.end() ? "" : found->second;
  if (name == "UniPCMultistepScheduler") {
    facts.scheduler = "unipc";
  } else if (name == "FlowMatchEulerDiscreteScheduler") {
    facts.scheduler = "euler";
  } else if (name == "DPMSolverMultistepScheduler") {
    facts.scheduler = "dpm++";
  } else {
    throw Error(ErrorKind::data, "scheduler",
                (facts.folder.dir / "model_index.json").string() + ": scheduler is \"" + name +
                    "\", expected UniPCMultistepScheduler, FlowMatchEulerDiscreteScheduler or "
                    "DPMSolverMultistepScheduler");
  }
  const JsonConfig config(facts.folder.component("scheduler") / "scheduler_config.json", "scheduler");
  facts.flow_shift = config.number(facts.scheduler == "euler" ? "shift" : "flow_shift", 1.0);
}

void read_own_defaults(ModelFacts& facts) {
  const auto path = facts.folder.dir / "sora-gen.json";
  if (!std::filesystem::exists(path)) return;
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
  facts.smallest_area = config.integer_in("smallest_area", 0, 1 << 24, facts.smallest_area);
}

void count_weights(ModelFacts& facts) {
  for (const char* name : {"text_encoder", "transformer", "transformer_2", "vae"}) {
    if (!facts.folder.has(name)) continue;
    const Checkpoint checkpoint(facts.folder.component(name), weight_stem(name));
    facts.weight_bytes += checkpoint.bytes();
    for (const auto& tensor : checkpoint.names()) {
      const TensorInfo* info = checkpoint.find(tensor);
      facts.parameters += (info->end - info->begin) / dtype_size(info->dtype);
    }
  }
}

}  // namespace

ModelFacts read_model(const std::filesystem::path& dir) {
  ModelFacts facts;
  facts.folder = open_model_folder(dir);
  if (facts.folder.pipeline != "WanPipeline" && facts.folder.pipeline != "WanImageToVideoPipeline") {
    throw Error(ErrorKind::data, "checkpoint",
                (dir / "model_index.json").string() + ": _class_name is \"" + facts.folder.pipeline +
                    "\", expected WanPipeline; only Wan models are known");
  }
  read_transformer(facts);
  read_vae(facts);
  read_scheduler(facts);
  (void)facts.folder.component("text_encoder");
  (void)facts.folder.component("tokenizer");
  family_defaults(facts);
  read_own_defaults(facts);
  count_weights(facts);
  return facts;
}

}  // namespace sora::wan
