// scheduler/scheduler_config.json, as diffusers writes it for its flow-matching schedulers. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sora {

/// What the network predicts.
enum class PredictionType { epsilon, sample, v_prediction, flow_prediction };

/// bh1 and bh2 are UniPC's, midpoint and heun DPM-Solver++'s.
enum class SolverType { bh1, bh2, midpoint, heun };

enum class FinalSigmas { zero, sigma_min };
enum class TimestepSpacing { linspace, leading, trailing };
enum class BetaSchedule { linear, scaled_linear, squaredcos_cap_v2 };

/// The logarithm of the flow shift rises with the number of tokens, in a straight line through two points.
struct DynamicShift {
  double base_shift = 0.5, max_shift = 1.15;
  double base_image_seq_len = 256, max_image_seq_len = 4096;

  /// The logarithm for `tokens` tokens.
  double at(double tokens) const {
    const double slope = (max_shift - base_shift) / (max_image_seq_len - base_image_seq_len);
    return base_shift + slope * (tokens - base_image_seq_len);
  }
};

/// The values of all three schedulers in one struct. Members have the names of the keys, and the defaults of
/// diffusers for keys that are not there.
struct SchedulerConfig {
  std::string scheduler = "unipc";  ///< _class_name as an option value: unipc, euler, dpm++ or lcm

  std::int64_t num_train_timesteps = 1000;
  PredictionType prediction_type = PredictionType::epsilon;

  // Noise levels of flow matching: x = (1 - sigma) x0 + sigma noise
  bool use_flow_sigmas = false;
  double flow_shift = 1;  ///< `shift` in Euler's config
  std::optional<double> shift_terminal;
  std::optional<DynamicShift> dynamic_shift;  ///< Euler: flow_shift is to be calculated from it
  /// Euler: noise levels i / N, shifted once; few-step models are distilled for these, and some pipelines
  /// give them to the scheduler. The levels of diffusers' class are shifted twice and end at 1 /
  /// num_train_timesteps, so that the last of four steps does nearly nothing.
  bool even_levels = false;
  /// Euler, for networks that are told which timestep a step leads to (flow maps): even levels, computed in
  /// double precision as FlowMapEulerDiscreteScheduler does.
  bool flow_map = false;
  /// The noise levels of the steps, falling, from 1 on; they are not shifted. Empty: those of the scheduler.
  /// The file may have them under this key, or as `timesteps`.
  std::vector<double> sigmas;
  bool use_karras_sigmas = false;  ///< UniPC with flow sigmas only
  std::optional<double> sigma_min;
  std::optional<double> sigma_max;
  FinalSigmas final_sigmas_type = FinalSigmas::zero;

  // Noise levels of variance-preserving diffusion, when use_flow_sigmas is false
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::linear;
  std::vector<double> trained_betas;  ///< instead of a beta_schedule, when not empty
  TimestepSpacing timestep_spacing = TimestepSpacing::linspace;
  std::int64_t steps_offset = 0;

  // Solver
  std::int64_t solver_order = 2;
  SolverType solver_type = SolverType::bh2;
  bool lower_order_final = true;
  bool euler_at_final = false;                  ///< DPM-Solver++
  bool predict_x0 = true;                       ///< UniPC
  std::vector<std::int64_t> disable_corrector;  ///< UniPC: steps without the corrector
  /// UniPC, not a key of the file: the result of the first step overwrites the noise that it started from,
  /// which the corrector of the second step then uses. The pipelines of SkyReels-V2's diffusion forcing do
  /// so: they write each frame into the tensor that the solver remembers.
  bool overwrites_noise = false;
};

/// Whether a family's pipeline calculates the flow shift from the number of tokens (use_dynamic_shifting).
enum class ShiftByTokens { refused, allowed };

class JsonConfig;

/// The noise levels under the key `sigmas`, or those of `timesteps` in units of 1 / num_train_timesteps;
/// empty: there are none. A 0 at the end is left out. Throws Error (data).
std::vector<double> read_noise_levels(const JsonConfig& json, std::int64_t num_train_timesteps);

/// Whether it is an option value: unipc, euler, dpm++ or lcm.
bool is_scheduler(const std::string& name);

/// What noise levels of steps must be: "falling, from 1 down to above 0" and so on; empty: they are so.
std::string fault_of_levels(const std::vector<double>& levels);

/// Throws Error: no_input (no such file), data (another class, a value of the wrong type or out of range, a
/// feature that is not supported; the message names the key, its value and what was expected). A key that no
/// scheduler of diffusers has gives a warning.
SchedulerConfig read_scheduler_config(const std::filesystem::path& path,
                                      ShiftByTokens by_tokens = ShiftByTokens::refused);

}  // namespace sora
