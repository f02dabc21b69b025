#include "sampling/config/scheduler_config.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "core/json/json_config.h"
#include "core/log.h"

namespace sora {
namespace {

constexpr const char* kComponent = "scheduler";

template <class T>
using Choices = std::initializer_list<std::pair<const char*, T>>;

/// The choice that the string under `key` names; any other string is an error that lists the choices.
template <class T>
T choice(const JsonConfig& json, const char* key, Choices<T> choices, T fallback) {
  if (!json.has(key)) return fallback;
  const std::string found = json.string(key);
  std::string expected = "one of";
  for (const auto& [name, value] : choices) {
    if (found == name) return value;
    expected += std::string(expected == "one of" ? " " : ", ") + name;
  }
  json.fail(key, expected);
}

std::optional<double> optional_number(const JsonConfig& json, const char* key) {
  if (!json.has(key)) return {};
  return json.number(key);
}

double positive(const JsonConfig& json, const char* key, double fallback) {
  const double value = json.number(key, fallback);
  if (value <= 0) json.fail(key, "a number above 0");
  return value;
}

/// Features of diffusers that are not supported must be off.
void refuse_unsupported(const JsonConfig& json) {
  for (const char* key : {"thresholding", "rescale_betas_zero_snr", "use_exponential_sigmas",
                          "use_beta_sigmas", "use_lu_lambdas", "invert_sigmas", "stochastic_sampling"}) {
    if (json.boolean(key, false)) json.fail(key, "false (sora-gen does not have this variant)");
  }
  for (const char* key : {"solver_p", "variance_type"}) {
    if (json.has(key)) json.fail(key, "null (sora-gen does not have this variant)");
  }
  if (json.string("algorithm_type", "dpmsolver++") != "dpmsolver++")
    json.fail("algorithm_type", "dpmsolver++");
  // Python writes minus infinity without quotes, and JsonConfig returns it as a string.
  if (json.string("lambda_min_clipped", "-Infinity") != "-Infinity") {
    json.fail("lambda_min_clipped", "-Infinity (sora-gen does not clip noise levels)");
  }
}

/// A key of a newer diffusers may change the result, so it is worth a warning. Keys of another scheduler stay
/// in the file when diffusers converts a config from one class to another, and have no effect.
void warn_of_unknown_keys(const JsonConfig& json) {
  static const std::initializer_list<const char*> known = {"algorithm_type",
                                                           "base_image_seq_len",
                                                           "base_shift",
                                                           "beta_end",
                                                           "beta_schedule",
                                                           "beta_start",
                                                           "disable_corrector",
                                                           "dynamic_thresholding_ratio",
                                                           "euler_at_final",
                                                           "extra_one_step",
                                                           "final_sigmas_type",
                                                           "flow_shift",
                                                           "invert_sigmas",
                                                           "lambda_min_clipped",
                                                           "lower_order_final",
                                                           "max_image_seq_len",
                                                           "max_shift",
                                                           "num_inference_steps",
                                                           "num_train_timesteps",
                                                           "predict_x0",
                                                           "prediction_type",
                                                           "rescale_betas_zero_snr",
                                                           "sample_max_value",
                                                           "shift",
                                                           "shift_terminal",
                                                           "sigma_max",
                                                           "sigma_min",
                                                           "sigmas",
                                                           "solver_order",
                                                           "solver_p",
                                                           "solver_type",
                                                           "steps_offset",
                                                           "stochastic_sampling",
                                                           "thresholding",
                                                           "time_shift_type",
                                                           "timestep_spacing",
                                                           "timesteps",
                                                           "trained_betas",
                                                           "training",
                                                           "use_beta_sigmas",
                                                           "use_dynamic_shifting",
                                                           "use_exponential_sigmas",
                                                           "use_flow_sigmas",
                                                           "use_karras_sigmas",
                                                           "use_lu_lambdas",
                                                           "variance_type"};
  for (const std::string& key : json.keys()) {
    if (key.empty() || key.front() == '_') continue;  // _class_name, _diffusers_version
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      log(LogLevel::warning, std::string("[") + kComponent + "] " + json.path().string() + ": " + key +
                                 " is not known and has no effect");
    }
  }
}

void read_dynamic_shift(const JsonConfig& json, ShiftByTokens by_tokens, SchedulerConfig& config) {
  if (!json.boolean("use_dynamic_shifting", false)) return;
  if (by_tokens == ShiftByTokens::refused || config.scheduler != "euler")
    json.fail("use_dynamic_shifting", "false (sora-gen does not have this variant)");
  if (json.string("time_shift_type", "exponential") != "exponential")
    json.fail("time_shift_type", "exponential");
  DynamicShift shift;
  shift.base_shift = json.number("base_shift", shift.base_shift);
  shift.max_shift = json.number("max_shift", shift.max_shift);
  shift.base_image_seq_len = positive(json, "base_image_seq_len", shift.base_image_seq_len);
  shift.max_image_seq_len = positive(json, "max_image_seq_len", shift.max_image_seq_len);
  if (shift.max_image_seq_len <= shift.base_image_seq_len)
    json.fail("max_image_seq_len", "a number above base_image_seq_len");
  config.dynamic_shift = shift;
}

void read_flow_grid(const JsonConfig& json, SchedulerConfig& config) {
  const bool euler = config.scheduler == "euler" || config.scheduler == "lcm";
  config.use_flow_sigmas = euler || json.boolean("use_flow_sigmas", false);
  config.flow_shift = positive(json, euler ? "shift" : "flow_shift", 1);
  if (optional_number(json, "shift_terminal").value_or(0) != 0) {  // 0 is off, as in diffusers
    config.shift_terminal = json.number("shift_terminal");
    if (*config.shift_terminal < 0 || *config.shift_terminal >= 1) {
      json.fail("shift_terminal", "null or a noise level in [0, 1)");
    }
    if (!config.use_flow_sigmas || config.scheduler == "dpm++") {
      json.fail("shift_terminal", "null (it needs UniPC with use_flow_sigmas, or Euler)");
    }
  }
  config.sigmas = read_noise_levels(json, config.num_train_timesteps);
  if (!config.sigmas.empty() && !config.use_flow_sigmas)
    json.fail(json.has("sigmas") ? "sigmas" : "timesteps",
              "null (noise levels are listed for flow models only)");
  config.use_karras_sigmas = json.boolean("use_karras_sigmas", false);
  if (config.use_karras_sigmas && (config.scheduler != "unipc" || !config.use_flow_sigmas)) {
    json.fail("use_karras_sigmas", "false (it is only built in for UniPC with use_flow_sigmas)");
  }
  config.sigma_min = optional_number(json, "sigma_min");
  config.sigma_max = optional_number(json, "sigma_max");
}

void read_variance_preserving_grid(const JsonConfig& json, SchedulerConfig& config) {
  config.beta_start = positive(json, "beta_start", config.beta_start);
  config.beta_end = positive(json, "beta_end", config.beta_end);
  config.beta_schedule = choice<BetaSchedule>(json, "beta_schedule",
                                              {{"linear", BetaSchedule::linear},
                                               {"scaled_linear", BetaSchedule::scaled_linear},
                                               {"squaredcos_cap_v2", BetaSchedule::squaredcos_cap_v2}},
                                              config.beta_schedule);
  config.trained_betas = json.numbers("trained_betas", std::vector<double>());
  if (!config.trained_betas.empty() &&
      static_cast<std::int64_t>(config.trained_betas.size()) != config.num_train_timesteps) {
    json.fail("trained_betas", "null or num_train_timesteps numbers");
  }
  config.timestep_spacing = choice<TimestepSpacing>(json, "timestep_spacing",
                                                    {{"linspace", TimestepSpacing::linspace},
                                                     {"leading", TimestepSpacing::leading},
                                                     {"trailing", TimestepSpacing::trailing}},
                                                    config.timestep_spacing);
  config.steps_offset = json.integer_in("steps_offset", 0, config.num_train_timesteps - 1, 0);
}

void read_solver(const JsonConfig& json, SchedulerConfig& config) {
  const bool unipc = config.scheduler == "unipc";
  config.solver_order = json.integer_in("solver_order", 1, unipc ? 3 : 2, 2);
  // A solver type of the other class means the default, as in diffusers.
  const SolverType own = unipc ? SolverType::bh2 : SolverType::midpoint;
  config.solver_type = choice<SolverType>(json, "solver_type",
                                          {{"bh1", unipc ? SolverType::bh1 : own},
                                           {"bh2", own},
                                           {"midpoint", own},
                                           {"heun", unipc ? own : SolverType::heun},
                                           {"logrho", own}},
                                          own);
  config.lower_order_final = json.boolean("lower_order_final", true);
  config.euler_at_final = json.boolean("euler_at_final", false);
  config.predict_x0 = json.boolean("predict_x0", true);
  config.disable_corrector = json.integers("disable_corrector", std::vector<std::int64_t>());
}

/// Combinations for which the solver would divide by zero or has no formula.
void refuse_undefined(const JsonConfig& json, const SchedulerConfig& config) {
  if (config.scheduler != "unipc") return;
  if (!config.predict_x0) {
    if (config.prediction_type == PredictionType::flow_prediction) {
      json.fail("predict_x0", "true with prediction_type flow_prediction");
    }
    if (config.final_sigmas_type == FinalSigmas::zero) {
      json.fail("predict_x0", "true with final_sigmas_type zero (the last step would divide by zero)");
    }
  }
  if (!config.lower_order_final && config.solver_order > 1) {
    json.fail("lower_order_final", "true (the last step of a higher order would divide by zero)");
  }
}

}  // namespace

