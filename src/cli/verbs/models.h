// The models on the search path, described by their configs and file headers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"

namespace sora {

struct FoundModel {
  std::string name;
  std::filesystem::path dir;
  std::string family;  ///< such as "Wan 2.2 TI2V-5B"
  std::string pipeline;
  std::uint64_t weight_bytes = 0;
  int width = 0;  ///< native size; below, native length and frame rate
  int height = 0;
  int frames = 0;
  double fps = 0;
  int steps = 0;
  std::vector<std::string> words;  ///< words that it was trained with, sorted; empty: not known
  std::optional<ModelFacts> facts;  ///< none where it cannot be used
  std::string problem;             ///< why it cannot be used; empty when it can
};

/// One entry for each folder that may be a model; of several with the same name only the first, which --model
/// uses.
std::vector<FoundModel> find_models();

}  // namespace sora
