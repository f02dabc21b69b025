#include "pipeline/run/job_checkpoint.h"

#include "checkpoint/safetensors.h"
#include "core/log.h"
#include "core/text.h"
#include "pipeline/denoise/causal_film.h"
#include "plan/metadata.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

constexpr double kLongJob = 60;                   // seconds: shorter jobs write no checkpoint
constexpr double kSaveInterval = 30;              // seconds between two saves
constexpr int kLongestHistory = 8;                // predictions that a solver uses
constexpr double kWorthSaving = 10;               // seconds of work that are saved when a run fails
constexpr const char* kCache = "current.cache.";  // of a step cache

[[noreturn]] void bad(const std::filesystem::path& path, const std::string& message) {
  throw Error(ErrorKind::data, "latents", path.string() + ": " + message);
}

int number(const SafetensorsFile& file, const std::string& name) {
  const auto found = file.metadata().find(name);
  int value = 0;
  if (found == file.metadata().end() || !set_from_text(value, found->second).empty()) {
    bad(file.path(), name + " is missing from its metadata, expected a checkpoint of a sora-gen job");
  }
  return value;
}

at::Tensor read_shaped(const std::filesystem::path& path, const std::string& name, at::IntArrayRef shape) {
  at::Tensor tensor = read_tensor(path, name);
  if (tensor.sizes() != shape) {
    bad(path,
        name + " is " + shape_text(tensor.sizes().vec()) + ", the plan needs " + shape_text(shape.vec()));
  }
  if (!at::isfinite(tensor).all().item<bool>()) bad(path, name + " has values that are NaN or infinite");
  return tensor;
}

std::vector<std::int64_t> shape_of(const Plan& plan, std::size_t window) {
  return {1, plan.picture.latent_channels, plan.timeline.windows[window].count, plan.picture.latent_height,
          plan.picture.latent_width};
}

}  // namespace

void write_job_checkpoint(const std::filesystem::path& path, const Plan& plan, const std::string& key,
                          const SavedLatents& saved) {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata{{"generator", "sora-gen " SORA_GEN_VERSION},
                                              {"key", key},
                                              {"parameters", file_metadata(plan)},
                                              {"windows", std::to_string(plan.timeline.windows.size())},
                                              {"windows_done", std::to_string(saved.windows.size())}};
  for (std::size_t i = 0; i < saved.windows.size(); ++i)
    tensors["window." + std::to_string(i)] = saved.windows[i];
  if (saved.current) {
    const SchedulerState& scheduler = saved.current->scheduler;
    metadata["step"] = std::to_string(saved.current->step);
    metadata["next"] = std::to_string(scheduler.next);
    metadata["order"] = std::to_string(scheduler.order);
    metadata["history"] = std::to_string(scheduler.history.size());
    tensors["current.latents"] = saved.current->latents;
    for (std::size_t i = 0; i < scheduler.history.size(); ++i) {
      tensors["current.history." + std::to_string(i)] = scheduler.history[i];
    }
    if (scheduler.last_sample.defined()) tensors["current.last_sample"] = scheduler.last_sample;
    for (const auto& [name, tensor] : saved.current->cache) tensors[kCache + name] = tensor;
  }
  write_tensors(path, tensors, metadata);
}

SavedLatents read_job_checkpoint(const std::filesystem::path& path, const Plan& plan) {
  const SafetensorsFile file(path);
  const int windows_done = number(file, "windows_done");
  if (windows_done < 0 || static_cast<std::size_t>(windows_done) > plan.timeline.windows.size()) {
    bad(path, "has " + std::to_string(windows_done) + " finished windows, the plan has " +
                  std::to_string(plan.timeline.windows.size()));
  }
  SavedLatents saved;
  for (std::size_t i = 0; i < static_cast<std::size_t>(windows_done); ++i) {
    saved.windows.push_back(read_shaped(path, "window." + std::to_string(i), shape_of(plan, i)));
  }
  if (file.tensors().count("current.latents") == 0) return saved;
  if (saved.windows.size() == plan.timeline.windows.size()) bad(path, "has one window more than the plan");
  auto shape = shape_of(plan, saved.windows.size());
  shape[2] = plan.control.references + denoised_frames(plan, plan.timeline.windows[saved.windows.size()]);
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
                  std::to_string(history) + ", expected an order no higher than that");
  }
  for (int i = 0; i < history; ++i) {
    current.scheduler.history.push_back(read_shaped(path, "current.history." + std::to_string(i), shape));
  }
  if (file.tensors().count("current.last_sample") > 0) {
    current.scheduler.last_sample = read_shaped(path, "current.last_sample", shape);
  }
  for (const auto& [name, info] : file.tensors()) {
    if (name.starts_with(kCache))
      current.cache[name.substr(std::string(kCache).size())] = read_tensor(path, name);
  }
  saved.current = std::move(current);
  return saved;
}