bool is_scheduler(const std::string& name) {
  return name == "unipc" || name == "euler" || name == "dpm++" || name == "lcm";
}

std::string fault_of_levels(const std::vector<double>& levels) {
  constexpr std::size_t kMost = 1000;
  if (levels.empty() || levels.size() > kMost) return "1 to 1000 noise levels";
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (!(levels[i] > 0 && levels[i] <= 1) || (i > 0 && !(levels[i] < levels[i - 1])))
      return "noise levels that fall from 1 towards 0, each below the one before";
  }
  return {};
}

std::vector<double> read_noise_levels(const JsonConfig& json, std::int64_t num_train_timesteps) {
  const char* key = json.has("sigmas") ? "sigmas" : "timesteps";
  if (!json.has(key)) return {};
  std::vector<double> levels = json.numbers(key);
  if (std::string(key) == "timesteps") {
    for (double& level : levels) level /= static_cast<double>(num_train_timesteps);
  }
  if (levels.size() > 1 && levels.back() == 0) levels.pop_back();
  if (const std::string expected = fault_of_levels(levels); !expected.empty()) json.fail(key, expected);
  return levels;
}

SchedulerConfig read_scheduler_config(const std::filesystem::path& path, ShiftByTokens by_tokens) {
  const JsonConfig json(path, kComponent);
  SchedulerConfig config;
  if (!json.has("_class_name")) json.fail("_class_name", "the class of a scheduler");
  config.scheduler = choice<const char*>(json, "_class_name",
                                         {{"UniPCMultistepScheduler", "unipc"},
                                          {"FlowMatchEulerDiscreteScheduler", "euler"},
                                          {"FlowMapEulerDiscreteScheduler", "euler"},
                                          {"FlowMapDiscreteScheduler", "euler"},
                                          {"DPMSolverMultistepScheduler", "dpm++"},
                                          {"FlowMatchLCMScheduler", "lcm"},
                                          {"SelfForcingFlowMatchScheduler", "lcm"}},
                                         nullptr);
  config.flow_map = config.even_levels = json.string("_class_name").starts_with("FlowMap");
  refuse_unsupported(json);
  warn_of_unknown_keys(json);
  config.num_train_timesteps = json.integer_in("num_train_timesteps", 1, 1000000, 1000);
  read_flow_grid(json, config);
  read_dynamic_shift(json, by_tokens, config);
  if (config.scheduler == "euler" || config.scheduler == "lcm") {
    config.prediction_type = PredictionType::flow_prediction;
    return config;
  }
  config.prediction_type = choice<PredictionType>(json, "prediction_type",
                                                  {{"epsilon", PredictionType::epsilon},
                                                   {"sample", PredictionType::sample},
                                                   {"v_prediction", PredictionType::v_prediction},
                                                   {"flow_prediction", PredictionType::flow_prediction}},
                                                  PredictionType::epsilon);
  config.final_sigmas_type = choice<FinalSigmas>(
      json, "final_sigmas_type", {{"zero", FinalSigmas::zero}, {"sigma_min", FinalSigmas::sigma_min}},
      FinalSigmas::zero);
  read_variance_preserving_grid(json, config);
  read_solver(json, config);
  refuse_undefined(json, config);
  return config;
}

}  // namespace sora
