// Model folders in the diffusers layout: model_index.json, and one folder a component.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace sora {

/// Where a component is read from: a folder with config.json and weights, or one weight file.
struct ComponentSource {
  std::filesystem::path path;
  /// Folder of a component of the same kind, whose config.json tells of a file what its shapes do not;
  /// empty: none.
  std::filesystem::path reference;

  ComponentSource() = default;
  ComponentSource(std::filesystem::path path_,
                  std::filesystem::path reference_ = {})  // NOLINT: a path is one
      : path(std::move(path_)), reference(std::move(reference_)) {}

  bool is_file() const { return !std::filesystem::is_directory(path); }
  /// Opens the weights. Throws Error: no_input, refused, data.
  Checkpoint open(const std::string& stem) const {
    return is_file() ? Checkpoint(path) : Checkpoint(path, stem);
  }
};

/// model_index.json, and what stands in for it.
struct ModelFolder {
  std::filesystem::path dir;                      ///< empty for a model of single files
  std::string pipeline;                           ///< _class_name
  std::map<std::string, std::string> components;  ///< name -> class name; absent ones are left out
  std::optional<double> boundary_ratio;
  bool expand_timesteps = false;
  /// Components that lie elsewhere than in the folder that bears their name.
  std::map<std::string, ComponentSource> elsewhere;

  bool has(const std::string& component) const { return components.count(component) != 0; }
  /// The component's folder. Throws Error (data) when model_index.json does not name it, no_input when
  /// the folder is missing.
  std::filesystem::path component(const std::string& name) const;
  /// Where to read the component from. Throws Error as component().
  ComponentSource source(const std::string& name) const;
};

/// Throws Error: no_input (no such folder, or no model_index.json in it), data.
ModelFolder open_model_folder(const std::filesystem::path& dir);

/// Finds `name`: a folder if it is a path to one, else what the hub's cache has of OWNER/NAME (hub_cache.h),
/// or a folder of that name on the search path ($SORA_GEN_MODELS, ~/.local/share/sora-gen/models, where
/// scripts/fetch-model puts them, <prefix>/share/sora-gen/models, the repo's models/). Throws Error
/// (no_input) that lists where it looked.
std::filesystem::path find_model(const std::string& name);

/// The search path, in order, existing folders only.
std::vector<std::filesystem::path> model_search_path();

/// The usual stem of a component's weights: "model" for transformers' classes, else
/// "diffusion_pytorch_model".
std::string weight_stem(const std::string& component);

}  // namespace sora
