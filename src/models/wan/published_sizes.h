// The published Wan models by the shapes of their networks, so that a plan can be made for files that are not
// here. No tensors; tests/models/wan/published_sizes_test.cpp counts the networks' own schemas.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/clip/config.h"
#include "models/family.h"
#include "models/t5/config.h"
#include "models/wan/transformer_config.h"
#include "models/wan/vae_config.h"

namespace sora::wan {

struct PublishedSizes {
  std::string short_name;  ///< as in checkpoint/published_models.h
  TransformerConfig transformer;
  VaeConfig vae;
  T5Config text_encoder;
  std::optional<clip::VisionConfig> image_encoder;
  std::optional<double> boundary_ratio;  ///< two experts of the same shape
  bool expand_timesteps = false;

  // Elements
  std::uint64_t transformer_parameters = 0;
  std::uint64_t vae_parameters = 0, vae_encoder_parameters = 0;
  std::uint64_t text_parameters = 0, image_parameters = 0;

  // Bytes of an element in the published files
  int transformer_bytes = 4, text_bytes = 4, image_bytes = 4;
};

/// All of checkpoint/published_models.h that are Wan models.
const std::vector<PublishedSizes>& published_sizes();

/// Wan 2.2's video autoencoder; VaeConfig's defaults are Wan 2.1's.
VaeConfig wan22_vae();

/// The facts of a model as its published files would give them, with the published defaults; none for another
/// name.
std::optional<ModelFacts> facts_of_published(const std::string& short_name);

}  // namespace sora::wan
