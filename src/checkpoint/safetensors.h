// The safetensors format: https://github.com/huggingface/safetensors#format
// The header is read and checked as a whole when the file is opened; tensors are read by position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/file.h"

namespace sora {

enum class DType {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean,
  other
};

/// Bytes an element takes; 0 for formats that are not read (`other`).
std::size_t dtype_size(DType dtype);
const char* dtype_name(DType dtype);

struct TensorInfo {
  DType dtype = DType::other;
  std::vector<std::int64_t> shape;  ///< empty for a scalar
  std::uint64_t begin = 0;          ///< absolute byte range in the file
  std::uint64_t end = 0;
};

std::string shape_text(const std::vector<std::int64_t>& shape);

class SafetensorsFile {
 public:
  /// Throws Error: no_input (missing), refused (a pickle in disguise), data (any rule of the format is
  /// broken; the message names the tensor).
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  std::uint64_t size() const { return file_.size(); }
  const std::map<std::string, TensorInfo>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Reads the tensor's bytes (little endian, row-major) to `destination`, end - begin bytes.
  void read(const TensorInfo& tensor, void* destination) const;

 private:
  File file_;
  std::map<std::string, TensorInfo> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace sora
