#include "checkpoint/checkpoint.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "checkpoint/block_scales.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/weight_set.h"
#include "core/file.h"
#include "core/folders.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kComponent = "checkpoint";

constexpr std::uint64_t kLargestIndex = 500'000;  // bytes; the index of a 14B model has 110 kB

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::data, kComponent, path.string() + ": " + what);
}

// The index may be hostile: a shard must have a plain name, lie in the same folder, and not be a link out of
// it.
fs::path shard_path(const fs::path& folder, const fs::path& index, const std::string& name) {
  const bool plain = !name.empty() && name.find('/') == std::string::npos &&
                     name.find('\\') == std::string::npos && name.find('\0') == std::string::npos &&
                     name != "." && name != "..";
  if (!plain) fail(index, "names a shard \"" + excerpt(name) + "\", expected a plain file name");
  std::error_code code;
  const fs::path real = fs::weakly_canonical(folder / name, code);
  const fs::path real_folder = fs::weakly_canonical(folder, code);
  // The one allowed exception: in the hub's cache each file is a link to ../../blobs/<hash> of the same
  // repository.
  const bool inside = real.parent_path() == real_folder;
  const bool hub =
      real.parent_path().filename() == "blobs" &&
      real_folder.string().rfind(real.parent_path().parent_path().string() + "/snapshots/", 0) == 0;
  if (!inside && !hub)
    fail(index, "names a shard \"" + excerpt(name) + "\" that leads out of the model's folder");
  return folder / name;
}

std::map<std::string, std::string> read_index(const fs::path& path) {
  JsonLimits limits;
  limits.bytes = kLargestIndex;
  const auto index = read_json(path, kComponent, limits);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    fail(path, "has no weight_map");
  }
  std::map<std::string, std::string> result;
  for (const auto& [name, file] : index["weight_map"].items()) {
    if (!file.is_string()) fail(path, "weight_map entry \"" + excerpt(name) + "\" is not a file name");
    result[name] = file.get<std::string>();
  }
  if (result.empty()) fail(path, "has an empty weight_map");
  return result;
}

// A pickled checkpoint in the folder, for the error message.
std::optional<fs::path> pickled_weights(const fs::path& folder) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const auto extension = entry.path().extension();
    if (extension == ".bin" || extension == ".pth" || extension == ".pt" || extension == ".ckpt")
      return entry.path();
  }
  return {};
}

constexpr std::string_view kFp4Ending = ".weight_scale_2";
constexpr std::string_view kScaleEndings[] = {".scale_weight", ".weight_scale"};

// Tensors for programs that compute in fp8: scales of the activations, and marks of the format.
bool is_ignored_in_fp8(std::string_view name) {
  return name == "scaled_fp8" || name.ends_with(".scaled_fp8") || name.ends_with(".scale_input") ||
         name.ends_with(".input_scale") || name.ends_with(".comfy_quant");
}

[[noreturn]] void no_weights(const fs::path& folder, const std::string& stem) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    throw Error(ErrorKind::no_input, kComponent, folder.string() + ": no such folder");
  }
  const std::string wanted = stem + ".safetensors";
  if (const auto pickle = pickled_weights(folder)) {
    throw Error(ErrorKind::refused, kComponent,
                pickle->string() +
                    ": there are only pickled weights, which can run code when they are loaded; get " +
                    wanted + ", or make it with: " + script_command("convert") + " " + pickle->string());
  }
  throw Error(ErrorKind::no_input, kComponent,
              folder.string() + ": has no weights, expected " + wanted + " or its shards");
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& file) : path_(file) {
  add(open_weight_file(file), nullptr);
  read_scales();
}

Checkpoint::Checkpoint(const fs::path& folder, const std::string& stem) : path_(folder) {
  const WeightSet set = find_weights(folder, stem);
  if (set.empty()) no_weights(folder, stem);
  for (const fs::path& file : set.files) add(std::make_unique<SafetensorsFile>(file), nullptr);
  if (!set.index.empty()) add_shards(folder, set.index);
  read_scales();
}

void Checkpoint::add_shards(const fs::path& folder, const fs::path& index) {
  const auto weight_map = read_index(index);
  std::set<std::string> shards;
  for (const auto& [name, shard] : weight_map) shards.insert(shard);
  for (const auto& shard : shards) {
    add(std::make_unique<SafetensorsFile>(shard_path(folder, index, shard)), &weight_map);
  }
  for (const auto& [name, shard] : weight_map) {
    if (!entries_.count(name)) fail(index, "tensor \"" + name + "\" is not in " + shard);
  }
}

void Checkpoint::add(std::unique_ptr<WeightFile> file, const std::map<std::string, std::string>* weight_map) {
  const std::string file_name = file->path().filename();
  files_.push_back(std::move(file));
  for (const auto& [name, info] : files_.back()->tensors()) {
    if (weight_map) {
      const auto it = weight_map->find(name);
      if (it == weight_map->end() || it->second != file_name)
        continue;  // by the index, it is in another shard
    }
    const bool fresh = entries_.insert_or_assign(name, Entry{files_.size() - 1, info, nullptr}).second;
    if (!fresh && weight_map == nullptr)
      fail(path_, "two of its shards have a tensor \"" + excerpt(name) + "\"");
  }
}

