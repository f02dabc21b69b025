#include "sampling/sigma_grid.h"

#include <cmath>
#include <numbers>

namespace sora {
namespace {

// Where diffusers uses NumPy, the grids are computed with ATen in float64: each operation is rounded on its
// own, while a compiler of plain C++ may fuse a product and a sum.

/// numpy.linspace in float64.
at::Tensor linspace(double start, double stop, std::int64_t count) {
  at::Tensor values = at::arange(count, at::kDouble);  // [count]
  if (count == 1) return values + start;
  values = values * ((stop - start) / static_cast<double>(count - 1)) + start;
  values[count - 1] = stop;
  return values;
}

at::Tensor shifted(const at::Tensor& sigmas, double shift) {
  return shift * sigmas / (1 + (shift - 1) * sigmas);
}

/// Stretches the levels so that the last one is shift_terminal.
at::Tensor stretched(const at::Tensor& sigmas, double shift_terminal) {
  const at::Tensor one_minus = 1 - sigmas;
  return 1 - one_minus / (one_minus[-1] / (1 - shift_terminal));
}

/// [N] float64 levels and the final one, rounded to float32.
at::Tensor with_final(const at::Tensor& sigmas, const at::Tensor& final) {
  return at::cat({sigmas.to(at::kFloat), final.to(at::kFloat).reshape({1})});  // [N + 1]
}

// --- variance preserving ----------------------------------------------------------------------

/// betas_for_alpha_bar with the cosine schedule.
at::Tensor cosine_betas(std::int64_t count) {
  const auto alpha_bar = [](double t) {
    return std::pow(std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2), 2.0);
  };
  at::Tensor betas = at::empty({count}, at::kDouble);
  auto* data = betas.mutable_data_ptr<double>();
  const auto n = static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto t = static_cast<double>(i);
    data[i] = std::min(1 - alpha_bar((t + 1) / n) / alpha_bar(t / n), 0.999);
  }
  return betas.to(at::kFloat);
}

at::Tensor betas(const SchedulerConfig& config) {
  if (!config.trained_betas.empty()) return at::tensor(config.trained_betas, at::kDouble).to(at::kFloat);
  const std::int64_t count = config.num_train_timesteps;
  switch (config.beta_schedule) {
    case BetaSchedule::linear:
      return at::linspace(config.beta_start, config.beta_end, count, at::kFloat);
    case BetaSchedule::scaled_linear:
      return at::linspace(std::sqrt(config.beta_start), std::sqrt(config.beta_end), count, at::kFloat).pow(2);
    case BetaSchedule::squaredcos_cap_v2:
      break;
  }
  return cosine_betas(count);
}

/// Level of each training timestep, sqrt((1 - alphas_cumprod) / alphas_cumprod): [T] float32, rising.
at::Tensor training_sigmas(const SchedulerConfig& config) {
  const at::Tensor alphas_cumprod = at::cumprod(1.0 - betas(config), 0);
  return ((1 - alphas_cumprod) / alphas_cumprod).pow(0.5);
}

/// numpy.arange(start, 0, -step), whose step is the rounded difference of its first two values.
at::Tensor falling_to_zero(double start, double step) {
  const auto count = static_cast<std::int64_t>(std::ceil(start / step));
  return at::arange(count, at::kDouble) * ((start - step) - start) + start;
}

/// [N] int64
at::Tensor spaced_timesteps(const SchedulerConfig& config, std::int64_t steps) {
  const std::int64_t train = config.num_train_timesteps;
  switch (config.timestep_spacing) {
    case TimestepSpacing::linspace:
      return linspace(0, static_cast<double>(train - 1), steps + 1)
          .round()
          .flip(0)
          .slice(0, 0, steps)
          .to(at::kLong);
    case TimestepSpacing::leading:
      return (at::arange(steps + 1, at::kLong) * (train / (steps + 1))).flip(0).slice(0, 0, steps) +
             config.steps_offset;
    case TimestepSpacing::trailing:
      break;
  }
  const double ratio = static_cast<double>(train) / static_cast<double>(steps);
  return falling_to_zero(static_cast<double>(train), ratio).round().to(at::kLong) - 1;
}

SigmaGrid variance_preserving_grid(const SchedulerConfig& config, std::int64_t steps) {
  const at::Tensor training = training_sigmas(config);                                           // [T]
  const at::Tensor timesteps = spaced_timesteps(config, steps);                                  // [N]
  const at::Tensor sigmas = training.index_select(0, timesteps.clamp(0, training.size(0) - 1));  // [N]
  const bool zero = config.final_sigmas_type == FinalSigmas::zero;
  return {timesteps, with_final(sigmas, zero ? at::zeros({}, at::kFloat) : training[0])};
}

