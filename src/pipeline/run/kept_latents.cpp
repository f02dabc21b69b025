#include "pipeline/run/kept_latents.h"

#include "checkpoint/safetensors.h"
#include "core/log.h"
#include "core/text.h"
#include "plan/metadata.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

constexpr double kLongJob = 60;       // seconds: jobs of less are not worth a file
constexpr double kSaveInterval = 30;  // seconds between two saves
constexpr int kLongestHistory = 8;    // predictions that a solver goes back to
constexpr double kWorthKeeping = 10;  // seconds of work that a failed run does not throw away

[[noreturn]] void bad(const std::filesystem::path& path, const std::string& message) {
  throw Error(ErrorKind::data, "latents", path.string() + ": " + message);
}

int number(const SafetensorsFile& file, const std::string& name) {
  const auto found = file.metadata().find(name);
  int value = 0;
  if (found == file.metadata().end() || !set_from_text(value, found->second).empty()) {
    bad(file.path(), name + " is missing from its metadata, expected a file that sora-gen kept");
  }
  return value;
}

at::Tensor read_shaped(const std::filesystem::path& path, const std::string& name, at::IntArrayRef shape) {
  at::Tensor tensor = read_tensor(path, name);
  if (tensor.sizes() != shape) {
    bad(path,
        name + " is " + shape_text(tensor.sizes().vec()) + ", the plan needs " + shape_text(shape.vec()));
  }
  return tensor;
}

std::vector<std::int64_t> shape_of(const Plan& plan, std::size_t window) {
  return {1, plan.picture.latent_channels, plan.timeline.windows[window].count, plan.picture.latent_height,
          plan.picture.latent_width};
}

}  // namespace

void write_kept(const std::filesystem::path& path, const Plan& plan, const std::string& key,
                const KeptLatents& kept) {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata{{"generator", "sora-gen " SORA_GEN_VERSION},
                                              {"key", key},
                                              {"parameters", metadata_json(plan)},
                                              {"windows", std::to_string(plan.timeline.windows.size())},
                                              {"windows_done", std::to_string(kept.windows.size())}};
  for (std::size_t i = 0; i < kept.windows.size(); ++i)
    tensors["window." + std::to_string(i)] = kept.windows[i];
  if (kept.current) {
    const SchedulerState& scheduler = kept.current->scheduler;
    metadata["step"] = std::to_string(kept.current->step);
    metadata["next"] = std::to_string(scheduler.next);
    metadata["order"] = std::to_string(scheduler.order);
    metadata["history"] = std::to_string(scheduler.history.size());
    tensors["current.latents"] = kept.current->latents;
    for (std::size_t i = 0; i < scheduler.history.size(); ++i) {
      tensors["current.history." + std::to_string(i)] = scheduler.history[i];
    }
    if (scheduler.last_sample.defined()) tensors["current.last_sample"] = scheduler.last_sample;
  }
  write_tensors(path, tensors, metadata);
}

KeptLatents read_kept(const std::filesystem::path& path, const Plan& plan) {
  const SafetensorsFile file(path);
  const int windows_done = number(file, "windows_done");
  if (windows_done < 0 || static_cast<std::size_t>(windows_done) > plan.timeline.windows.size()) {
    bad(path, "holds " + std::to_string(windows_done) + " windows, the plan has " +
                  std::to_string(plan.timeline.windows.size()));
  }
  KeptLatents kept;
  for (std::size_t i = 0; i < static_cast<std::size_t>(windows_done); ++i) {
    kept.windows.push_back(read_shaped(path, "window." + std::to_string(i), shape_of(plan, i)));
  }
  if (file.tensors().count("current.latents") == 0) return kept;
  if (kept.windows.size() == plan.timeline.windows.size()) bad(path, "holds a window more than the plan has");
  const auto shape = shape_of(plan, kept.windows.size());
  DenoiseState current;
  current.step = number(file, "step");
  if (current.step < 0 || current.step > plan.sampling.steps) {
    bad(path, "stopped at step " + std::to_string(current.step) + ", the plan has " +
                  std::to_string(plan.sampling.steps));
  }
  current.latents = read_shaped(path, "current.latents", shape);
  current.scheduler.next = number(file, "next");
  current.scheduler.order = number(file, "order");
  const int history = number(file, "history");
  if (history < 0 || history > kLongestHistory || current.scheduler.order < 0 ||
      current.scheduler.order > history) {
    bad(path, "its scheduler has order " + std::to_string(current.scheduler.order) + " and a history of " +
                  std::to_string(history) + ", expected no more of the one than of the other");
  }
  for (int i = 0; i < history; ++i) {
    current.scheduler.history.push_back(read_shaped(path, "current.history." + std::to_string(i), shape));
  }
  if (file.tensors().count("current.last_sample") > 0) {
    current.scheduler.last_sample = read_shaped(path, "current.last_sample", shape);
  }
  kept.current = std::move(current);
  return kept;
}

