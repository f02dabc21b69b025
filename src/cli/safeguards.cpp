// Signing and the policy: what the options say about them.
#include <algorithm>
#include <utility>

#include "cli/make.h"
#include "provenance/sign.h"
#include "watermark/key.h"

namespace sora {

Policy policy_of(const Options& options, std::function<bool()> stop) {
  Policy policy;
  for (const auto& command : {options.own_policy, options.policy}) {
    if (!command) continue;
    auto& all = policy.commands;
    if (std::find(all.begin(), all.end(), *command) == all.end()) all.push_back(*command);
  }
  policy.seconds = options.policy_timeout;
  policy.stop = std::move(stop);
  return policy;
}

void check_signing(const Options& options, const Plan& plan) {
  if (!plan.output.credentials || (!plan.request.credentials && !options.sign_key)) return;
  static bool works = false;  // of a batch, one try that succeeds is enough
  if (works) return;
  const SigningKey key =
      options.sign_key ? read_signing_key(*options.sign_key, *options.sign_cert) : users_signing_key();
  try_key(key);
  works = true;
}

void add_safeguards(RunHooks& hooks, const Options& options, const Policy& policy, const Plan& plan) {
  if (options.sign_key) hooks.signing = {*options.sign_key, *options.sign_cert};
  if (options.watermark_key) hooks.watermark_key = read_watermark_key(*options.watermark_key).digest;
  if (policy) hooks.approve = [&](const std::filesystem::path& sheet) { ask_policy(policy, plan, sheet); };
}

void keep_file_options(Request& request, const Options& options) {
  request.credentials = options.request.credentials;
  request.no_credentials = options.request.no_credentials;
  request.sign_prompt = options.request.sign_prompt;
  request.no_prompt_in_file = options.request.no_prompt_in_file;
  request.no_watermark = options.request.no_watermark;
}

}  // namespace sora
