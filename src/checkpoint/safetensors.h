// The safetensors format: https://github.com/huggingface/safetensors#format
// The header is read and checked as a whole when the file is opened; tensors are read by position.
// Written here because the format's own library is in Rust, and a file from anyone needs every rule checked.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "checkpoint/weight_file.h"
#include "core/file.h"

namespace sora {

class SafetensorsFile : public WeightFile {
 public:
  /// Throws Error: no_input (missing), refused (a pickle, whatever its extension), data (the file breaks a
  /// rule of the format; the message names the tensor).
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const override { return file_.path(); }
  std::uint64_t size() const override { return file_.size(); }
  const std::map<std::string, TensorInfo>& tensors() const override { return tensors_; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }

  using WeightFile::read;
  /// Little endian, row-major.
  void read(const TensorInfo& tensor, std::uint64_t first, std::uint64_t bytes,
            void* destination) const override;

 private:
  File file_;
  std::map<std::string, TensorInfo> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace sora
