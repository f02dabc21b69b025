// The family of Wan 2.1 and 2.2.
#pragma once

#include "models/family.h"

namespace sora::wan {

/// Other families with Wan's networks (SkyReels-V2) derive from it.
class WanFamily : public Family {
 public:
  std::string name() const override { return "Wan"; }
  std::vector<std::string> pipelines() const override;
  bool recognises(const std::filesystem::path& dir, const Replacements& replacements) const override;
  ModelFacts read(const std::filesystem::path& dir, const Replacements& replacements) const override;
  ModelFolder open(const std::filesystem::path& dir, const Replacements& replacements) const override;
  SchedulerConfig scheduler(const ModelFolder& folder, double flow_shift,
                            bool expand_timesteps) const override;
  std::vector<std::string> check_loras(const std::vector<LoraSource>& loras,
                                       const ComponentSource& network) const override;
  std::string clean_prompt(const std::string& prompt) const override;
  std::string prompt_instruction(bool from_image) const override;
  std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths) const override;
  NetworksInFile networks_in(const Checkpoint& file) const override;
  bool is_whole_model(const Replacements& replacements) const override;
  std::optional<ModelFacts> published(const std::string& short_name) const override;
};

}  // namespace sora::wan
