#include "models/ltx/model_files.h"

#include <algorithm>
#include <vector>

#include "models/ltx/components.h"
#include "models/ltx/names.h"
#include "models/t5/files.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::ltx {
namespace {

constexpr const char* kComponent = "checkpoint";
constexpr const char* kPipeline = "LTXPipeline";
constexpr const char* kLaterPipeline = "LTXConditionPipeline";

bool is_described(const fs::path& dir) {
  std::error_code code;
  return !dir.empty() && fs::exists(dir / "model_index.json", code);
}

// What is in a file; nothing where it cannot be read, which whoever opens it reports.
Contents contents_or_none(const fs::path& file) {
  std::error_code code;
  if (!fs::is_regular_file(file, code)) return {};
  try {
    return contents_of(Checkpoint(file));
  } catch (const Error&) {
    return {};
  }
}

// Finds the components in a folder without model_index.json, by what is in its files.
ModelFolder discover(const fs::path& dir, const Replacements& replacements) {
  ModelFolder folder;
  folder.dir = dir;
  std::vector<fs::path> transformers, vaes, encoders;
  for (const fs::path& file : weight_files(dir)) {
    const Contents contents = contents_of(Checkpoint(file));
    if (contents.transformer) transformers.push_back(file);
    // An autoencoder of its own takes precedence over that beside a transformer.
    if (contents.vae && !contents.transformer) vaes.push_back(file);
    if (contents.text_encoder) encoders.push_back(file);
  }
  // A component that is replaced need not be found.
  if (!replacements.count("transformer")) choose_part(dir, "transformer", transformers, folder);
  if (!replacements.count("vae")) choose_part(dir, "vae", vaes, folder);
  if (!replacements.count("text_encoder")) choose_part(dir, "text_encoder", encoders, folder);
  return folder;
}

void require(const ModelFolder& folder, const std::string& component) {
  if (folder.has(component)) return;
  report_missing_part(
      folder, component,
      component == "text_encoder" ? "that of T5 v1.1 XXL, such as t5xxl_fp16.safetensors" : "");
}

}  // namespace

bool is_ltx_model(const fs::path& dir, const Replacements& replacements) {
  try {
    if (is_described(dir)) return open_model_folder(dir).pipeline.starts_with("LTX");
    const auto replaced = replacements.find("transformer");
    if (replaced != replacements.end()) return contents_or_none(replaced->second).transformer;
    const auto files = weight_files(dir);
    return std::any_of(files.begin(), files.end(),
                       [](const fs::path& file) { return contents_or_none(file).transformer; });
  } catch (const Error&) {
    return false;
  }
}

bool is_whole_model(const Replacements& replacements) {
  const auto transformer = replacements.find("transformer");
  if (transformer == replacements.end() || !replacements.count("text_encoder")) return false;
  const Contents contents = contents_or_none(transformer->second);
  return contents.transformer && (contents.vae || replacements.count("vae") != 0);
}

ModelFolder open_ltx_model(const fs::path& dir, const Replacements& replacements) {
  ModelFolder folder;
  const bool described = is_described(dir);
  if (described || (!dir.empty() && !fs::is_directory(dir))) {
    folder = open_model_folder(dir);
  } else if (!dir.empty()) {
    folder = discover(dir, replacements);
  }
  for (const auto& [component, file] : replacements) replace_part(folder, component, file, described);
  const auto transformer = folder.elsewhere.find("transformer");
  if (!described && !folder.elsewhere.count("vae") && transformer != folder.elsewhere.end() &&
      contents_or_none(transformer->second.path).vae) {
    folder.elsewhere["vae"] = transformer->second.path;
  }
  for (const auto& entry : folder.elsewhere) folder.components[entry.first] = "file";
  for (const char* component : {"transformer", "vae", "text_encoder"}) {
    if (!described) require(folder, component);
  }
  // The autoencoder shows the version.
  if (!described) folder.pipeline = open_vae(folder.source("vae")).config.folds ? kLaterPipeline : kPipeline;
  // Each latent frame may have a timestep of its own: that is how the model takes images and clips.
  folder.expand_timesteps = true;
  return folder;
}

bool is_of_later_pipeline(const ModelFolder& folder) { return folder.pipeline == kLaterPipeline; }

int text_rows(const ModelFolder& folder) { return is_of_later_pipeline(folder) ? 256 : 128; }

fs::path tokenizer_of(const ModelFolder& folder) {
  const auto encoder = folder.elsewhere.find("text_encoder");
  if (encoder != folder.elsewhere.end() && encoder->second.is_file()) {
    if (const auto beside = tokenizer_beside(encoder->second.path)) return *beside;
  }
  if (folder.has("tokenizer")) return folder.component("tokenizer");
  for (const char* name : {"tokenizer", "google/t5-v1_1-xxl", ""}) {
    const fs::path candidate = *name == '\0' ? folder.dir : folder.dir / name;
    if (!folder.dir.empty() && holds_tokenizer(candidate)) return candidate;
  }
  throw Error(ErrorKind::no_input, kComponent,
              (folder.dir.empty() ? encoder->second.path.string() : folder.dir.string()) +
                  ": has no tokenizer; put the spiece.model of google/t5-v1_1-xxl beside the text encoder; "
                  "every LTX-Video model has it in its folder tokenizer");
}

}  // namespace sora::ltx
