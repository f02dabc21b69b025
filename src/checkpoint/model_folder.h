// Checkpoint folders in the diffusers layout: model_index.json, one folder a component, weights as one
// safetensors file or as shards behind an index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"

namespace sora {

/// The weight files of one component, opened, with one name space over all shards.
class Checkpoint {
 public:
  /// Opens `<folder>/<stem>.safetensors` or the shards that `<folder>/<stem>.safetensors.index.json`
  /// names. Throws Error: no_input, refused (only pickled weights there), data.
  Checkpoint(const std::filesystem::path& folder, const std::string& stem);

  const std::filesystem::path& folder() const { return folder_; }
  std::vector<std::string> names() const;
  const TensorInfo* find(const std::string& name) const;  ///< null if there is none
  void read(const std::string& name, void* destination) const;
  std::uint64_t bytes() const;  ///< size of all files

 private:
  struct Entry {
    std::size_t file;
    const TensorInfo* info;
  };
  void add(SafetensorsFile file, const std::map<std::string, std::string>* weight_map);

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::map<std::string, Entry> entries_;
};

/// model_index.json.
struct ModelFolder {
  std::filesystem::path dir;
  std::string pipeline;                           ///< _class_name
  std::map<std::string, std::string> components;  ///< name -> class name; absent ones are left out
  std::optional<double> boundary_ratio;
  bool expand_timesteps = false;

  bool has(const std::string& component) const { return components.count(component) != 0; }
  /// The component's folder. Throws Error (data) when model_index.json does not name it, no_input when
  /// the folder is missing.
  std::filesystem::path component(const std::string& name) const;
};

/// Throws Error: no_input (no such folder, or no model_index.json in it), data.
ModelFolder open_model_folder(const std::filesystem::path& dir);

/// Finds `name`: a folder if it is a path to one, else a folder of that name on the search path
/// ($SORA_GEN_MODELS, <prefix>/share/sora-gen/models, the repo's models/). Throws Error (no_input)
/// that lists where it looked.
std::filesystem::path find_model(const std::string& name);

/// The search path, in order, existing folders only.
std::vector<std::filesystem::path> model_search_path();

/// The usual stem of a component's weights: "model" for transformers' classes, else
/// "diffusion_pytorch_model".
std::string weight_stem(const std::string& component);

}  // namespace sora
