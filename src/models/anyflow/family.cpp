// AnyFlow (2605.13724): Wan 2.1, distilled to a flow map. Its network is told the timestep that a step begins
// at and the one that it leads to, and predicts the whole step; so any number of steps will do.
#include "models/wan/family.h"

#include <algorithm>

#include "models/wan/components.h"
#include "models/wan/facts.h"
#include "models/wan/model_files.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::anyflow {
namespace {

constexpr double kPublishedShift = 5;

// The README of the models and diffusers' example have four steps; guidance is distilled into the weights.
void published_defaults(ModelFacts& facts) {
  const bool large = facts.transformer_dim == 5120, small = facts.transformer_dim == 1536;
  facts.title = large ? "AnyFlow Wan 2.1 14B" : small ? "AnyFlow Wan 2.1 1.3B" : "AnyFlow";
  facts.is_published = large || small;
  facts.steps = 4;
  facts.guidance = 1;
  facts.few_step.reset();  // these are its settings, whatever its folder is called
}

class AnyFlowFamily final : public wan::WanFamily {
 public:
  std::string name() const override { return "AnyFlow"; }
  // diffusers' names, then those of the publishers' own program.
  std::vector<std::string> pipelines() const override {
    return {"AnyFlowPipeline", "AnyFlowFARPipeline", "WanAnyFlowPipeline", "FARWanAnyFlowPipeline"};
  }

  // By the class of the pipeline, else by the network: one that replaces Wan's is AnyFlow, too.
  bool recognises(const fs::path& dir, const Replacements& replacements) const override {
    try {
      const ModelFolder folder = wan::open_wan_model(dir, replacements);
      const auto known = pipelines();
      if (std::find(known.begin(), known.end(), folder.pipeline) != known.end()) return true;
      return folder.pipeline.starts_with("Wan") &&
             wan::transformer_config(folder.source("transformer")).target_time.has_value();
    } catch (const Error&) {
      return false;  // read() of the Wan family reports what is wrong
    }
  }

  ModelFacts read(const fs::path& dir, const Replacements& replacements) const override {
    const ModelFolder folder = wan::open_wan_model(dir, replacements);
    const ComponentSource network = folder.source("transformer");
    if (folder.pipeline.find("FAR") != std::string::npos) {
      throw Error(ErrorKind::data, "checkpoint",
                  (dir / "model_index.json").string() + ": _class_name is \"" + folder.pipeline +
                      "\", the causal form of AnyFlow (FAR), which is not supported; the models "
                      "AnyFlow-Wan2.1-T2V are");
    }
    if (!wan::transformer_config(network).target_time) {
      throw Error(ErrorKind::data, "transformer",
                  network.path.string() +
                      ": has no embedding of the timestep that a step leads to, expected "
                      "a network of AnyFlow; for one of Wan take Wan's folder");
    }
    ModelFacts facts = wan::read_facts(dir, replacements);
    // Frames that are given stay clean by timesteps of their own, as in diffusers' pipeline.
    facts.folder.expand_timesteps = true;
    published_defaults(facts);
    const SchedulerConfig steps = scheduler(facts.folder, kPublishedShift, true);
    facts.scheduler = steps.scheduler;
    facts.flow_shift = steps.flow_shift;
    facts.sigmas = steps.sigmas;
    facts.even_levels = facts.flow_map = true;
    read_own_defaults(facts);
    if (facts.causal) {
      throw Error(ErrorKind::data, "transformer",
                  (dir / "sora-gen.json").string() +
                      ": causal is true, but the network of this model sees all frames at once; remove it");
    }
    return facts;
  }

  std::optional<ModelFacts> published(const std::string&) const override { return {}; }

  // Few-step LoRAs of Wan do not change how its steps are made.
  std::optional<NamedFewStep> find_few_step(const std::vector<fs::path>&) const override { return {}; }

  // The scheduler of a Wan folder whose transformer was replaced is Wan's, and says nothing.
  SchedulerConfig scheduler(const ModelFolder& folder, double flow_shift,
                            bool expand_timesteps) const override {
    if (folder.has("scheduler")) {
      const SchedulerConfig own = WanFamily::scheduler(folder, flow_shift, expand_timesteps);
      if (own.flow_map) return own;
    }
    SchedulerConfig config = wan::published_scheduler(flow_shift);
    config.scheduler = "euler";
    config.even_levels = config.flow_map = true;
    return config;
  }
};

const RegisteredFamily<AnyFlowFamily> registered;

}  // namespace
}  // namespace sora::anyflow
