#include "models/causal.h"

#include <string>

#include "core/json/json_config.h"

namespace sora {
namespace {

constexpr std::int64_t kMostFrames = 100'000;

CausalFacts read_facts(const JsonConfig& json, CausalFacts facts) {
  const auto frames = [&](const char* key, std::int64_t least, int fallback) {
    return static_cast<int>(json.integer_in(key, least, kMostFrames, fallback));
  };
  facts.block = frames("block", 1, facts.block);
  facts.window = frames("window", 1, facts.window);
  facts.sink = frames("sink", 0, facts.sink);
  if (facts.window < facts.sink + facts.block)
    json.fail("window", "latent frames for a block and the sink, " +
                            std::to_string(facts.sink + facts.block) + " at least");
  const std::string positions = json.string("positions", facts.window_positions ? "window" : "video");
  if (positions != "video" && positions != "window") json.fail("positions", "video or window");
  facts.window_positions = positions == "window";
  facts.context_timestep = json.number("context_timestep", facts.context_timestep);
  if (!(facts.context_timestep >= 0 && facts.context_timestep < 1000))
    json.fail("context_timestep", "a timestep from 0 to below 1000");
  return facts;
}

}  // namespace

void make_causal(ModelFacts& facts, const CausalFacts& causal) {
  if (!facts.causal) facts.title += ", causal";
  facts.causal = causal;
  facts.steps = 4;
  facts.guidance = 1;
  facts.guidance_2.reset();
  facts.image_guidance.reset();
  facts.flow_shift = 5;
  facts.image_flow_shift.reset();
  facts.scheduler = "lcm";
  facts.even_levels = true;
  facts.sigmas.clear();
  facts.few_step.reset();  // these are its settings
  facts.mag.reset();
}

bool has_own_causal(const ModelFolder& folder) {
  const auto path = folder.dir / "sora-gen.json";
  return !folder.dir.empty() && std::filesystem::exists(path) && JsonConfig(path, "model").has("causal");
}

void read_own_causal(ModelFacts& facts, const JsonConfig& config) {
  if (!config.has("causal")) return;
  if (const auto object = config.object("causal")) {
    make_causal(facts, read_facts(*object, facts.causal.value_or(CausalFacts())));
  } else if (config.boolean("causal")) {
    make_causal(facts, facts.causal.value_or(CausalFacts()));
  } else {
    facts.causal.reset();
  }
}

}  // namespace sora
