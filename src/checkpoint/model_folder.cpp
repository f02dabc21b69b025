#include "checkpoint/model_folder.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

#include "checkpoint/hub_cache.h"
#include "checkpoint/published_models.h"
#include "core/folders.h"
#include "core/json/json_config.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::data, kComponent, path.string() + ": " + what);
}

}  // namespace

fs::path ModelFolder::component(const std::string& name) const {
  if (!has(name)) fail(dir / "model_index.json", "has no " + name);
  fs::path path = dir / name;
  if (!fs::is_directory(path)) {
    throw Error(ErrorKind::no_input, kComponent,
                path.string() + ": no such folder, though model_index.json names it");
  }
  return path;
}

ComponentSource ModelFolder::source(const std::string& name) const {
  const auto found = elsewhere.find(name);
  return found == elsewhere.end() ? ComponentSource(component(name)) : found->second;
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

std::string folder_name(const fs::path& dir) {
  const fs::path whole = fs::weakly_canonical(dir);
  const std::string in_hub = hub_name(whole);
  return in_hub.empty() ? whole.filename().string() : in_hub.substr(in_hub.find('/') + 1);
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
  if (const fs::path own = data_folder(); !own.empty()) candidates.push_back(own / "models");
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  if (!code) {
    candidates.push_back(program.parent_path().parent_path() / "share/sora-gen/models");
    // In another program that links libsora, the models are beside the library.
    Dl_info here{};
    if (::dladdr(reinterpret_cast<const void*>(&model_search_path), &here) != 0 &&
        here.dli_fname != nullptr) {
      const fs::path library = fs::weakly_canonical(here.dli_fname, code);
      candidates.push_back(library.parent_path().parent_path() / "share/sora-gen/models");
    }
    // A build folder may be anywhere below the repository.
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
    if (const auto cached = hub_snapshot(name)) return *cached;
    throw Error(ErrorKind::no_input, kComponent,
                name + ": no such model folder or file" +
                    (is_hub_name(name) ? ", and not in the hub's cache, " + hub_cache().string() +
                                             "; get it with: sora-gen pull " + name
                                       : ""));
  }
  const auto searched = model_search_path();
  const PublishedModel* published = published_model(name);
  for (const auto& path : searched) {
    if (fs::is_directory(path / name, code)) return path / name;
    if (published != nullptr && fs::is_directory(path / published->folder(), code))
      return path / published->folder();
  }
  if (fs::is_directory(name, code)) return name;
  std::string list;
  for (const auto& path : searched) list += (list.empty() ? "" : ", ") + path.string();
  throw Error(
      ErrorKind::no_input, kComponent,
      "no model \"" + name + "\"" + (list.empty() ? "" : " in " + list) +
          (published != nullptr
               ? "; get it with: sora-gen pull " + name
               : "; give a folder, set SORA_GEN_MODELS to the folder that holds it, or get a published one, "
                 "which sora-gen pull lists"));
}

}  // namespace sora
