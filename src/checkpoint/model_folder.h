// Model folders in the diffusers layout: model_index.json, and a folder for each component.
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
  /// For a file: the folder of a component of the same kind, whose config.json has what cannot be seen from
  /// the shapes in the file; empty: none.
  std::filesystem::path reference;

  ComponentSource() = default;
  ComponentSource(std::filesystem::path path_,
                  std::filesystem::path reference_ = {})  // NOLINT: implicit, so that a path is a source
      : path(std::move(path_)), reference(std::move(reference_)) {}

  bool is_file() const { return !std::filesystem::is_directory(path); }
  /// Opens the weights. Throws Error: no_input, refused, data.
  Checkpoint open(const std::string& stem) const {
    return is_file() ? Checkpoint(path) : Checkpoint(path, stem);
  }
};

/// The components of a model, from model_index.json or found without it.
struct ModelFolder {
  std::filesystem::path dir;                      ///< empty for a model of single files
  std::string pipeline;                           ///< _class_name
  std::map<std::string, std::string> components;  ///< name -> class name; absent ones are left out
  std::optional<double> boundary_ratio;
  bool expand_timesteps = false;
  /// Components that are not in the folder with their name.
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

/// Finds a model: `name` is the path of a folder, OWNER/NAME in the hub's cache (hub_cache.h), or the name of
/// a folder on the search path. That is $SORA_GEN_MODELS, ~/.local/share/sora-gen/models (where
/// scripts/fetch-model puts models), <prefix>/share/sora-gen/models and the repository's models/. Throws
/// Error (no_input) that lists the folders.
std::filesystem::path find_model(const std::string& name);

/// What a model in a folder is called: its repository's NAME where the hub's cache has it, whose folders have
/// the names of versions; else the folder's own name.
std::string folder_name(const std::filesystem::path& dir);

/// The folders of the search path that exist, in order.
std::vector<std::filesystem::path> model_search_path();

}  // namespace sora
