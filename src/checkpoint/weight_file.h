// A file of named tensors, whatever its format.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "checkpoint/tensor_info.h"

namespace sora {

class WeightFile {
 public:
  virtual ~WeightFile() = default;

  virtual const std::filesystem::path& path() const = 0;
  virtual std::uint64_t size() const = 0;
  virtual const std::map<std::string, TensorInfo>& tensors() const = 0;
  virtual const std::map<std::string, std::string>& metadata() const = 0;  ///< texts beside the tensors
  /// Reads bytes of a tensor, as they lie in the file, from its `first` byte on.
  virtual void read(const TensorInfo& tensor, std::uint64_t first, std::uint64_t bytes,
                    void* destination) const = 0;

  /// The whole tensor: end - begin bytes.
  void read(const TensorInfo& tensor, void* destination) const {
    read(tensor, 0, tensor.end - tensor.begin, destination);
  }
};

/// Opens a safetensors or a GGUF file, told apart by what is in it.
/// Throws Error: no_input, refused (a pickle), data (neither, or broken).
std::unique_ptr<WeightFile> open_weight_file(const std::filesystem::path& path);

/// The value of a tensor of one element. Throws Error (data) if it is not one F32, F16 or BF16, or not
/// finite.
float read_scalar(const WeightFile& file, const std::string& name);

}  // namespace sora
