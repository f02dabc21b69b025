#include "plan/machine/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "core/amounts.h"
#include "core/text.h"
#include "plan/geometry/tiles.h"
#include "plan/machine/memory_estimate.h"
#include "plan/machine/text_cache.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::uint64_t kLargeTransformer = std::uint64_t{512} << 20;  // bytes of its weights

double read_number(const char* path, double fallback) {
  std::ifstream in(path);
  in.imbue(std::locale::classic());
  double value = 0;
  return in >> value ? value : fallback;
}

bool on_gpu(const Machine& machine) { return machine.device != "cpu"; }

double needed(const PhaseMemory& phase, const Machine& machine) {
  return on_gpu(machine) ? phase.device : phase.ram;
}

double peak_of(const std::vector<PhaseMemory>& phases, const Machine& machine) {
  double peak = 0;
  for (const PhaseMemory& phase : phases) peak = std::max(peak, needed(phase, machine));
  return peak;
}

double peak_gb(const Plan& plan, const ModelFacts& model, const std::string& offload) {
  return peak_of(estimate_memory(plan, model, offload), plan.machine);
}

// The values of --offload that the plan can have, the fastest first.
std::vector<std::string> offloads_of(const Plan& plan) {
  if (plan.machine.parallel.sequence > 1) return {"none", "text", "stored", "shard", "stream"};
  return {"none", "text", "stored", "stream"};
}

// Values of --offload to try, the fastest first.
std::vector<std::string> offload_choices(const Plan& plan, const ModelFacts& model) {
  const std::string& wanted = plan.request.offload;
  const std::vector<std::string> all = offloads_of(plan);
  if (wanted != "auto") {
    if (std::find(all.begin(), all.end(), wanted) != all.end()) return {wanted};
    if (wanted == "shard") {
      throw Error(ErrorKind::usage, "options",
                  "--offload shard divides the weights among the ranks that make a prediction together, of "
                  "which there is one here; --parallel sequence:2 makes them two");
    }
    throw Error(ErrorKind::usage, "options",
                "--offload " + wanted + ": expected auto, none, text, stored, shard or stream");
  }
  // To widen a stored matrix each time that it is used costs little beside the product with it, and saves
  // half or three quarters of the memory; for a small transformer the memory does not matter.
  const NetworkSize& transformer = model.transformer;
  const bool smaller = static_cast<double>(transformer.stored) <
                       0.9 * element_size(plan.machine) * static_cast<double>(transformer.parameters);
  const std::size_t first = transformer.stored >= kLargeTransformer && smaller ? 2
                            : is_large(model.text_encoder)                     ? 1
                                                                               : 0;
  return {all.begin() + static_cast<std::ptrdiff_t>(first), all.end()};
}

// The same plan for a smaller picture or for fewer frames, with the sizes that the memory depends on.
Plan smaller_picture(const Plan& plan, const ModelFacts& model, double share) {
  Plan smaller = plan;
  const auto side = [&](int made, int patch) {
    const int grid = model.spatial_scale * patch;
    return std::max(grid, static_cast<int>(made * share) / grid * grid);
  };
  smaller.picture.model_width = side(plan.picture.model_width, model.patch_width);
  smaller.picture.model_height = side(plan.picture.model_height, model.patch_height);
  smaller.picture.latent_width = smaller.picture.model_width / model.spatial_scale;
  smaller.picture.latent_height = smaller.picture.model_height / model.spatial_scale;
  const auto even = [&](int made, int file, int crop) {  // side of the file, cropped in the same proportion
    return std::max(
        16, std::min(made, static_cast<int>(made * std::min(1.0, static_cast<double>(crop) / file))) / 2 * 2);
  };
  smaller.picture.width =
      even(smaller.picture.model_width, plan.picture.model_width, plan.picture.crop_width);
  smaller.picture.height =
      even(smaller.picture.model_height, plan.picture.model_height, plan.picture.crop_height);
  return smaller;
}

Plan fewer_frames(const Plan& plan, int latent_frames) {
  Plan fewer = plan;
  fewer.timeline.windows.resize(1);
  fewer.timeline.windows[0].count = latent_frames;
  return fewer;
}

// Options with which the plan would fit: the smallest change of each kind.
std::string advice(const Plan& plan, const ModelFacts& model, const std::string& offload, double limit) {
  std::vector<std::string> ideas;
  const auto fits = [&](const Plan& changed, const std::string& with_offload) {
    return peak_gb(changed, model, with_offload) <= limit;
  };
  if (plan.request.offload != "auto") {
    for (const std::string& other : offloads_of(plan)) {
      if (other == "none" || other == plan.request.offload || !fits(plan, other)) continue;
      ideas.push_back("--offload " + other + " (" + gigabytes_text(peak_gb(plan, model, other)) + ")");
      break;
    }
  }
  for (int percent = 95; percent >= 10; percent -= 5) {
    const Plan smaller = smaller_picture(plan, model, percent / 100.0);
    if (!fits(smaller, offload)) continue;
    ideas.push_back("--res " + std::to_string(smaller.picture.width) + "x" +
                    std::to_string(smaller.picture.height));
    break;
  }
  int count = 0;
  for (const Window& window : plan.timeline.windows) count = std::max(count, window.count);
  for (int frames = count - 1; frames >= 1; --frames) {
    if (!fits(fewer_frames(plan, frames), offload)) continue;
    ideas.push_back("--frames " + std::to_string(1 + (frames - 1) * model.temporal_scale));
    break;
  }
  if (plan.request.offload == "stored") {
    ModelFacts quantised = model;
    for (NetworkSize* network : {&quantised.transformer, &quantised.transformer_2}) network->stored /= 2;
    if (peak_gb(plan, quantised, offload) <= limit)
      ideas.push_back("a quantised file of the transformer, of half the size");
  }
  if (ideas.empty()) return "a smaller model, or a quantised file of this one, with a smaller --res";
  std::string text;
  for (std::size_t i = 0; i < ideas.size(); ++i)
    text += (i == 0 ? "" : i + 1 == ideas.size() ? " or " : ", ") + ideas[i];
  return text;
}