std::string checkpoint_key(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const auto found = file.metadata().find("key");
  if (found == file.metadata().end())
    bad(path, "has no key in its metadata, expected a checkpoint of a sora-gen job");
  return found->second;
}

JobCheckpoint::JobCheckpoint(const Plan& plan, const CheckpointOptions& options)
    : plan_(plan), options_(options) {
  std::error_code code;
  if (options.file.empty() || (!options.only_decode && !std::filesystem::exists(options.file, code))) return;
  if (options.only_decode) {
    saved_ = read_job_checkpoint(options.file, plan);
    if (!complete()) {
      bad(options.file, std::to_string(saved_.windows.size()) + " of " +
                            std::to_string(plan.timeline.windows.size()) +
                            (plan.timeline.windows.size() == 1 ? " window is" : " windows are") +
                            " denoised; run the job itself again, which continues from here");
    }
    return;
  }
  try {
    if (checkpoint_key(options.file) != options.key) return;
    saved_ = read_job_checkpoint(options.file, plan);
    on_disk_ = true;
  } catch (const Error& error) {  // a useless checkpoint is no reason to stop
    log(LogLevel::warning, std::string(error.what()) + "; the job starts from the beginning");
    saved_ = {};
  }
}

bool JobCheckpoint::is_long(double elapsed, std::optional<double> left) const {
  return elapsed + left.value_or(0) > kLongJob;
}

void JobCheckpoint::step_done(const DenoiseState& state, double elapsed, std::optional<double> left) {
  if (options_.file.empty() || options_.only_decode || options_.every == 0) return;
  saved_.current = state;
  unsaved_ = true;
  ++steps_since_;
  const bool due = options_.every ? steps_since_ >= *options_.every
                                  : is_long(elapsed, left) && elapsed - saved_at_ >= kSaveInterval;
  if (due && state.step < plan_.sampling.steps) save(elapsed);  // after the last step window_done() saves
}

void JobCheckpoint::window_done(const at::Tensor& latents, double elapsed, std::optional<double> left) {
  saved_.current.reset();
  if (options_.file.empty() || options_.only_decode || options_.every == 0) return;
  saved_.windows.push_back(latents.to(at::kCPU));  // a long video has many
  unsaved_ = true;
  if (options_.every || is_long(elapsed, left)) save(elapsed);
}

void JobCheckpoint::save(double elapsed) {
  try {
    std::error_code code;
    std::filesystem::create_directories(options_.file.parent_path(),
                                        code);  // an error shows when the file is written
    write_job_checkpoint(options_.file, plan_, options_.key, saved_);
    on_disk_ = true;
    unsaved_ = false;
  } catch (const Error& error) {
    log(LogLevel::warning, "the checkpoint could not be saved: " + std::string(error.what()));
  }
  saved_at_ = elapsed;
  steps_since_ = 0;
}

std::string JobCheckpoint::failed(double elapsed) {
  if (options_.file.empty() || options_.only_decode || options_.every == 0) return {};
  const bool worth = options_.every || on_disk_ || elapsed > kWorthSaving || complete();
  if (unsaved_ && worth) save(elapsed);
  if (!on_disk_) return {};
  if (complete()) {
    return "the denoised latents are saved: run the same command to continue, or sora-gen decode " +
           options_.file.string() + " -o NAME";
  }
  // A batch has its checkpoints in its folder, and gives its jobs the same seeds again; --seed would change
  // all.
  if (options_.file.parent_path().filename() == ".sora-gen")
    return "the denoised part is saved: run the same command to continue";
  return "the denoised part is saved: run the same command with --seed " +
         std::to_string(*plan_.request.seed) + " to continue";
}

void JobCheckpoint::finished() {
  if (options_.only_decode || !on_disk_) return;
  std::error_code code;
  std::filesystem::remove(options_.file, code);
}

}  // namespace sora
