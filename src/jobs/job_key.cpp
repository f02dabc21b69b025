#include "jobs/job_key.h"

#include "core/file.h"
#include "core/sha256.h"
#include "pipeline/metadata.h"

namespace sora {
std::string job_key(const Plan& plan) {
  std::string text = metadata_json(plan) + "\n" + plan.model_digest + "\n" + plan.container + "\n";
  if (plan.request.init_noise) text += file_sha256(*plan.request.init_noise, "noise");
  return sha256_hex(text);
}

}  // namespace sora
