#include "models/wan/defaults.h"

#include <algorithm>

#include "core/json_config.h"
#include "models/clip/files.h"
#include "models/t5/files.h"
#include "models/wan/components.h"
#include "sora/error.h"

namespace sora::wan {
namespace {

// sample_neg_prompt of the Wan repository, which all its models were published with.
constexpr const char* kNegativePrompt =
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG"
    "压缩残留，丑陋的，残缺的，"
    "多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，静止不动的画面，杂"
    "乱的背景，三条腿，"
    "背景人很多，倒着走";

// The same in English, in generate_video.py of SkyReels-V2.
constexpr const char* kSkyReelsNegativePrompt =
    "Bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, "
    "overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, "
    "poorly "
    "drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, still picture, "
    "messy "
    "background, three legs, many people in the background, walking backwards";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

// Wan 2.1 I2V 14B was published twice, for 480p and for 720p: networks of one shape, told apart by the name
// or by the shift of their scheduler.
bool is_for_480p(const ModelFacts& facts) {
  for (const std::filesystem::path& path : {facts.folder.source("transformer").path, facts.folder.dir}) {
    const std::string name = lower(path.string());
    const auto small = name.rfind("480p"), large = name.rfind("720p");
    if (small != std::string::npos && (large == std::string::npos || small > large)) return true;
    if (large != std::string::npos) return false;
  }
  return facts.folder.has("scheduler") && facts.flow_shift <= 3;
}

// SkyReels-V2 whose latent frames have timesteps of their own: by the pipeline's class, as most of these
// networks have the shape of the others, or by what only the smallest is told.
bool is_diffusion_forcing(const ModelFolder& folder, const TransformerConfig& transformer) {
  return folder.pipeline.starts_with("SkyReelsV2DiffusionForcing") || transformer.inject_sample_info;
}

// README.md of SkyReels-V2. Its models for 540p and for 720p have one shape and differ by their names; of an
// image it says 5 for guidance and shift.
void skyreels_defaults(ModelFacts& facts) {
  const bool large =
      lower(facts.folder.dir.filename().string()).find("720p") != std::string::npos ||
      lower(facts.folder.source("transformer").path.string()).find("720p") != std::string::npos;
  const bool forcing = facts.folder.expand_timesteps;
  facts.family = std::string("SkyReels-V2 ") +
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
}

// What the publishers recommend, told by the width of the transformer, by how it takes images and by
// model_index.json. Sources: wan/configs and generate.py of the original repositories, the README of each
// model, the examples in diffusers' Wan documentation.
void family_defaults(ModelFacts& facts) {
  const bool two_experts = facts.folder.boundary_ratio && facts.folder.has("transformer_2");
  const auto hd = [&] {
    facts.width = 1280;
    facts.height = 720;
  };
  if (facts.skyreels) {
    skyreels_defaults(facts);
    return;
  }
  facts.negative_prompt = kNegativePrompt;
  if (facts.folder.expand_timesteps && facts.transformer_dim == 3072) {
    facts.family = "Wan 2.2 TI2V-5B";
    facts.width = 1280;
    facts.height = 704;
    facts.frames = 121;
    facts.fps = 24;
  } else if (facts.image.joined && two_experts && facts.transformer_dim == 5120) {
    facts.family = "Wan 2.2 I2V-A14B";
    hd();
    facts.steps = 40;
    facts.guidance = 3.5;
    facts.guidance_2 = 3.5;
  } else if (two_experts && facts.transformer_dim == 5120) {
    facts.family = "Wan 2.2 T2V-A14B";
    hd();
    facts.steps = 40;
    facts.guidance = 4;
    facts.guidance_2 = 3;
  } else if (facts.image.two_images && facts.transformer_dim == 5120) {
    facts.family = "Wan 2.1 FLF2V 14B";
    hd();
  } else if (facts.image.joined && facts.image.tokens && facts.transformer_dim == 5120) {
    const bool small = is_for_480p(facts);
    facts.family = std::string("Wan 2.1 I2V 14B ") + (small ? "480P" : "720P");
    if (!small) hd();
    facts.steps = 40;
    if (!facts.folder.has("scheduler")) facts.flow_shift = small ? 3 : 5;
  } else if (facts.image.joined) {
    facts.family = "Wan image to video";
    if (facts.transformer_dim != 5120) facts.negative_prompt.clear();
  } else if (facts.transformer_dim == 5120) {
    facts.family = "Wan 2.1 T2V 14B";
    hd();
  } else if (facts.transformer_dim == 1536) {
    facts.family = "Wan 2.1 T2V 1.3B";
  } else {
    facts.family = "Wan";
    facts.negative_prompt.clear();  // whatever it is, it is not one of theirs
  }
  facts.is_published = !facts.negative_prompt.empty();
}

/// `table` names the tensor that is read by rows; empty: none.
NetworkSize count_weights(ModelFacts& facts, const Checkpoint& checkpoint, const std::string& table = "") {
  NetworkSize size;
  for (const auto& name : checkpoint.names()) {
    const TensorInfo& info = *checkpoint.find(name);
    size.stored += info.end - info.begin;
    size.parameters += info.elements();
    if (name == table) {
      size.table_bytes = info.end - info.begin;
    } else {
      size.largest = std::max(size.largest, info.elements());
    }
  }
  facts.weight_bytes += checkpoint.bytes();
  facts.parameters += size.parameters;
  return size;
}

// Of a model that attends to images.
void read_image_encoder(ModelFacts& facts, const TransformerConfig& config) {
  require_image_encoder(facts.folder);
  const ComponentSource source = facts.folder.source("image_encoder");
  const auto files = clip::open_image_encoder(source, image_processor_of(facts.folder));
  if (files.config.hidden_size != *config.image_dim) {
    throw Error(ErrorKind::data, "image_encoder",
                source.path.string() + ": is " + std::to_string(files.config.hidden_size) +
                    " wide, expected " + std::to_string(*config.image_dim) + ", the transformer's image_dim");
  }
  const std::int64_t tokens = files.config.tokens();
  if (config.pos_embed_seq_len && *config.pos_embed_seq_len != 2 * tokens) {
    throw Error(ErrorKind::data, "image_encoder",
                source.path.string() + ": makes " + std::to_string(tokens) +
                    " tokens of an image, expected " + std::to_string(*config.pos_embed_seq_len / 2) +
                    ", half of the transformer's pos_embed_seq_len");
  }
  facts.image_encoder = count_weights(facts, files.checkpoint);
}

TransformerConfig read_transformer(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("transformer");
  const auto [config, checkpoint] = open_transformer(source);
  if (config.patch_size[0] != 1) {
    throw Error(ErrorKind::data, "transformer",
                source.path.string() + ": patch_size starts with " + std::to_string(config.patch_size[0]) +
                    ", expected 1: patches that span latent frames are not supported");
  }
  facts.patch_height = static_cast<int>(config.patch_size[1]);
  facts.patch_width = static_cast<int>(config.patch_size[2]);
  facts.latent_channels = static_cast<int>(config.out_channels);
  facts.image.tokens = config.image_dim.has_value();
  facts.image.two_images = config.pos_embed_seq_len.has_value();
  facts.text_dim = config.text_dim;
  facts.transformer_dim = config.dim();
  facts.skyreels = config.skyreels;
  facts.layers = config.num_layers;
  facts.ffn_dim = config.ffn_dim;
  facts.transformer = count_weights(facts, checkpoint);
  // Three matrices of attention are one.
  facts.transformer.largest =
      std::max(facts.transformer.largest, static_cast<std::uint64_t>(3 * config.dim() * config.dim()));
  if (config.image_dim) read_image_encoder(facts, config);
  if (!facts.folder.has("transformer_2")) return config;
  const auto second = open_transformer(facts.folder.source("transformer_2"));
  if (second.config.in_channels != config.in_channels || second.config.out_channels != config.out_channels ||
      second.config.text_dim != config.text_dim) {
    throw Error(ErrorKind::data, "transformer",
                facts.folder.source("transformer_2").path.string() + ": takes " +
                    std::to_string(second.config.in_channels) + " channels and text of width " +
                    std::to_string(second.config.text_dim) + ", expected " +
                    std::to_string(config.in_channels) + " and " + std::to_string(config.text_dim) +
                    " as the first expert");
  }
  facts.transformer_2 = count_weights(facts, second.checkpoint);
  return config;
}

// What goes into the transformer beside the latents: nothing, or a mask for each frame that a latent stands
// for and the latents of a video of the images.
void check_channels(ModelFacts& facts, const TransformerConfig& config) {
  const std::int64_t joined = config.in_channels - config.out_channels;
  facts.image.joined = joined == facts.temporal_scale + facts.latent_channels;
  if (joined == 0 || facts.image.joined) return;
  throw Error(ErrorKind::data, "transformer",
              facts.folder.source("transformer").path.string() + ": takes " +
                  std::to_string(config.in_channels) + " channels and gives " +
                  std::to_string(config.out_channels) +
                  ", expected as many or, for a model of image to video, " +
                  std::to_string(2 * facts.latent_channels + facts.temporal_scale) +
                  "; models with other inputs (VACE, control) are not supported");
}

void read_vae(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("vae");
  const auto [config, checkpoint] = open_vae(source);
  facts.spatial_scale = static_cast<int>(config.scale_factor_spatial);
  facts.temporal_scale = static_cast<int>(config.scale_factor_temporal);
  facts.vae_config = config;
  if (config.z_dim != facts.latent_channels) {
    throw Error(ErrorKind::data, "vae",
                source.path.string() + ": z_dim is " + std::to_string(config.z_dim) + ", expected " +
                    std::to_string(facts.latent_channels) + ", the transformer's out_channels");
  }
  facts.vae = count_weights(facts, checkpoint);
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
  const bool old = !files.checkpoint.find("shared.weight");  // as T5Encoder finds it
  facts.text_encoder =
      count_weights(facts, files.checkpoint, old ? "encoder.embed_tokens.weight" : "shared.weight");
  facts.tokenizer = tokenizer_of(facts.folder);
}

// Without a scheduler_config.json: sample_shift in wan/configs of the original repository.
double published_flow_shift(const ModelFacts& facts) {
  if (facts.image.two_images) return 16;
  return facts.folder.has("transformer_2") && !facts.image.joined ? 12 : 5;
}

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
  if (config.has("guidance_scale")) facts.image_guidance.reset();
  facts.flow_shift = config.number("flow_shift", facts.flow_shift);
  if (config.has("flow_shift")) facts.image_flow_shift.reset();
  facts.negative_prompt = config.string("negative_prompt", facts.negative_prompt);
  if (config.has("steps")) facts.few_step.reset();  // whoever wrote this knows more than a name says
  facts.res = config.string("default_res", facts.res);
  facts.vocabulary = config.strings("vocabulary", std::vector<std::string>());
  std::sort(facts.vocabulary.begin(), facts.vocabulary.end());
  facts.smallest_area = config.integer_in("smallest_area", 0, 1 << 24, facts.smallest_area);
}

// The pipelines of diffusers whose networks are known here.
void check_pipeline(const ModelFacts& facts, const std::filesystem::path& dir) {
  const std::string& pipeline = facts.folder.pipeline;
  if (pipeline == "WanPipeline" || pipeline == "WanImageToVideoPipeline" ||
      pipeline == "SkyReelsV2Pipeline" || pipeline == "SkyReelsV2ImageToVideoPipeline" ||
      pipeline.starts_with("SkyReelsV2DiffusionForcing")) {
    return;
  }
  throw Error(
      ErrorKind::data, "checkpoint",
      (dir / "model_index.json").string() + ": _class_name is \"" + pipeline +
          "\", expected WanPipeline, WanImageToVideoPipeline or one of SkyReelsV2's; other models are not "
          "known");
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
  check_pipeline(facts, dir);
  const TransformerConfig transformer = read_transformer(facts);
  read_vae(facts);
  if (is_diffusion_forcing(facts.folder, transformer)) facts.folder.expand_timesteps = true;
  check_channels(facts, transformer);
  // The share of the noise levels that is the first expert's, by the publishers; told by the channels.
  if (facts.folder.has("transformer_2") && !facts.folder.boundary_ratio) {
    facts.folder.boundary_ratio = facts.image.joined ? 0.900 : 0.875;
  }
  read_scheduler(facts);
  read_text_encoder(facts);
  family_defaults(facts);
  facts.few_step = find_few_step({facts.folder.source("transformer").path, facts.folder.dir});
  read_own_defaults(facts);
  return facts;
}

}  // namespace sora::wan
