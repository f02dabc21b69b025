#include "checkpoint/weight_file.h"

#include <cstring>

#include "checkpoint/gguf.h"
#include "checkpoint/safetensors.h"
#include "core/file.h"

namespace sora {

std::unique_ptr<WeightFile> open_weight_file(const std::filesystem::path& path) {
  char magic[4] = {};
  const File file(path, "checkpoint");
  if (file.size() >= sizeof magic) file.read_at(magic, sizeof magic, 0);
  if (std::memcmp(magic, "GGUF", sizeof magic) == 0) return std::make_unique<GgufFile>(path);
  return std::make_unique<SafetensorsFile>(path);
}

}  // namespace sora
