// The weights of a component: one file, or the shards in a folder as if they were one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/scale_grid.h"
#include "checkpoint/weight_file.h"

namespace sora {

class Checkpoint {
 public:
  /// Opens the weights of `stem` in the folder (weight_set.h). Throws Error: no_input, refused (only pickled
  /// weights there), data.
  Checkpoint(const std::filesystem::path& folder, const std::string& stem);
  /// Opens one file, safetensors or GGUF. Throws Error: no_input, refused, data.
  explicit Checkpoint(const std::filesystem::path& file);

  const std::filesystem::path& path() const { return path_; }  ///< the folder, or the file
  std::vector<std::string> names() const;
  const TensorInfo* find(const std::string& name) const;  ///< null if there is none
  std::uint64_t bytes() const;                            ///< size of all files

  /// Reads a tensor, or `bytes` bytes of it from byte `first` on, unchanged from the file.
  void read(const std::string& name, void* destination) const;
  void read(const std::string& name, std::uint64_t first, std::uint64_t bytes, void* destination) const;
  /// The factors by which the values of a tensor are multiplied (fp8 and int8 files); null for most tensors.
  std::shared_ptr<const ScaleGrid> scale(const std::string& name) const;

  /// Takes the first of `prefixes` that any name begins with, removes it from those names, and drops all
  /// other tensors. Does nothing where no name begins with one.
  void use_prefix(const std::vector<std::string>& prefixes);
  /// Renames every tensor. Throws Error (data) if two get one name.
  void rename(const std::function<std::string(const std::string&)>& new_name);
  /// Removes a tensor from the names. Returns its bytes if it was there and has at most `most` bytes.
  std::optional<std::string> take(const std::string& name, std::uint64_t most);

 private:
  struct Entry {
    std::size_t file;
    TensorInfo info;
    std::shared_ptr<const ScaleGrid> scale;  // null: 1
  };
  void add(std::unique_ptr<WeightFile> file, const std::map<std::string, std::string>* weight_map);
  void add_shards(const std::filesystem::path& folder, const std::filesystem::path& index);
  void read_fp4();
  void read_scales();
  ScaleGrid scales_of(const std::string& name, const Entry& scales, const std::string& layer,
                      const TensorInfo& weight) const;

  std::filesystem::path path_;
  std::vector<std::unique_ptr<WeightFile>> files_;
  std::map<std::string, Entry> entries_;
};

}  // namespace sora
