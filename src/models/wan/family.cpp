#include "models/wan/family.h"

#include <algorithm>

#include "models/causal.h"
#include "models/t5/text/prompt_clean.h"
#include "models/wan/causal.h"
#include "models/wan/components.h"
#include "models/wan/facts.h"
#include "models/wan/few_step.h"
#include "models/wan/model_files.h"
#include "models/wan/names.h"
#include "models/wan/published_sizes.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

const RegisteredFamily<WanFamily> registered;

}  // namespace

std::vector<std::string> WanFamily::pipelines() const {
  return {"WanPipeline", "WanImageToVideoPipeline", "WanVACEPipeline", "WanDMDPipeline",
          "WanCausalDMDPipeline"};
}

// Also every folder without model_index.json: if it is no model at all, this family reports what is missing.
bool WanFamily::recognises(const fs::path& dir, const Replacements& replacements) const {
  std::error_code code;
  if (dir.empty() || !fs::exists(dir / "model_index.json", code)) return true;
  const auto known = pipelines();
  return std::find(known.begin(), known.end(), open_model_folder(dir).pipeline) != known.end();
}

ModelFolder WanFamily::open(const fs::path& dir, const Replacements& replacements) const {
  return open_wan_model(dir, replacements);
}

ModelFacts WanFamily::read(const fs::path& dir, const Replacements& replacements) const {
  ModelFacts facts = read_facts(dir, replacements);
  published_defaults(facts);
  if (!has_own_causal(facts.folder)) {
    if (const auto causal = find_causal(facts)) make_causal(facts, *causal);
  }
  read_own_defaults(facts);
  return facts;
}

SchedulerConfig WanFamily::scheduler(const ModelFolder& folder, double flow_shift, bool) const {
  if (!folder.has("scheduler")) return published_scheduler(flow_shift);
  return read_scheduler_config(folder.component("scheduler") / "scheduler_config.json");
}

std::vector<std::string> WanFamily::check_loras(const std::vector<LoraSource>& loras,
                                                const ComponentSource& network) const {
  std::vector<std::string> notes;
  if (loras.empty()) return notes;
  const auto files = open_transformer(network);
  for (const LoraSource& lora : loras) {
    std::string note = left_out_text(Lora(lora, {files.checkpoint, transformer_names(), image_modules()}));
    if (!note.empty()) notes.push_back(std::move(note));
  }
  return notes;
}

std::string WanFamily::clean_prompt(const std::string& prompt) const { return prompt_clean(prompt); }

std::optional<NamedFewStep> WanFamily::find_few_step(const std::vector<fs::path>& paths) const {
  return wan::find_few_step(paths);
}

std::optional<ModelFacts> WanFamily::published(const std::string& short_name) const {
  return facts_of_published(short_name);
}

NetworksInFile WanFamily::networks_in(const Checkpoint& file) const { return contents_of(file); }

bool WanFamily::is_whole_model(const Replacements& replacements) const {
  return wan::is_whole_model(replacements);
}

}  // namespace sora::wan
