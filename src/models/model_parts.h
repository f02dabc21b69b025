// The networks of a model as files: what families share when they look for a model's parts in a folder, or
// take those that options name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/model_folder.h"

namespace sora {

/// The networks in a weight file, by the names of its tensors; all-in-one files have several.
struct NetworksInFile {
  bool transformer = false;
  bool vae = false;
  bool text_encoder = false;
  bool image_encoder = false;

  bool any() const { return transformer || vae || text_encoder || image_encoder; }
};

/// The option that names the file of a component: --text-encoder.
std::string option_of(std::string component);

/// The .safetensors and .gguf files that lie in a folder itself, sorted; none where it cannot be read.
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& dir);

/// Takes the only file that could be the component; none leaves it out. Throws Error (data) where there are
/// several.
void choose_part(const std::filesystem::path& dir, const std::string& component,
                 const std::vector<std::filesystem::path>& files, ModelFolder& folder);

/// Puts `file` in the place of a component. `described`: the folder has a model_index.json, and the component
/// in it, if any, has what the file's tensors do not show. Throws Error (no_input) where there is no such
/// file.
void replace_part(ModelFolder& folder, const std::string& component, const std::filesystem::path& file,
                  bool described);

/// Throws Error (no_input): the model has no such component, and which option names one.
[[noreturn]] void report_missing_part(const ModelFolder& folder, const std::string& component,
                                      const std::string& hint = "");

}  // namespace sora
