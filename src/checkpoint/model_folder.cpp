#include "checkpoint/model_folder.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file.h"
#include "core/json_config.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::data, kComponent, path.string() + ": " + what);
}

// Shard names come from a file that may be hostile: a plain name, in the same folder, no link out of it.
fs::path shard_path(const fs::path& folder, const fs::path& index, const std::string& name) {
  const bool plain = !name.empty() && name.find('/') == std::string::npos &&
                     name.find('\\') == std::string::npos && name.find('\0') == std::string::npos &&
                     name != "." && name != "..";
  if (!plain) fail(index, "names a shard \"" + name + "\", expected a plain file name");
  std::error_code code;
  const fs::path real = fs::weakly_canonical(folder / name, code);
  const fs::path real_folder = fs::weakly_canonical(folder, code);
  // Hub caches link each file to a blob store; that is a link out of the folder by design, to
  // ../../blobs/<hash> of the same repository, and the only one allowed.
  const bool inside = real.parent_path() == real_folder;
  const bool hub =
      real.parent_path().filename() == "blobs" &&
      real_folder.string().rfind(real.parent_path().parent_path().string() + "/snapshots/", 0) == 0;
  if (!inside && !hub) fail(index, "names a shard \"" + name + "\" that leads out of the model's folder");
  return folder / name;
}

std::map<std::string, std::string> read_index(const fs::path& path) {
  const auto index = nlohmann::json::parse(read_text(path, kComponent, 256u << 20), nullptr, false);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    fail(path, "has no weight_map");
  }
  std::map<std::string, std::string> result;
  for (const auto& [name, file] : index["weight_map"].items()) {
    if (!file.is_string()) fail(path, "weight_map entry \"" + name + "\" is not a file name");
    result[name] = file.get<std::string>();
  }
  if (result.empty()) fail(path, "has an empty weight_map");
  return result;
}

// What stands in the folder instead of safetensors, for an error that helps.
std::optional<fs::path> pickled_weights(const fs::path& folder) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const auto extension = entry.path().extension();
    if (extension == ".bin" || extension == ".pth" || extension == ".pt" || extension == ".ckpt")
      return entry.path();
  }
  return {};
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& folder, const std::string& stem) : folder_(folder) {
  const fs::path single = folder / (stem + ".safetensors");
  const fs::path index = folder / (stem + ".safetensors.index.json");
  if (fs::exists(single)) {
    add(SafetensorsFile(single), nullptr);
    return;
  }
  if (!fs::exists(index)) {
    if (!fs::is_directory(folder)) {
      throw Error(ErrorKind::no_input, kComponent, folder.string() + ": no such folder");
    }
    if (const auto pickle = pickled_weights(folder)) {
      throw Error(ErrorKind::refused, kComponent,
                  pickle->string() +
                      ": only pickled weights are here, which can run code when they are loaded; get "
                      "or make " +
                      single.filename().string());
    }
    throw Error(
        ErrorKind::no_input, kComponent,
        folder.string() + ": no weights here, expected " + single.filename().string() + " or its shards");
  }
  const auto weight_map = read_index(index);
  std::set<std::string> shards;
  for (const auto& [name, shard] : weight_map) shards.insert(shard);
  for (const auto& shard : shards) add(SafetensorsFile(shard_path(folder, index, shard)), &weight_map);
  for (const auto& [name, shard] : weight_map) {
    if (!entries_.count(name)) fail(index, "tensor \"" + name + "\" is not in " + shard);
  }
}

void Checkpoint::add(SafetensorsFile file, const std::map<std::string, std::string>* weight_map) {
  const std::string file_name = file.path().filename();
  files_.push_back(std::make_unique<SafetensorsFile>(std::move(file)));
  for (const auto& [name, info] : files_.back()->tensors()) {
    if (weight_map) {
      const auto it = weight_map->find(name);
      if (it == weight_map->end() || it->second != file_name) continue;  // the index decides
    }
    entries_[name] = {files_.size() - 1, &info};
  }
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> result;
  for (const auto& entry : entries_) result.push_back(entry.first);
  return result;
}

const TensorInfo* Checkpoint::find(const std::string& name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second.info;
}

