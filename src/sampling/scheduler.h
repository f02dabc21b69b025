// Samplers: ordinary differential equation solvers that take latents from noise to data.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sampling/config/scheduler_config.h"
#include "sampling/sigma_grid.h"

namespace sora {

/// State of a solver between two steps: enough to continue in another process with the same numbers.
struct SchedulerState {
  int next = -1;                    ///< the next step; -1: any step may come first
  int order = 0;                    ///< of the step before
  std::vector<at::Tensor> history;  ///< model outputs, newest last
  at::Tensor last_sample;           ///< start of the step before; undefined where the solver does not need it
};

/// One run of N steps over latents of any shape. Multistep solvers keep a history from step to step, so
/// each set of latents needs its own scheduler (see clone()). Numbers follow diffusers 0.42.1 in fp32.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  Scheduler& operator=(const Scheduler&) = delete;

  int steps() const { return static_cast<int>(grid_.timesteps.size(0)); }
  const at::Tensor& timesteps() const { return grid_.timesteps; }  ///< [N] on the CPU; see SigmaGrid
  const at::Tensor& sigmas() const { return grid_.sigmas; }        ///< [N + 1] float32 on the CPU
  double timestep(int i) const { return grid_.timesteps[i].item<double>(); }
  /// The timestep that step i leads to: that of the next one, 0 after the last.
  double next_timestep(int i) const { return i + 1 < steps() ? timestep(i + 1) : 0; }

  /// Takes latents at level sigmas[i] to level sigmas[i + 1].
  /// `noise_pred` is the network's output for `sample` at timesteps[i], after guidance; it has the shape of
  /// `sample`, which is float32. A prediction in half precision is widened first (diffusers multiplies it
  /// by sigma in its own precision). Call the steps in order; a run that starts from data may begin with any
  /// step. Throws Error (internal) otherwise. Both tensors may be kept as history: leave them unchanged
  /// afterwards. The result is the caller's.
  at::Tensor step(const at::Tensor& noise_pred, int i, const at::Tensor& sample);

  /// The clean latents that the prediction at step i implies; also used for previews.
  at::Tensor predict_x0(const at::Tensor& noise_pred, int i, const at::Tensor& sample) const;

  /// Clean latents and noise mixed at level sigmas[i], 0 <= i <= N.
  at::Tensor add_noise(const at::Tensor& latents, const at::Tensor& noise, int i) const;

  /// Whether each step but the last takes noise of its own.
  virtual bool takes_noise() const { return false; }
  /// Where it comes from: noise_of(i) for step i, of the sample's shape and device.
  void take_noise_from(std::function<at::Tensor(int)> noise_of) { noise_of_ = std::move(noise_of); }

  /// Forgets the history; any step may come next.
  void reset();

  /// Its tensors are those of the solver itself: save them, do not change them.
  SchedulerState state() const;
  /// Continues from the state of a scheduler of the same kind and settings. Throws Error (data) when the
  /// state does not fit.
  void restore(const SchedulerState& state);

  /// A copy that continues on its own from the same point, for one window of several.
  virtual std::unique_ptr<Scheduler> clone() const = 0;

 protected:
  /// Throws Error (usage, data) when the levels are not finite and falling: too many steps for the shift.
  Scheduler(const SchedulerConfig& config, SigmaGrid grid);
  Scheduler(const Scheduler&) = default;

  /// 0-dimensional float32 CPU tensors. They take part in products on any device, and their arithmetic is
  /// that of diffusers to the last bit.
  struct NoiseLevel {
    at::Tensor alpha, sigma;
    at::Tensor lambda;  ///< log(alpha / sigma), half the logarithm of the signal-to-noise ratio
  };
  NoiseLevel noise_level(int i) const;
  at::Tensor sigma(int i) const { return grid_.sigmas[i]; }

  const SchedulerConfig& config() const { return config_; }
  at::Tensor fresh_noise(int i) const;

 private:
  virtual at::Tensor advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) = 0;
  virtual void forget() = 0;
  virtual void save(SchedulerState&) const {}
  virtual void load(const SchedulerState&) {}

  SchedulerConfig config_;
  SigmaGrid grid_;
  std::function<at::Tensor(int)> noise_of_;
  int next_ = -1;  ///< step that must come next; -1 for any
};

/// `name` is unipc, euler, dpm++ or lcm. When it is not the config's own class, the values that both classes
/// have are copied as diffusers' from_config() does: training timesteps, prediction type, noise levels,
/// order (at most 2 for dpm++); the solver type becomes the new class's default.
/// `flow_shift` replaces the config's. Throws Error: usage (unknown name, steps < 1, flow_shift <= 0, or
/// a scheduler that cannot run this config).
std::unique_ptr<Scheduler> make_scheduler(const std::string& name, const SchedulerConfig& config, int steps,
                                          double flow_shift);

}  // namespace sora
