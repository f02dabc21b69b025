#include "models/wan/facts.h"

#include <algorithm>

#include "models/clip/files.h"
#include "models/t5/files.h"
#include "models/t5/schema.h"
#include "models/wan/components.h"
#include "models/wan/few_step.h"
#include "models/wan/model_files.h"
#include "models/wan/transformer_schema.h"
#include "models/wan/vae_memory.h"
#include "models/wan/vae_schema.h"
#include "models/weight_counts.h"
#include "sora/error.h"

namespace sora::wan {
namespace {

// For a model that attends to the tokens of an image encoder.
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
  facts.heads = config.num_attention_heads;
  facts.layers = config.num_layers;
  facts.ffn_dim = config.ffn_dim;
  facts.control_layers = static_cast<std::int64_t>(config.vace_layers.size());
  facts.transformer = count_weights(facts, checkpoint);
  // The network merges the matrices for queries, keys and values into one.
  facts.transformer.largest =
      std::max(facts.transformer.largest, static_cast<std::uint64_t>(3 * config.dim() * config.dim()));
  if (config.image_dim) read_image_encoder(facts, config);
  if (!facts.folder.has("transformer_2")) return config;
  const auto second = open_transformer(facts.folder.source("transformer_2"));
  if (second.config.has_control() != config.has_control()) {
    throw Error(ErrorKind::data, "transformer",
                facts.folder.source("transformer_2").path.string() + ": has " +
                    (config.has_control() ? "no control branch (VACE), and the first expert has one"
                                          : "a control branch (VACE), and the first expert has none"));
  }
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

// The transformer's input has either the latents alone, or also a mask with a channel for each frame of a
// latent frame, and the encoded images.
void check_channels(ModelFacts& facts, const TransformerConfig& config) {
  const std::int64_t further = config.in_channels - config.out_channels;
  facts.image.concat = further == facts.temporal_scale + facts.latent_channels;
  // VACE: the latents of what is kept and of what is not, and a mask with a channel for each pixel of a cell.
  const std::int64_t control =
      2 * facts.latent_channels + std::int64_t{facts.spatial_scale} * facts.spatial_scale;
  if (config.has_control() && (further != 0 || config.vace_in_channels != control)) {
    throw Error(ErrorKind::data, "transformer",
                facts.folder.source("transformer").path.string() + ": takes " +
                    std::to_string(config.in_channels) + " channels and control (VACE) of " +
                    std::to_string(config.vace_in_channels) + ", expected " +
                    std::to_string(config.out_channels) + " and " + std::to_string(control));
  }
  if (further == 0 || facts.image.concat) return;
  throw Error(ErrorKind::data, "transformer",
              facts.folder.source("transformer").path.string() + ": takes " +
                  std::to_string(config.in_channels) + " channels and gives " +
                  std::to_string(config.out_channels) +
                  ", expected as many or, for an image-to-video model, " +
                  std::to_string(2 * facts.latent_channels + facts.temporal_scale) +
                  "; models with other inputs (Fun-Control, camera) are not supported");
}

void read_vae(ModelFacts& facts) {
  const ComponentSource source = facts.folder.source("vae");
  const auto [config, checkpoint] = open_vae(source);
  facts.spatial_scale = static_cast<int>(config.scale_factor_spatial);
  facts.temporal_scale = static_cast<int>(config.scale_factor_temporal);
  facts.decoder_bytes = [config = config](std::int64_t height, std::int64_t width, bool on_cpu) {
    return decoder_bytes(config, height, width, on_cpu);
  };
  facts.strip_bytes = [config = config](std::int64_t height, std::int64_t width, int ranks) {
    return strip_bytes(config, height, width, ranks);
  };
  if (config.z_dim != facts.latent_channels) {
    throw Error(ErrorKind::data, "vae",
                source.path.string() + ": z_dim is " + std::to_string(config.z_dim) + ", expected " +
                    std::to_string(facts.latent_channels) + ", the transformer's out_channels");
  }
  facts.vae = count_weights(facts, checkpoint);
  check_schema(vae_schema(config), checkpoint);
  for (const std::string& name : checkpoint.names()) {
    const TensorInfo& info = *checkpoint.find(name);
    if (name.starts_with("encoder.") || name.starts_with("quant_conv."))
      facts.vae_encoder_parameters += info.elements();
  }
  // Per-token timesteps are a key of model_index.json. Without that file the shapes decide: of the published
  // models, the one with 48 latent channels has them.
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
  facts.text_encoder = count_text_encoder(facts, files.checkpoint);
  check_schema(t5_schema(files.config, files.checkpoint), files.checkpoint, is_unused_in_text_encoder);
  facts.tokenizer = tokenizer_of(facts.folder);
}

// Names and shapes, so that a file that does not fit is refused before any work; last, since faults that were
// looked for above have messages of their own.
void check_transformers(const ModelFacts& facts) {
  for (const char* name : {"transformer", "transformer_2"}) {
    if (!facts.folder.has(name)) continue;
    const auto files = open_transformer(facts.folder.source(name));
    check_schema(transformer_schema(files.config), files.checkpoint, is_unused_in_transformer);
  }
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
  facts.sigmas = config.sigmas;
  facts.even_levels = config.even_levels;
}

}  // namespace

double published_flow_shift(const ModelFacts& facts) {
  if (facts.image.two_images || facts.control_layers > 0) return 16;
  return facts.folder.has("transformer_2") && !facts.image.concat ? 12 : 5;
}

SchedulerConfig published_scheduler(double flow_shift) {
  SchedulerConfig config;
  config.prediction_type = PredictionType::flow_prediction;
  config.use_flow_sigmas = true;
  config.flow_shift = flow_shift;
  return config;
}

ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements) {
  ModelFacts facts;
  facts.folder = open_wan_model(dir, replacements);
  const TransformerConfig transformer = read_transformer(facts);
  read_vae(facts);
  check_channels(facts, transformer);
  // The published values; the channels decide which model it is.
  if (facts.folder.has("transformer_2") && !facts.folder.boundary_ratio) {
    facts.folder.boundary_ratio = facts.image.concat ? 0.900 : 0.875;
  }
  read_scheduler(facts);
  read_text_encoder(facts);
  check_transformers(facts);
  facts.few_step = find_few_step({facts.folder.source("transformer").path, facts.folder.dir});
  // The pipeline of FastWan's models, whatever their folders are called.
  if (const std::string& pipeline = facts.folder.pipeline; !facts.few_step && pipeline == "WanDMDPipeline")
    facts.few_step = NamedFewStep{fast_wan(facts.folder.expand_timesteps ? "5b" : ""), pipeline};
  return facts;
}

}  // namespace sora::wan