std::string kept_key(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const auto found = file.metadata().find("key");
  if (found == file.metadata().end())
    bad(path, "has no key in its metadata, expected a file that sora-gen kept");
  return found->second;
}

Keeper::Keeper(const Plan& plan, const Keep& keep) : plan_(plan), keep_(keep) {
  std::error_code code;
  if (keep.file.empty() || (!keep.only_decode && !std::filesystem::exists(keep.file, code))) return;
  if (keep.only_decode) {
    kept_ = read_kept(keep.file, plan);
    if (!complete()) {
      bad(keep.file, std::to_string(kept_.windows.size()) + " of " +
                         std::to_string(plan.timeline.windows.size()) +
                         (plan.timeline.windows.size() == 1 ? " window is" : " windows are") +
                         " denoised; run the job itself again, which goes on from here");
    }
    return;
  }
  try {
    if (kept_key(keep.file) != keep.key) return;
    kept_ = read_kept(keep.file, plan);
    on_disk_ = true;
  } catch (const Error& error) {  // of no use, and no reason to stop
    log(LogLevel::warning, std::string(error.what()) + "; the job starts anew");
    kept_ = {};
  }
}

bool Keeper::is_long(double elapsed, std::optional<double> left) const {
  return elapsed + left.value_or(0) > kLongJob;
}

void Keeper::step_done(const DenoiseState& state, double elapsed, std::optional<double> left) {
  if (keep_.file.empty() || keep_.only_decode || keep_.every == 0) return;
  kept_.current = state;
  fresh_ = true;
  ++steps_since_;
  const bool due = keep_.every ? steps_since_ >= *keep_.every
                               : is_long(elapsed, left) && elapsed - saved_at_ >= kSaveInterval;
  if (due && state.step < plan_.sampling.steps) save(elapsed);  // the last step's latents are the window's
}

void Keeper::window_done(const at::Tensor& latents, double elapsed, std::optional<double> left) {
  kept_.current.reset();
  kept_.windows.push_back(latents);
  if (keep_.file.empty() || keep_.only_decode || keep_.every == 0) return;
  fresh_ = true;
  if (keep_.every || is_long(elapsed, left)) save(elapsed);
}

void Keeper::save(double elapsed) {
  try {
    std::error_code code;
    std::filesystem::create_directories(keep_.file.parent_path(), code);  // what is wrong shows below
    write_kept(keep_.file, plan_, keep_.key, kept_);
    on_disk_ = true;
    fresh_ = false;
  } catch (const Error& error) {
    log(LogLevel::warning, "what is denoised could not be kept: " + std::string(error.what()));
  }
  saved_at_ = elapsed;
  steps_since_ = 0;
}

std::string Keeper::failed(double elapsed) {
  if (keep_.file.empty() || keep_.only_decode || keep_.every == 0) return {};
  const bool worth = keep_.every || on_disk_ || elapsed > kWorthKeeping || complete();
  if (fresh_ && worth) save(elapsed);
  if (!on_disk_) return {};
  if (complete()) {
    return "all that was denoised is kept: the same command goes on there, or sora-gen decode " +
           keep_.file.string() + " -o NAME";
  }
  return "what was denoised is kept: the same command with --seed " + std::to_string(*plan_.request.seed) +
         " goes on there";
}

void Keeper::finished() {
  if (keep_.only_decode || !on_disk_) return;
  std::error_code code;
  std::filesystem::remove(keep_.file, code);
}

}  // namespace sora
