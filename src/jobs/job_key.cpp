#include "jobs/job_key.h"

#include <filesystem>
#include <string>

#include "core/file.h"
#include "core/sha256.h"
#include "plan/metadata.h"
#include "plan/verbs/verb.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kSmallInput = std::uint64_t{64} << 20;  // bytes; smaller inputs are hashed

// Identifies an input by its contents, or a large one by its size and modification time.
std::string input_digest(const std::string& path) {
  const std::uint64_t bytes = File(path, "input").size();
  if (bytes <= kSmallInput) return file_sha256(path, "input");
  std::error_code code;
  const auto written = fs::last_write_time(path, code).time_since_epoch().count();
  return std::to_string(bytes) + " bytes at " + std::to_string(written);
}

}  // namespace

std::string job_key(const Plan& plan) {
  std::string text = metadata_json(plan) + "\n" + plan.model.digest + "\n" + plan.output.container + "\n";
  if (plan.request.init_noise) text += file_sha256(*plan.request.init_noise, "noise");
  for (const auto& [option, path] : input_files(plan.request)) text.append("\n").append(input_digest(path));
  return sha256_hex(text);
}

}  // namespace sora
