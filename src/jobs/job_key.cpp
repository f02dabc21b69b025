#include "jobs/job_key.h"

#include <vector>

#include "core/file.h"
#include "core/sha256.h"
#include "pipeline/metadata.h"

namespace sora {
namespace {

void add_contents(Sha256& digest, const std::string& path) {
  const File file(path, "noise");
  std::vector<char> buffer(1 << 20);
  for (std::uint64_t at = 0; at < file.size(); at += buffer.size()) {
    const auto bytes = std::min<std::uint64_t>(buffer.size(), file.size() - at);
    file.read_at(buffer.data(), bytes, at);
    digest.update(buffer.data(), bytes);
  }
}

}  // namespace

std::string job_key(const Plan& plan) {
  Sha256 digest;
  const std::string text = metadata_json(plan) + "\n" + plan.model_digest + "\n" + plan.container + "\n";
  digest.update(text.data(), text.size());
  if (plan.request.init_noise) add_contents(digest, *plan.request.init_noise);
  return digest.hex();
}

}  // namespace sora
