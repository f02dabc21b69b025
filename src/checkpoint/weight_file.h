// A file of named tensors, in any supported format.
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
  /// Reads `bytes` bytes of a tensor from its byte `first` on, unchanged from the file.
  virtual void read(const TensorInfo& tensor, std::uint64_t first, std::uint64_t bytes,
                    void* destination) const = 0;

  /// The whole tensor: end - begin bytes.
  void read(const TensorInfo& tensor, void* destination) const {
    read(tensor, 0, tensor.end - tensor.begin, destination);
  }
};

/// Opens a safetensors or GGUF file; its first bytes decide which it is. Throws Error: no_input, refused (a
/// pickle), data (neither, or damaged).
std::unique_ptr<WeightFile> open_weight_file(const std::filesystem::path& path);

/// The value of a tensor that has one element. Throws Error (data) if it is not one finite F32, F16 or BF16.
float read_scalar(const WeightFile& file, const std::string& name);

}  // namespace sora
