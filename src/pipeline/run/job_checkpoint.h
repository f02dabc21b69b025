// What a run has denoised, on disk: enough to go on in another process with the same bytes at the end.
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

/// A safetensors file: `window.N` [1, C, T, h, w], `current.*` of the window between two steps. Its metadata
/// has the job's key, the parameters as in a finished file (`parameters`), and how many windows there are.
struct SavedLatents {
  std::vector<at::Tensor> windows;      ///< finished ones, held frames included
  std::optional<DenoiseState> current;  ///< of window number windows.size()
};

/// Writes the file, whole or not at all. Throws Error: cannot_create, io.
void write_job_checkpoint(const std::filesystem::path& path, const Plan& plan, const std::string& key,
                          const SavedLatents& saved);

/// Reads it. Throws Error: no_input, data (damaged, or of other shapes than `plan`'s).
SavedLatents read_job_checkpoint(const std::filesystem::path& path, const Plan& plan);

/// The key of the job that a file was kept for. Throws Error: no_input, data.
std::string checkpoint_key(const std::filesystem::path& path);

/// Saves at the right moments. It never stops a run: a save that fails is a warning.
class JobCheckpoint {
 public:
  JobCheckpoint(const Plan& plan, const CheckpointOptions& options);

  /// What an earlier run of the job left, if it did. With only_decode, throws Error (data) unless it is all
  /// there.
  const SavedLatents& saved() const { return saved_; }
  bool complete() const { return saved_.windows.size() == plan_.timeline.windows.size(); }

  /// After each step; `elapsed` and `left` are seconds of the run.
  void step_done(const DenoiseState& state, double elapsed, std::optional<double> left);
  void window_done(const at::Tensor& latents, double elapsed, std::optional<double> left);

  /// The run failed: saves what is worth it, and returns what to tell the user, or nothing.
  std::string failed(double elapsed);

  /// The output is in place.
  void finished();

 private:
  bool is_long(double elapsed, std::optional<double> left) const;
  void save(double elapsed);

  const Plan& plan_;
  const CheckpointOptions& options_;
  SavedLatents saved_;
  double saved_at_ = 0;  // seconds of the run
  bool fresh_ = false;   // something is not saved yet
  bool on_disk_ = false;
  int steps_since_ = 0;
};

}  // namespace sora
