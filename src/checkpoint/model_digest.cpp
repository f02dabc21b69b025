#include "checkpoint/model_digest.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/file.h"
#include "core/sha256.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kWhole = 64 << 10;  // bytes; smaller files are hashed as a whole
constexpr std::uint64_t kSample = 4 << 10;  // bytes of a sample of a larger file
constexpr std::uint64_t kSamples = 16;

// Whether a file has an influence on the video, unlike a README or a licence.
bool counts(const fs::path& file) {
  const std::string end = file.extension().string();
  return end == ".json" || end == ".safetensors" || end == ".gguf" || end == ".model" || end == ".txt";
}

void add_file(Sha256& digest, const fs::path& path, const std::string& name) {
  const File file(path, "model");
  const std::string head = name + "\n" + std::to_string(file.size()) + "\n";
  digest.update(head.data(), head.size());
  std::array<char, kWhole> buffer{};
  if (file.size() <= kWhole) {
    file.read_at(buffer.data(), file.size(), 0);
    digest.update(buffer.data(), file.size());
    return;
  }
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    file.read_at(buffer.data(), kSample, (file.size() - kSample) / (kSamples - 1) * i);
    digest.update(buffer.data(), kSample);
  }
}

}  // namespace

std::string model_digest(const fs::path& path) {
  Sha256 digest;
  std::error_code code;
  if (!fs::is_directory(path, code)) {
    add_file(digest, path, path.filename().string());
    return digest.hex();
  }
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    if (it->is_regular_file(code) && counts(it->path())) files.push_back(it->path());
  }
  if (code) throw Error(ErrorKind::io, "model", path.string() + ": cannot be listed: " + code.message());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) add_file(digest, file, fs::relative(file, path).generic_string());
  return digest.hex();
}

}  // namespace sora
