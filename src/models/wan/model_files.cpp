#include "models/wan/model_files.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "checkpoint/weight_set.h"
#include "core/folders.h"
#include "models/t5/files.h"
#include "models/wan/names.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

constexpr const char* kComponent = "checkpoint";
constexpr const char* kStem = "diffusion_pytorch_model";

[[noreturn]] void missing(const std::string& what) { throw Error(ErrorKind::no_input, kComponent, what); }

bool has_weights(const fs::path& folder) { return !find_weights(folder, kStem).empty(); }

bool name_has(const fs::path& file, const std::string& part) {
  std::string name = file.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return name.find(part) != std::string::npos;
}

// Chooses the only transformer, or the pair of experts.
void choose_transformers(const fs::path& dir, const std::vector<fs::path>& files, ModelFolder& folder) {
  if (files.empty()) return;
  if (files.size() == 1) {
    folder.elsewhere["transformer"] = files[0];
    return;
  }
  const auto with = [&](const char* part) {
    return std::find_if(files.begin(), files.end(),
                        [&](const fs::path& file) { return name_has(file, part); });
  };
  const auto high = with("high"), low = with("low");
  if (files.size() == 2 && high != files.end() && low != files.end() && high != low) {
    folder.elsewhere["transformer"] = *high;
    folder.elsewhere["transformer_2"] = *low;
    return;
  }
  throw Error(ErrorKind::data, kComponent,
              dir.string() + ": has " + std::to_string(files.size()) + " transformers, " +
                  files[0].filename().string() +
                  " and others, expected one, or a pair with high and low in " +
                  "their names; choose with --transformer FILE");
}

// Finds the components in a folder without model_index.json, by what is in its files.
ModelFolder discover(const fs::path& dir, const Replacements& replacements) {
  ModelFolder folder;
  folder.dir = dir;
  folder.pipeline = "WanPipeline";
  std::vector<fs::path> transformers, vaes, encoders, image_encoders;
  const bool original = has_weights(dir);
  if (original) {
    folder.elsewhere["transformer"] = dir;
  } else if (has_weights(dir / "high_noise_model") && has_weights(dir / "low_noise_model")) {
    folder.elsewhere["transformer"] = dir / "high_noise_model";
    folder.elsewhere["transformer_2"] = dir / "low_noise_model";
  }
  for (const fs::path& file : weight_files(dir)) {
    if (file.filename().string().starts_with(kStem)) continue;  // the transformer above, or its shards
    const Contents contents = contents_of(Checkpoint(file));
    if (contents.transformer) transformers.push_back(file);
    if (contents.vae) vaes.push_back(file);
    if (contents.text_encoder) encoders.push_back(file);
    if (contents.image_encoder) image_encoders.push_back(file);
  }
  // A component that is replaced need not be found.
  if (!folder.elsewhere.count("transformer") && !replacements.count("transformer"))
    choose_transformers(dir, transformers, folder);
  if (!replacements.count("vae")) choose_part(dir, "vae", vaes, folder);
  if (!replacements.count("text_encoder")) choose_part(dir, "text_encoder", encoders, folder);
  if (!replacements.count("image_encoder")) choose_part(dir, "image_encoder", image_encoders, folder);
  if (folder.elsewhere.empty() && replacements.empty()) {
    missing(
        dir.string() +
        ": has no model_index.json and no weights of a Wan model; expected a model folder in the diffusers "
        "layout, that of the original repository, or single .safetensors or .gguf files");
  }
  for (const auto& entry : folder.elsewhere) folder.components[entry.first] = "file";
  return folder;
}

// In the original repository, VAE and text encoder are pickles.
std::optional<fs::path> pickle_of(const fs::path& dir, const std::string& component) {
  constexpr std::string_view kPickles[] = {".pth", ".pt", ".bin", ".ckpt"};
  if (dir.empty()) return {};
  std::vector<fs::path> found;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(dir, code)) {
    const bool pickle = std::ranges::find(kPickles, entry.path().extension().string()) != std::end(kPickles);
    const char* word = component == "vae" ? "vae" : component == "image_encoder" ? "clip" : "t5";
    if (pickle && entry.is_regular_file(code) && name_has(entry.path(), word)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found.empty() ? std::nullopt : std::optional(found.front());
}

void require(const ModelFolder& folder, const std::string& component) {
  if (folder.has(component)) return;
  if (component != "transformer") {
    if (const auto pickle = pickle_of(folder.dir, component)) {
      throw Error(ErrorKind::refused, kComponent,
                  pickle->string() +
                      ": is a pickled checkpoint, which can run code when it is loaded; convert it with: " +
                      script_command("convert") + " " + pickle->string());
    }
  }
  report_missing_part(folder, component);
}

}  // namespace

bool is_whole_model(const Replacements& replacements) {
  return replacements.count("transformer") && replacements.count("vae") && replacements.count("text_encoder");
}

ModelFolder open_wan_model(const fs::path& dir, const Replacements& replacements) {
  ModelFolder folder;
  const bool described = !dir.empty() && fs::exists(dir / "model_index.json");
  if (described || (!dir.empty() && !fs::is_directory(dir))) {
    folder = open_model_folder(dir);
  } else if (!dir.empty()) {
    folder = discover(dir, replacements);
  } else {
    folder.pipeline = "WanPipeline";
  }
  for (const auto& [component, file] : replacements) {
    replace_part(folder, component, file, described);
    // The second expert has the config of the first.
    if (described && component == "transformer_2" && !folder.has(component) && folder.has("transformer"))
      folder.elsewhere[component].reference = folder.component("transformer");
    folder.components[component] = "file";
  }
  for (const char* component : {"transformer", "vae", "text_encoder"}) {
    if (!described) require(folder, component);
  }
  return folder;
}

void require_image_encoder(const ModelFolder& folder) {
  if (!folder.has("image_encoder") && !folder.dir.empty() && fs::exists(folder.dir / "model_index.json")) {
    missing(
        folder.dir.string() +
        ": has no image_encoder, which the transformer needs for its image tokens (image_dim is set); get "
        "that folder, or give its weights with --image-encoder FILE");
  }
  require(folder, "image_encoder");
}

fs::path image_processor_of(const ModelFolder& folder) {
  if (folder.dir.empty()) return {};
  for (const char* name : {"image_processor", "image_encoder"}) {
    if (fs::exists(folder.dir / name / "preprocessor_config.json")) return folder.dir / name;
  }
  return {};
}

fs::path tokenizer_of(const ModelFolder& folder) {
  const auto encoder = folder.elsewhere.find("text_encoder");
  if (encoder != folder.elsewhere.end() && encoder->second.is_file()) {
    if (const auto beside = tokenizer_beside(encoder->second.path)) return *beside;
  }
  if (folder.has("tokenizer")) return folder.component("tokenizer");
  for (const char* name : {"tokenizer", "google/umt5-xxl", ""}) {
    fs::path candidate = *name == '\0' ? folder.dir : folder.dir / name;
    if (!folder.dir.empty() && holds_tokenizer(candidate)) return candidate;
  }
  missing(
      (folder.dir.empty() ? encoder->second.path.string() : folder.dir.string()) +
      ": has no tokenizer; put the spiece.model of google/umt5-xxl beside the text encoder; every Wan model "
      "has it in its folder tokenizer or google/umt5-xxl");
}

}  // namespace sora::wan
