// What the published models need of a GPU's memory, by the plan's own sums, as JSON lines: a line for each
// model, size and value of --offload. scripts/tables/memory.py makes docs/memory.md of them.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "checkpoint/published_models.h"
#include "plan/machine/memory.h"
#include "plan/machine/memory_estimate.h"
#include "plan/model_memory.h"

namespace sora {
namespace {

// Its own size, and the smaller usual one where that is not its own.
std::vector<std::string> sizes_of(const ModelFacts& model) {
  const std::string own = std::to_string(model.width) + "x" + std::to_string(model.height);
  return own == "832x480" ? std::vector{own} : std::vector<std::string>{"832x480", own};
}

void print(const PublishedModel& published, const ModelFacts& model, const std::string& size) {
  Request request;
  request.device = "cuda";
  request.res = size;
  MachineFacts machine{false, 1, 0, {}};  // a plan for a GPU can be made anywhere
  Plan plan = plan_for_memory(model, request, machine);
  for (const OffloadMemory& each : memory_of_each_offload(plan, model)) {
    plan.machine.stream_from_host = each.offload == "stream";
    nlohmann::ordered_json line{{"model", published.short_name},
                                {"title", model.title},
                                {"repository", published.repository},
                                {"size", size},
                                {"frames", plan.timeline.frames},
                                {"weight_bytes", model.weight_bytes},
                                {"offload", each.offload},
                                {"peak_gb", each.peak_gb}};
    for (const PhaseMemory& phase : estimate_memory(plan, model, each.offload)) {
      line["phases_gb"][phase.phase] = phase.device;
      line["host_gb"] = std::max(line.value("host_gb", 0.0), phase.ram);
    }
    std::puts(line.dump().c_str());
  }
}

}  // namespace
}  // namespace sora

int main() {
  for (const sora::PublishedModel& published : sora::published_models()) {
    const auto model = sora::facts_without_files(published.short_name);
    if (!model) continue;  // the page says so
    for (const std::string& size : sora::sizes_of(*model)) sora::print(published, *model, size);
  }
}
