#include "models/opensora/facts.h"

#include <algorithm>
#include <cmath>

#include "models/clip/files.h"
#include "models/clip/tokenizer_place.h"
#include "models/hunyuan/vae_config.h"
#include "models/hunyuan/vae_memory.h"
#include "models/opensora/model_files.h"
#include "models/opensora/prompt.h"
#include "models/opensora/transformer_config.h"
#include "models/t5/files.h"
#include "models/weight_counts.h"
#include "sora/error.h"

namespace sora::opensora {
namespace {

TransformerConfig read_transformer(ModelFacts& facts) {
  const auto [config, checkpoint] = open_transformer(facts.folder.source("transformer"));
  facts.latent_channels = static_cast<int>(config.latent_channels);
  facts.text_dim = config.context_in_dim;
  facts.text_rows = kTextRows;
  facts.transformer_dim = config.hidden_size;
  facts.layers = config.depth + config.depth_single_blocks;
  facts.ffn_dim = config.mlp_dim;
  facts.image.concat = facts.image.optional = config.cond_embed;
  facts.transformer = count_weights(facts, checkpoint);
  // Queries, keys and values are merged into one matrix.
  facts.transformer.largest = std::max(
      facts.transformer.largest, static_cast<std::uint64_t>(3 * config.hidden_size * config.hidden_size));
  return config;
}

void read_vae(ModelFacts& facts, int frames) {
  const ComponentSource source = facts.folder.source("vae");
  auto [config, checkpoint] = hunyuan::open_vae(source);
  if (config.latent_channels != facts.latent_channels) {
    throw Error(ErrorKind::data, "vae",
                source.path.string() + ": has " + std::to_string(config.latent_channels) +
                    " latent channels, expected " + std::to_string(facts.latent_channels) +
                    ", as the transformer has");
  }
  facts.spatial_scale = static_cast<int>(config.spatial_scale);
  facts.temporal_scale = static_cast<int>(config.temporal_scale);
  facts.decoder_bytes = [config = config, frames](std::int64_t height, std::int64_t width, bool) {
    return hunyuan::decoder_bytes(config, frames, height, width);
  };
  facts.vae = count_weights(facts, checkpoint);
  for (const std::string& name : checkpoint.names()) {
    if (name.starts_with("encoder.")) facts.vae_encoder_parameters += checkpoint.find(name)->elements();
  }
}

void read_text_encoders(ModelFacts& facts, const TransformerConfig& transformer) {
  const ComponentSource source = facts.folder.source("text_encoder");
  const T5Files files = open_text_encoder(source);
  if (files.config.d_model != facts.text_dim) {
    throw Error(ErrorKind::data, "text_encoder",
                source.path.string() + ": is " + std::to_string(files.config.d_model) + " wide, expected " +
                    std::to_string(facts.text_dim) + ", as txt_in of the transformer");
  }
  facts.text_encoder = count_text_encoder(facts, files.checkpoint);
  facts.tokenizer = tokenizer_of(facts.folder);

  const std::filesystem::path folder = facts.folder.source("text_encoder_2").path;
  const clip::TextEncoderFiles second = clip::open_clip_text_encoder(folder);
  if (second.config.hidden_size != transformer.vec_in_dim) {
    throw Error(ErrorKind::data, "text_encoder_2",
                folder.string() + ": is " + std::to_string(second.config.hidden_size) + " wide, expected " +
                    std::to_string(transformer.vec_in_dim) + ", as vector_in of the transformer");
  }
  if (!clip::holds_clip_tokenizer(folder)) {
    throw Error(ErrorKind::no_input, "tokenizer",
                folder.string() + ": no tokenizer.json there, and not both of vocab.json and merges.txt");
  }
  const NetworkSize size = count_weights(facts, second.checkpoint);
  facts.text_encoder.stored += size.stored;
  facts.text_encoder.parameters += size.parameters;
}

// Of configs/diffusion/inference/{256px,768px}.py.
void published_defaults(ModelFacts& facts, const TransformerConfig& config) {
  facts.is_published = config.hidden_size == 3072;
  facts.title = facts.is_published ? "Open-Sora 2.0" : "Open-Sora";
  facts.width = 1024;  // 768px at 16:9; 336x192 is 256px
  facts.height = 576;
  facts.res = "336x192";
  facts.frames = 129;
  facts.fps = kFps;
  facts.steps = 50;
  facts.guidance = config.guidance_embed ? 1 : 7.5;
  facts.negative_prompt = "";
  facts.scheduler = "euler";
  facts.even_levels = true;
  facts.flow_shift_of_tokens = flow_shift_of;
}

}  // namespace

SchedulerConfig scheduler_config() {
  SchedulerConfig config;
  config.scheduler = "euler";
  config.prediction_type = PredictionType::flow_prediction;
  config.use_flow_sigmas = true;
  return config;
}

double flow_shift_of(std::int64_t tokens, std::int64_t frames) {
  constexpr double slope = (3.0 - 1.0) / (4096 - 256), start = 1.0 - slope * 256;
  const auto of_frame = static_cast<double>(tokens / frames);
  return (slope * of_frame + start) * std::sqrt(static_cast<double>(frames));
}

ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements) {
  ModelFacts facts;
  facts.folder = open_opensora_model(dir, replacements);
  const TransformerConfig config = read_transformer(facts);
  published_defaults(facts, config);
  read_own_defaults(facts);
  read_vae(facts, facts.frames);
  read_text_encoders(facts, config);
  return facts;
}

}  // namespace sora::opensora
