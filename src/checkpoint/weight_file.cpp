#include "checkpoint/weight_file.h"

#include <cmath>
#include <cstring>

#include "checkpoint/gguf.h"
#include "checkpoint/half.h"
#include "checkpoint/safetensors.h"
#include "core/file.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {

std::unique_ptr<WeightFile> open_weight_file(const std::filesystem::path& path) {
  char magic[4] = {};
  const File file(path, "checkpoint");
  if (file.size() >= sizeof magic) file.read_at(magic, sizeof magic, 0);
  if (std::memcmp(magic, "GGUF", sizeof magic) == 0) return std::make_unique<GgufFile>(path);
  return std::make_unique<SafetensorsFile>(path);
}

float read_scalar(const WeightFile& file, const std::string& name) {
  const auto fail = [&](const std::string& found) {
    throw Error(ErrorKind::data, "checkpoint",
                file.path().string() + ": " + name + " is " + found +
                    ", expected one finite number; the file is damaged, or of an unknown kind");
  };
  const TensorInfo& info = file.tensors().at(name);
  const bool wide = info.dtype == DType::f32;
  if (info.elements() != 1 || (!wide && info.dtype != DType::f16 && info.dtype != DType::bf16)) {
    fail(shape_text(info.shape) + " of type " + dtype_name(info.dtype));
  }
  std::uint8_t bytes[4] = {};
  file.read(info, bytes);
  const float value = number_at(bytes, info.dtype);
  if (!std::isfinite(value)) fail(number_text(value));
  return value;
}

}  // namespace sora
