// Checkpoint of a job: its latents on disk, from which another process can continue with the same final
// bytes.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/denoise/denoise.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// A safetensors file: `window.N` [1, C, T, h, w], `current.*` of the window between two steps
/// (`current.cache.*` of its step cache). Its metadata has the job's key, the parameters as in a finished
/// file (`parameters`), and how many windows there are.
struct SavedLatents {
  std::vector<at::Tensor> windows;      ///< finished ones, conditioning frames included
  std::optional<DenoiseState> current;  ///< of window number windows.size()
};

/// Writes the file, whole or not at all. Throws Error: cannot_create, io.
void write_job_checkpoint(const std::filesystem::path& path, const Plan& plan, const std::string& key,
                          const SavedLatents& saved);

/// Reads it. Throws Error: no_input, data (damaged, or of other shapes than `plan`'s).
SavedLatents read_job_checkpoint(const std::filesystem::path& path, const Plan& plan);

/// The key of the job of a checkpoint. Throws Error: no_input, data.
std::string checkpoint_key(const std::filesystem::path& path);

/// Decides when to save. A save that fails is only a warning.
class JobCheckpoint {
 public:
  /// Reads what an earlier run of the job left. Throws Error (data) with only_decode, unless all windows are
  /// there.
  JobCheckpoint(const Plan& plan, const CheckpointOptions& options);

  /// The latents of an earlier run of the job, if it left any; with only_decode, those of all windows.
  const SavedLatents& saved() const { return saved_; }
  bool complete() const { return saved_.windows.size() == plan_.timeline.windows.size(); }

  /// After each step; `elapsed` and `left` are seconds of the run.
  void step_done(const DenoiseState& state, double elapsed, std::optional<double> left);
  void window_done(const at::Tensor& latents, double elapsed, std::optional<double> left);

  /// Call it when the run failed: saves what is worth it, and returns advice for the user, or "".
  std::string failed(double elapsed);

  /// Call it when the output is complete: removes the checkpoint.
  void finished();

 private:
  bool is_long(double elapsed, std::optional<double> left) const;
  void save(double elapsed);

  const Plan& plan_;
  const CheckpointOptions& options_;
  SavedLatents saved_;
  double saved_at_ = 0;   // seconds of the run
  bool unsaved_ = false;  // something is not saved yet
  bool on_disk_ = false;
  int steps_since_ = 0;
};

}  // namespace sora
