// What planning needs to know of a Wan checkpoint, read from its configs and file headers alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "models/wan/few_step.h"
#include "models/wan/model_files.h"
#include "models/wan/vae_config.h"
#include "sampling/config/scheduler_config.h"

namespace sora::wan {

/// How a model takes the images that a video begins from and ends with.
struct ImageInput {
  /// Beside the noisy latents it takes a mask and the latents of a video of these images
  /// (pipeline/inputs/image_condition.h): it makes no video without an image.
  bool joined = false;
  bool tokens = false;      ///< it also attends to the tokens of an image encoder (Wan 2.1)
  bool two_images = false;  ///< of the first and the last image, always both
};

/// How large a network's weights are.
struct NetworkSize {
  std::uint64_t stored = 0;       ///< bytes in its files
  std::uint64_t parameters = 0;   ///< elements
  std::uint64_t largest = 0;      ///< elements of the largest matrix of a layer
  std::uint64_t table_bytes = 0;  ///< of `stored`: a table that is read by rows (the text encoder's words)
};

struct ModelFacts {
  ModelFolder folder;
  std::filesystem::path tokenizer;  ///< a folder, or a file that holds it

  // Geometry
  int latent_channels = 0;  ///< channels of the latents
  ImageInput image;
  bool skyreels = false;      ///< SkyReels-V2
  std::int64_t text_dim = 0;  ///< width of the prompt's vectors
  int spatial_scale = 8;      ///< pixels a latent cell
  int temporal_scale = 4;     ///< frames a latent frame (the first stands alone)
  int patch_height = 2;       ///< latent cells a token
  int patch_width = 2;
  std::string scheduler;  ///< unipc, euler or dpm++
  double flow_shift = 1;

  // Defaults: published ones of the family, replaced by those of sora-gen.json in the folder
  std::string family;         ///< such as "Wan 2.2 TI2V-5B"
  bool is_published = false;  ///< of that family's size, so that its settings are the publisher's
  int width = 832;
  int height = 480;
  int frames = 81;
  double fps = 16;
  int steps = 50;
  double guidance = 5;
  std::optional<double> guidance_2;
  std::optional<double> image_guidance, image_flow_shift;  ///< others for a video that begins from an image
  std::string negative_prompt;
  std::optional<NamedFewStep> few_step;  ///< its weights are distilled ones, by their name
  std::string res;                       ///< of the file, where it is not the native size; empty: native
  std::vector<std::string> vocabulary;   ///< words it was trained with, sorted; empty: it does not say
  std::int64_t smallest_area = 0;        ///< pixels; smaller pictures are made at this area and reduced

  // Sizes
  std::uint64_t weight_bytes = 0;                                            ///< all weight files
  std::uint64_t parameters = 0;                                              ///< elements in them
  NetworkSize transformer, transformer_2, text_encoder, image_encoder, vae;  ///< 0 where there is none
  std::int64_t layers = 0;                                                   ///< blocks of the transformer
  std::int64_t ffn_dim = 0;          ///< inner width of their feed-forward
  std::int64_t transformer_dim = 0;  ///< width of the token stream
  VaeConfig vae_config;
};

/// Opens every file header of the model (open_wan_model), so that what is missing, pickled or damaged is
/// found before any work. Throws Error: no_input, data, refused.
ModelFacts read_model(const std::filesystem::path& dir, const Replacements& replacements = {});

/// The scheduler of a model that has no scheduler_config.json: UniPC for flow matching, as all published
/// Wan models have it.
SchedulerConfig published_scheduler(double flow_shift);

}  // namespace sora::wan
