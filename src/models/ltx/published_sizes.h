// The published LTX-Video models by the shapes of their networks, so that a plan can be made for files that
// are not here. No tensors; tests/models/ltx/published_sizes_test.cpp counts the networks' own schemas.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "models/ltx/transformer_config.h"
#include "models/ltx/vae_config.h"

namespace sora::ltx {

struct PublishedSizes {
  std::string short_name;  ///< as in checkpoint/published_models.h
  TransformerConfig transformer;

  // Elements
  std::uint64_t transformer_parameters = 0;
};

/// All of checkpoint/published_models.h that are LTX-Video models: of 0.9.5 and later, so with one
/// autoencoder.
const std::vector<PublishedSizes>& published_sizes();

/// The autoencoder of 0.9.5 and later; its elements, and those of the text encoder of all (t5_xxl()).
VaeConfig vae_095();
constexpr std::uint64_t vae_parameters = 1'246'913'522, vae_encoder_parameters = 694'098'881,
                        text_parameters = 4'762'310'656;

/// The facts of a model as its published files would give them, with the published defaults; none for another
/// name.
std::optional<ModelFacts> facts_of_published(const std::string& short_name);

}  // namespace sora::ltx
