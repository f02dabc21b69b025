#include "models/opensora/model_files.h"

#include <algorithm>
#include <vector>

#include "models/clip/tokenizer_place.h"
#include "models/hunyuan/vae_config.h"
#include "models/opensora/transformer_config.h"
#include "models/t5/files.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::opensora {
namespace {

constexpr const char* kT5 = "google/t5-v1_1-xxl";
constexpr const char* kClip = "openai/clip-vit-large-patch14";

[[noreturn]] void missing(const std::string& what) { throw Error(ErrorKind::no_input, "checkpoint", what); }

using Check = bool (*)(const Checkpoint&);

// False where the file cannot be read, which whoever opens it reports.
bool holds(const fs::path& file, Check check) {
  std::error_code code;
  if (!fs::is_regular_file(file, code)) return false;
  try {
    return check(Checkpoint(file));
  } catch (const Error&) {
    return false;
  }
}

// The file of a component among those in the folder, by what is in it.
void find(const fs::path& dir, const std::string& component, Check check, const Replacements& replacements,
          ModelFolder& folder) {
  if (replacements.count(component) != 0) return;
  std::vector<fs::path> found;
  for (const fs::path& file : weight_files(dir)) {
    if (check(Checkpoint(file))) found.push_back(file);
  }
  if (found.empty()) {
    missing(dir.string() + ": has no " + component +
            (component == "vae" ? "; add hunyuan_vae.safetensors of hpcai-tech/Open-Sora-v2, or give it with "
                                  "--vae FILE"
                                : "; add Open_Sora_v2.safetensors, or give it with --transformer FILE"));
  }
  choose_part(dir, component, found, folder);
}

void need_folder(const fs::path& dir, const std::string& component, const char* name, ModelFolder& folder) {
  const fs::path place = dir / name;
  if (!fs::is_directory(place)) {
    missing(dir.string() + ": has no folder " + name + ", expected the " + component +
            " of hpcai-tech/Open-Sora-v2 there: its config.json, weights and tokenizer");
  }
  folder.elsewhere[component] = place;
}

}  // namespace

bool is_opensora_model(const fs::path& dir, const Replacements& replacements) {
  std::error_code code;
  if (!dir.empty() && fs::exists(dir / "model_index.json", code)) return false;
  const auto replaced = replacements.find("transformer");
  if (replaced != replacements.end()) return holds(replaced->second, is_opensora_transformer);
  const auto files = weight_files(dir);
  return std::any_of(files.begin(), files.end(),
                     [](const fs::path& file) { return holds(file, is_opensora_transformer); });
}

ModelFolder open_opensora_model(const fs::path& dir, const Replacements& replacements) {
  ModelFolder folder;
  folder.dir = dir;
  folder.pipeline = "OpenSora";
  if (dir.empty()) {
    missing(
        "Open-Sora 2.0 is given as a folder: beside its transformer it needs google/t5-v1_1-xxl and "
        "openai/clip-vit-large-patch14; use --model FOLDER");
  }
  find(dir, "transformer", is_opensora_transformer, replacements, folder);
  find(dir, "vae", hunyuan::is_hunyuan_vae, replacements, folder);
  if (replacements.count("text_encoder") == 0) need_folder(dir, "text_encoder", kT5, folder);
  need_folder(dir, "text_encoder_2", kClip, folder);
  for (const auto& [component, file] : replacements) {
    std::error_code code;
    if (!fs::exists(file, code)) missing("--" + component + " " + file.string() + ": no such file");
    folder.elsewhere[component] = ComponentSource(file);
    if (component == "text_encoder" && fs::is_directory(dir / kT5, code))
      folder.elsewhere[component].reference = dir / kT5;
  }
  for (const auto& entry : folder.elsewhere) folder.components[entry.first] = "file";
  return folder;
}

fs::path tokenizer_of(const ModelFolder& folder) {
  const ComponentSource encoder = folder.source("text_encoder");
  if (encoder.is_file()) {
    if (const auto beside = tokenizer_beside(encoder.path)) return *beside;
  } else if (holds_tokenizer(encoder.path)) {
    return encoder.path;
  }
  if (holds_tokenizer(folder.dir / kT5)) return folder.dir / kT5;
  missing(encoder.path.string() + ": has no tokenizer; put the spiece.model of google/t5-v1_1-xxl there");
}

}  // namespace sora::opensora
