// Which files of a folder are the weights of a component: one file, or shards with or without an index; also
// in the variants that diffusers writes, such as NAME.fp16.safetensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sora {

struct WeightSet {
  std::vector<std::filesystem::path> files;  ///< one, or all shards in order; empty where there is an index
  std::filesystem::path index;               ///< which names the shards and their tensors; may be empty

  bool empty() const { return files.empty() && index.empty(); }
};

/// The weights of `stem` in `folder`; of several variants that without a name, else fp16, bf16, fp32 or the
/// first by name. Empty: there are none. Throws Error (data) where some shards of a set are missing.
WeightSet find_weights(const std::filesystem::path& folder, const std::string& stem);

}  // namespace sora