void Checkpoint::read(const std::string& name, void* destination) const {
  const Entry& entry = entries_.at(name);
  files_[entry.file]->read(*entry.info, destination);
}

std::uint64_t Checkpoint::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files_) sum += file->size();
  return sum;
}

std::string weight_stem(const std::string& component) {
  return component == "text_encoder" || component == "image_encoder" ? "model" : "diffusion_pytorch_model";
}

fs::path ModelFolder::component(const std::string& name) const {
  if (!has(name)) fail(dir / "model_index.json", "has no " + name);
  fs::path path = dir / name;
  if (!fs::is_directory(path)) {
    throw Error(ErrorKind::no_input, kComponent,
                path.string() + ": no such folder, though model_index.json names it");
  }
  return path;
}

ModelFolder open_model_folder(const fs::path& dir) {
  if (!fs::is_directory(dir)) {
    throw Error(ErrorKind::no_input, kComponent, dir.string() + ": no such model folder");
  }
  const fs::path index = dir / "model_index.json";
  if (!fs::exists(index)) {
    throw Error(ErrorKind::no_input, kComponent,
                dir.string() + ": has no model_index.json; expected a model folder in the diffusers layout");
  }
  const JsonConfig config(index, kComponent);
  ModelFolder folder;
  folder.dir = dir;
  folder.pipeline = config.string("_class_name");
  folder.expand_timesteps = config.boolean("expand_timesteps", false);
  if (config.has("boundary_ratio")) folder.boundary_ratio = config.number("boundary_ratio");
  for (const auto& key : config.keys()) {
    if (key.empty() || key[0] == '_' || key == "boundary_ratio" || key == "expand_timesteps") continue;
    if (key == "transformer" || key == "transformer_2" || key == "vae" || key == "text_encoder" ||
        key == "tokenizer" || key == "scheduler" || key == "image_encoder" || key == "image_processor") {
      if (auto name = config.component_class(key)) folder.components[key] = *name;
    }
  }
  return folder;
}

std::vector<fs::path> model_search_path() {
  std::vector<fs::path> candidates;
  if (const char* env = std::getenv("SORA_GEN_MODELS")) {
    std::string rest = env;
    while (!rest.empty()) {
      const auto colon = rest.find(':');
      if (const auto part = rest.substr(0, colon); !part.empty()) candidates.emplace_back(part);
      rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
  }
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  if (!code) {
    candidates.push_back(program.parent_path().parent_path() / "share/sora-gen/models");
    // A program of someone else that links libsora: the models lie beside the library.
    Dl_info here{};
    if (::dladdr(reinterpret_cast<const void*>(&model_search_path), &here) != 0 &&
        here.dli_fname != nullptr) {
      const fs::path library = fs::weakly_canonical(here.dli_fname, code);
      candidates.push_back(library.parent_path().parent_path() / "share/sora-gen/models");
    }
    // A build tree lies somewhere below the repo.
    for (fs::path up = program.parent_path(); up.has_relative_path(); up = up.parent_path()) {
      if (fs::exists(up / "models/default/model_index.json", code)) {
        candidates.push_back(up / "models");
        break;
      }
    }
  }
#ifdef SORA_GEN_MODELS_DIR
  candidates.emplace_back(SORA_GEN_MODELS_DIR);
#endif
  std::vector<fs::path> result;
  for (const auto& path : candidates) {
    if (fs::is_directory(path, code) && std::find(result.begin(), result.end(), path) == result.end()) {
      result.push_back(path);
    }
  }
  return result;
}

fs::path find_model(const std::string& name) {
  std::error_code code;
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    if (fs::is_directory(name, code)) return name;
    throw Error(ErrorKind::no_input, kComponent, name + ": no such model folder");
  }
  const auto searched = model_search_path();
  for (const auto& path : searched) {
    if (fs::is_directory(path / name, code)) return path / name;
  }
  if (fs::is_directory(name, code)) return name;
  std::string list;
  for (const auto& path : searched) list += (list.empty() ? "" : ", ") + path.string();
  throw Error(ErrorKind::no_input, kComponent,
              "no model \"" + name + "\"" + (list.empty() ? "" : " in " + list) +
                  "; give a folder, or set SORA_GEN_MODELS to the folder that holds it");
}

}  // namespace sora
