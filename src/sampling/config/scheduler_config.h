// scheduler/scheduler_config.json, as diffusers writes it for its flow-matching schedulers. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sora {

/// What the network's output is.
enum class PredictionType { epsilon, sample, v_prediction, flow_prediction };

/// bh1 and bh2 are UniPC's, midpoint and heun DPM-Solver++'s.
enum class SolverType { bh1, bh2, midpoint, heun };

enum class FinalSigmas { zero, sigma_min };
enum class TimestepSpacing { linspace, leading, trailing };
enum class BetaSchedule { linear, scaled_linear, squaredcos_cap_v2 };

/// The values of all three schedulers in one struct; member names are the keys. What a scheduler's config
/// lacks has the default that diffusers gives it.
struct SchedulerConfig {
  std::string scheduler = "unipc";  ///< _class_name as an option value: unipc, euler or dpm++

  std::int64_t num_train_timesteps = 1000;
  PredictionType prediction_type = PredictionType::epsilon;

  // Noise levels of flow matching: x = (1 - sigma) x0 + sigma noise
  bool use_flow_sigmas = false;
  double flow_shift = 1;  ///< `shift` in Euler's config
  std::optional<double> shift_terminal;
  /// Euler: levels i / N, shifted once, at which few-step models are distilled. The grid of diffusers' class
  /// is shifted twice and ends at 1 / num_train_timesteps, so that of four steps the last does nearly
  /// nothing.
  bool even_levels = false;
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
  std::vector<std::int64_t> disable_corrector;  ///< UniPC: steps after which nothing is corrected
  /// UniPC, not in the file: what the first step makes takes the place of the noise it started from, also
  /// where the second one looks for that noise to correct it. So does SkyReels-V2's diffusion forcing, whose
  /// pipelines write each frame over the view of it that the solver keeps.
  bool overwrites_noise = false;
};

/// Throws Error: no_input (no such file), data (another class, a mistyped or unknown value, a feature that
/// is not built in; the message names the key, what was found and what was expected). A key that no
/// scheduler of diffusers knows gives a warning.
SchedulerConfig read_scheduler_config(const std::filesystem::path& path);

}  // namespace sora