/// Keeps log(1 - sigma) finite in the first steps of solvers that use it.
void below_one(at::Tensor& sigmas) {
  constexpr double eps = 1e-6;
  if (std::abs(sigmas[0].item<double>() - 1) < eps) sigmas[0].sub_(eps);
}

// --- UniPC --------------------------------------------------------------------------------------

/// The levels of Karras et al. (2022), equation 5 with rho = 7, between those of training.
at::Tensor karras_sigmas(const SchedulerConfig& config, std::int64_t steps) {
  const at::Tensor training = training_sigmas(config);
  const double rho = 7;
  const double low = std::pow(config.sigma_min.value_or(training[0].item<double>()), 1 / rho);
  const double high = std::pow(config.sigma_max.value_or(training[-1].item<double>()), 1 / rho);
  return (high + linspace(0, 1, steps) * (low - high)).pow(rho);
}

}  // namespace

SigmaGrid unipc_grid(const SchedulerConfig& config, std::int64_t steps, double flow_shift) {
  if (!config.use_flow_sigmas) return variance_preserving_grid(config, steps);
  const auto train = static_cast<double>(config.num_train_timesteps);
  at::Tensor sigmas;
  if (!config.sigmas.empty()) {
    sigmas = at::tensor(config.sigmas, at::kDouble);
    below_one(sigmas);
  } else if (config.use_karras_sigmas) {
    sigmas = karras_sigmas(config, steps);
    sigmas = sigmas / (sigmas + 1);
  } else {
    sigmas = shifted(linspace(1, 1 / train, steps + 1).slice(0, 0, steps), flow_shift);
    if (config.shift_terminal) sigmas = stretched(sigmas, *config.shift_terminal);
    below_one(sigmas);
  }
  const at::Tensor timesteps = (sigmas * train).to(at::kLong);  // truncated, not rounded
  const bool zero = config.final_sigmas_type == FinalSigmas::zero;
  return {timesteps, with_final(sigmas, zero ? at::zeros({}, at::kDouble) : sigmas[-1])};
}

SigmaGrid dpmpp_grid(const SchedulerConfig& config, std::int64_t steps, double flow_shift) {
  if (!config.use_flow_sigmas) return variance_preserving_grid(config, steps);
  const auto train = static_cast<double>(config.num_train_timesteps);
  const at::Tensor rising = 1.0 - linspace(1, 1 / train, steps + 1);           // [N + 1]
  at::Tensor sigmas = shifted(rising, flow_shift).flip(0).slice(0, 0, steps);  // [N]
  if (!config.sigmas.empty()) {
    sigmas = at::tensor(config.sigmas, at::kDouble);
    below_one(sigmas);
  }
  const at::Tensor timesteps = (sigmas * train).to(at::kLong);
  const bool zero = config.final_sigmas_type == FinalSigmas::zero;
  return {timesteps, with_final(sigmas, zero ? at::zeros({}, at::kFloat) : training_sigmas(config)[0])};
}

SigmaGrid euler_grid(const SchedulerConfig& config, std::int64_t steps, double flow_shift) {
  const auto train = static_cast<double>(config.num_train_timesteps);
  if (!config.sigmas.empty()) {
    const at::Tensor sigmas = at::tensor(config.sigmas, at::kDouble);  // [N]
    return {(sigmas * train).to(at::kFloat), with_final(sigmas.to(at::kFloat), at::zeros({}, at::kFloat))};
  }
  if (config.even_levels && config.flow_map) {
    at::Tensor sigmas = at::linspace(1, 0, steps + 1, at::kDouble).slice(0, 0, steps);  // [N]
    sigmas = shifted(sigmas, flow_shift);
    return {(sigmas * train).to(at::kFloat), with_final(sigmas, at::zeros({}, at::kFloat))};
  }
  if (config.even_levels) {
    at::Tensor sigmas = shifted(linspace(1, 0, steps + 1).slice(0, 0, steps), flow_shift);  // [N]
    if (config.shift_terminal) sigmas = stretched(sigmas, *config.shift_terminal);
    sigmas = sigmas.to(at::kFloat);
    return {sigmas * train, with_final(sigmas, at::zeros({}, at::kFloat))};
  }
  // The shift acts twice: on the float32 levels that bound the grid, and on the grid between them.
  const at::Tensor bounds = shifted(at::tensor({train, 1.0}, at::kFloat) / train, flow_shift);
  at::Tensor sigmas =
      linspace(bounds[0].item<double>() * train, bounds[1].item<double>() * train, steps) / train;  // [N]
  sigmas = shifted(sigmas, flow_shift);
  if (config.shift_terminal) sigmas = stretched(sigmas, *config.shift_terminal);
  sigmas = sigmas.to(at::kFloat);
  return {sigmas * train, with_final(sigmas, at::zeros({}, at::kFloat))};
}

}  // namespace sora
