#include "models/ltx/facts.h"

#include <algorithm>
#include <cmath>

#include "models/ltx/components.h"
#include "models/ltx/model_files.h"
#include "models/ltx/vae_memory.h"
#include "models/t5/files.h"
#include "models/t5/schema.h"
#include "models/weight_counts.h"
#include "sora/error.h"

namespace sora::ltx {
namespace {

void read_transformer(ModelFacts& facts) {
  const auto [config, checkpoint] = open_transformer(facts.folder.source("transformer"));
  facts_of_transformer(facts, config);
  facts.transformer = count_weights(facts, checkpoint);
  // The network merges the matrices for queries, keys and values into one.
  facts.transformer.largest =
      std::max(facts.transformer.largest, static_cast<std::uint64_t>(3 * config.dim() * config.dim()));
}

VaeConfig read_vae(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("vae");
  auto [config, checkpoint] = open_vae(source);
  facts_of_vae(facts, config);
  if (config.latent_channels != facts.latent_channels) {
    throw Error(ErrorKind::data, "vae",
                source.path.string() + ": latent_channels is " + std::to_string(config.latent_channels) +
                    ", expected " + std::to_string(facts.latent_channels) +
                    ", the transformer's in_channels");
  }
  facts.vae = count_weights(facts, checkpoint);
  for (const std::string& name : checkpoint.names()) {
    if (name.starts_with("encoder.")) facts.vae_encoder_parameters += checkpoint.find(name)->elements();
  }
  return config;
}

void read_text_encoder(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("text_encoder");
  const T5Files files = open_text_encoder(source);
  if (files.config.d_model != facts.text_dim) {
    throw Error(ErrorKind::data, "text_encoder",
                source.path.string() + ": is " + std::to_string(files.config.d_model) + " wide, expected " +
                    std::to_string(facts.text_dim) + ", the transformer's caption_channels");
  }
  facts.text_encoder = count_text_encoder(facts, files.checkpoint);
  check_schema(t5_schema(files.config, files.checkpoint), files.checkpoint, is_unused_in_text_encoder);
  facts.tokenizer = tokenizer_of(facts.folder);
}

// Of LTXConditionPipeline: half of the steps take away the first 2.5 % of the noise, evenly; the others take
// more and more.
std::vector<double> linear_quadratic_timesteps(int steps) {
  constexpr double threshold = 0.025;
  if (steps < 2) return {1000};
  const int linear = steps / 2;
  const double quadratic = steps - linear, difference = linear - threshold * steps;
  const double square = difference / (linear * quadratic * quadratic);
  const double slope = threshold / linear - 2 * difference / (quadratic * quadratic);
  std::vector<double> timesteps;
  for (int i = 0; i < steps; ++i) {
    const double gone =
        i < linear ? i * threshold / linear : square * i * i + slope * i + square * linear * linear;
    timesteps.push_back(1000 * (1 - gone));
  }
  return timesteps;
}

}  // namespace

void facts_of_transformer(ModelFacts& facts, const TransformerConfig& config) {
  facts.patch_height = facts.patch_width = 1;
  facts.latent_channels = static_cast<int>(config.in_channels);
  facts.text_dim = config.caption_channels;
  facts.text_rows = text_rows(facts.folder);
  facts.transformer_dim = config.dim();
  facts.heads = config.num_attention_heads;
  facts.layers = config.num_layers;
  facts.ffn_dim = config.ffn_dim();
}

void facts_of_vae(ModelFacts& facts, const VaeConfig& config) {
  facts.spatial_scale = static_cast<int>(config.spatial_scale);
  facts.temporal_scale = static_cast<int>(config.temporal_scale);
  facts.decoder_bytes = [config](std::int64_t height, std::int64_t width, bool on_cpu) {
    return decoder_bytes(config, height, width, on_cpu);
  };
}

void facts_of_scheduler(ModelFacts& facts, const SchedulerConfig& config) {
  facts.scheduler = config.scheduler;
  facts.flow_shift = config.flow_shift;
  facts.even_levels = true;
  if (is_of_later_pipeline(facts.folder)) facts.timesteps_of_steps = linear_quadratic_timesteps;
  if (!config.dynamic_shift) return;
  facts.flow_shift_of_tokens = [shift = *config.dynamic_shift](std::int64_t tokens, std::int64_t) {
    return std::exp(shift.at(static_cast<double>(tokens)));
  };
}

// Up to 0.9.1 the noise levels depend on the number of tokens and end at 0.1.
SchedulerConfig published_scheduler(bool later) {
  SchedulerConfig config;
  config.scheduler = "euler";
  config.prediction_type = PredictionType::flow_prediction;
  config.use_flow_sigmas = true;
  if (later) return config;
  config.shift_terminal = 0.1;
  config.dynamic_shift = DynamicShift{0.95, 2.05, 1024, 4096};
  return config;
}

// Of the published models; the form of the autoencoder tells the version. Sources: the pipelines of diffusers
// and the examples of their documentation, and inference.py of Lightricks' repository.
void published_defaults(ModelFacts& facts, const VaeConfig& vae) {
  const bool small = facts.transformer_dim == 2048, large = facts.transformer_dim == 4096;
  facts.is_published = small || large;
  facts.title = std::string("LTX-Video") +
                (small   ? " 2B"
                 : large ? " 13B"
                         : "") +
                (!facts.is_published         ? ""
                 : vae.folds                 ? (large ? " 0.9.7" : " 0.9.5")
                 : vae.timestep_conditioning ? " 0.9.1"
                                             : " 0.9.0");
  facts.width = 704;
  facts.height = 480;
  facts.frames = 161;
  facts.fps = 25;
  facts.fps_range = {8, 60};
  facts.steps = 50;
  facts.guidance = 3;
  if (facts.is_published)
    facts.negative_prompt = "worst quality, inconsistent motion, blurry, jittery, distorted";
}

SchedulerConfig scheduler_of(const ModelFolder& folder) {
  const bool later = is_of_later_pipeline(folder);
  if (!folder.has("scheduler")) return published_scheduler(later);
  const std::filesystem::path path = folder.component("scheduler") / "scheduler_config.json";
  SchedulerConfig config =
      read_scheduler_config(path, later ? ShiftByTokens::refused : ShiftByTokens::allowed);
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::data, "scheduler", path.string() + ": " + what);
  };
  if (config.scheduler != "euler") {
    refuse("_class_name is that of " + config.scheduler +
           ", expected FlowMatchEulerDiscreteScheduler, which LTX-Video's pipelines use");
  }
  // It takes timesteps as they are, and would shift the noise levels that belong to them.
  if (later && (config.flow_shift != 1 || config.shift_terminal))
    refuse("has shift or shift_terminal, expected neither with LTXConditionPipeline");
  return config;
}

ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements) {
  ModelFacts facts;
  facts.folder = open_ltx_model(dir, replacements);
  read_transformer(facts);
  const VaeConfig vae = read_vae(facts);
  facts_of_scheduler(facts, scheduler_of(facts.folder));
  read_text_encoder(facts);
  published_defaults(facts, vae);
  facts.few_step = find_few_step({facts.folder.source("transformer").path, facts.folder.dir});
  return facts;
}

}  // namespace sora::ltx
