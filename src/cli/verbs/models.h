// The models on the search path, with what their configs and file headers tell.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sora {

struct FoundModel {
  std::string name;
  std::filesystem::path dir;
  std::string family;  ///< such as "Wan 2.2 TI2V-5B"
  std::string pipeline;
  std::uint64_t weight_bytes = 0;
  int width = 0;  ///< native size, length and rate
  int height = 0;
  int frames = 0;
  double fps = 0;
  int steps = 0;
  std::vector<std::string> words;  ///< that it was trained with, sorted; empty: it does not say
  std::string problem;             ///< why it cannot be used; empty when it can
};

/// One entry for each folder that holds a model_index.json; of several with one name, the first, which is
/// the one that --model takes.
std::vector<FoundModel> find_models();

}  // namespace sora