[[noreturn]] void refuse(const Plan& plan, const ModelFacts& model, const std::string& offload,
                         const MemoryLimit& limit) {
  const std::vector<PhaseMemory> phases = estimate_memory(plan, model, offload);
  std::string parts;
  for (const PhaseMemory& phase : phases) {
    parts += (parts.empty() ? "" : ", ") + phase.phase + " " + gigabytes_text(needed(phase, plan.machine));
  }
  const double gb = limit.bytes / 1e9;
  throw Error(ErrorKind::unavailable, "plan",
              "this needs about " + gigabytes_text(peak_of(phases, plan.machine)) + " (" + parts + "), " +
                  (limit.asked ? "--max-memory allows " + gigabytes_text(gb)
                               : gigabytes_text(gb) + " are free" +
                                     (on_gpu(plan.machine) ? " on " + plan.machine.device : "")) +
                  "; what would fit: " + advice(plan, model, offload, gb));
}

}  // namespace

MemoryLimit memory_limit(const Request& request, const Machine& machine, double free_gb) {
  if (const auto& most = request.max_memory) {
    if (!(*most >= 0.001 && *most <= 1e6)) {
      throw Error(ErrorKind::usage, "options",
                  "--max-memory " + shortest_text(*most) + ": expected a number from 0.001 to 1000000");
    }
    return {*most * 1e9, true};
  }
  return {(on_gpu(machine) ? machine.free_gb : free_gb) * 1e9, false};
}

OffloadChoice choose_offload(const Plan& plan, const ModelFacts& model, const MemoryLimit& limit) {
  OffloadChoice choice;
  for (const std::string& offload : offload_choices(plan, model)) {
    choice.offload = offload;
    choice.peak_gb = peak_gb(plan, model, offload);
    choice.fits = limit.bytes == 0 || choice.peak_gb <= limit.bytes / 1e9;
    if (choice.fits) break;
  }
  return choice;
}

std::vector<OffloadMemory> memory_of_each_offload(const Plan& plan, const ModelFacts& model) {
  std::vector<OffloadMemory> all;
  for (const std::string& offload : offloads_of(plan))
    all.push_back({offload, peak_gb(plan, model, offload)});
  return all;
}

void plan_memory(Plan& plan, const ModelFacts& model, double free_gb) {
  Machine& machine = plan.machine;
  const MemoryLimit limit = memory_limit(plan.request, machine, free_gb);
  const double limit_gb = limit.bytes / 1e9;
  const OffloadChoice choice = choose_offload(plan, model, limit);
  if (!choice.fits) refuse(plan, model, choice.offload, limit);
  machine.offload = choice.offload;
  machine.memory_limit_gb = limit_gb;
  machine.offload_memory = memory_of_each_offload(plan, model);
  machine.frees_text_encoder = machine.offload != "none";
  machine.prefetch_bytes = prefetch_bytes(model);
  const std::size_t ranks = std::max<std::size_t>(1, machine.parallel.devices.size());  // of this process
  const double stored = static_cast<double>(ranks * (model.transformer.stored + model.transformer_2.stored));
  machine.stream_from_host = on_gpu(machine) && machine.offload == "stream" && stored / 1e9 < 0.8 * free_gb;
  machine.memory = estimate_memory(plan, model, machine.offload);
  machine.peak_memory_gb = peak_of(machine.memory, machine);
  const double with_text = text_encoder_gb(machine, model, machine.offload) + machine.peak_memory_gb;
  machine.text_fits_beside = limit.bytes == 0 || with_text <= limit_gb;
}

double available_memory_gb() {
  std::ifstream info("/proc/meminfo");
  std::string key, unit;
  double available = 1e18, value = 0;
  while (info >> key >> value) {
    std::getline(info, unit);
    if (key == "MemAvailable:") available = value * 1024;
  }
  const double limit = read_number("/sys/fs/cgroup/memory.max", 1e18);
  const double used = read_number("/sys/fs/cgroup/memory.current", 0);
  // ulimit -d counts allocated memory even where it is never used, such as stacks and reserves of the
  // allocator.
  constexpr double kUnused = 100e6;
  rlimit data{};
  const bool bounded = ::getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY;
  const double process = bounded ? std::max(0.0, static_cast<double>(data.rlim_cur) - kUnused) : 1e18;
  return std::min({available, limit - used, process}) / 1e9;
}

}  // namespace sora