// The scale of all numbers of an nvfp4 weight marks it; the names of its scales for rows are those of fp8.
void Checkpoint::read_fp4() {
  std::vector<std::string> marks;
  for (const auto& entry : entries_) {
    if (entry.first.ends_with(kFp4Ending)) marks.push_back(entry.first);
  }
  for (const std::string& mark : marks) {
    const std::string layer = mark.substr(0, mark.size() - kFp4Ending.size());
    const auto weight = entries_.find(layer + ".weight"), scales = entries_.find(layer + ".weight_scale");
    if (weight == entries_.end() || scales == entries_.end() || weight->second.info.dtype != DType::u8 ||
        weight->second.info.shape.size() != 2 || weight->second.info.shape[1] % (kFp4Group / 2) != 0) {
      fail(path_, "has " + mark + ", expected beside it " + layer + ".weight_scale and " + layer +
                      ".weight, a matrix of U8 whose rows are groups of 8 bytes");
    }
    const bool in_tiles = entries_.count(layer + ".comfy_quant") != 0;
    TensorInfo& info = weight->second.info;
    info.dtype = in_tiles ? DType::fp4_high_first : DType::fp4_low_first;
    info.shape[1] *= 2;
    weight->second.scale = std::make_shared<const ScaleGrid>(read_fp4_scales(
        *files_[scales->second.file], scales->first, *files_[entries_.at(mark).file], mark, info, in_tiles));
    entries_.erase(scales);
    entries_.erase(mark);
  }
}

// The scales in tensor `name` for the weight of its layer.
ScaleGrid Checkpoint::scales_of(const std::string& name, const Entry& scales, const std::string& layer,
                                const TensorInfo& weight) const {
  const WeightFile& file = *files_[scales.file];
  if (!are_mxfp8_scales(scales.info, weight)) return read_scale_grid(file, name, weight);
  return read_mxfp8_scales(file, name, weight, entries_.count(layer + ".comfy_quant") != 0);
}

void Checkpoint::read_scales() {
  read_fp4();
  for (auto it = entries_.begin(); it != entries_.end();) {
    const std::string& name = it->first;
    const auto ending = std::find_if(std::begin(kScaleEndings), std::end(kScaleEndings),
                                     [&](std::string_view end) { return name.ends_with(end); });
    if (ending == std::end(kScaleEndings)) {
      ++it;
      continue;
    }
    const std::string layer = name.substr(0, name.size() - ending->size());
    const auto target = entries_.find(layer + ".weight");
    if (target == entries_.end()) fail(path_, "has a scale " + name + ", but no tensor " + layer + ".weight");
    ScaleGrid grid = scales_of(name, it->second, layer, target->second.info);
    if (!grid.is_one()) target->second.scale = std::make_shared<const ScaleGrid>(std::move(grid));
    it = entries_.erase(it);
  }
  std::erase_if(entries_, [](const auto& entry) { return is_ignored_in_fp8(entry.first); });
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> result;
  for (const auto& entry : entries_) result.push_back(entry.first);
  return result;
}

const TensorInfo* Checkpoint::find(const std::string& name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : &it->second.info;
}

void Checkpoint::read(const std::string& name, void* destination) const {
  const Entry& entry = entries_.at(name);
  files_[entry.file]->read(entry.info, destination);
}

void Checkpoint::read(const std::string& name, std::uint64_t first, std::uint64_t bytes,
                      void* destination) const {
  const Entry& entry = entries_.at(name);
  files_[entry.file]->read(entry.info, first, bytes, destination);
}

std::shared_ptr<const ScaleGrid> Checkpoint::scale(const std::string& name) const {
  return entries_.at(name).scale;
}

std::uint64_t Checkpoint::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files_) sum += file->size();
  return sum;
}

void Checkpoint::use_prefix(const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    std::map<std::string, Entry> under;
    for (const auto& [name, entry] : entries_) {
      if (name.starts_with(prefix)) under.emplace(name.substr(prefix.size()), entry);
    }
    if (under.empty()) continue;
    entries_ = std::move(under);
    return;
  }
}

void Checkpoint::rename(const std::function<std::string(const std::string&)>& new_name) {
  std::map<std::string, Entry> renamed;
  for (const auto& [name, entry] : entries_) {
    const std::string wanted = new_name(name);
    if (!renamed.emplace(wanted, entry).second) {
      fail(path_, "two tensors get the name " + wanted + ", one of them is " + name +
                      "; the file mixes the names of two layouts");
    }
  }
  entries_ = std::move(renamed);
}

std::optional<std::string> Checkpoint::take(const std::string& name, std::uint64_t most) {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return {};
  const TensorInfo& info = it->second.info;
  std::optional<std::string> bytes;
  if (info.end - info.begin <= most) {
    bytes.emplace(info.end - info.begin, '\0');
    files_[it->second.file]->read(info, bytes->data());
  }
  entries_.erase(it);
  return bytes;
}

}  // namespace sora
