#include "sampling/scheduler.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/text.h"
#include "sampling/dpmpp_2m.h"
#include "sampling/euler.h"
#include "sampling/lcm.h"
#include "sampling/unipc.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kComponent = "scheduler";

std::string shape_of(const at::Tensor& t) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << t.sizes();
  return text.str();
}

/// Equal or non-finite noise levels would give NaN latents.
void check_grid(const SigmaGrid& grid) {
  const std::int64_t steps = grid.timesteps.size(0);
  const at::Tensor levels = grid.sigmas.slice(0, 0, steps);  // [N]; the final one may repeat the last
  const bool finite = at::isfinite(grid.sigmas).all().item<bool>();
  if (!finite || !(levels.slice(0, 1) < levels.slice(0, 0, steps - 1)).all().item<bool>()) {
    throw Error(
        ErrorKind::usage, kComponent,
        "the noise levels of " + std::to_string(steps) + " steps are not " + (finite ? "falling" : "finite") +
            ", expected each below the one before; use another number of steps or a flow shift nearer to 1");
  }
}

}  // namespace

Scheduler::Scheduler(const SchedulerConfig& config, SigmaGrid grid)
    : config_(config), grid_(std::move(grid)) {
  check_grid(grid_);
}

at::Tensor Scheduler::step(const at::Tensor& noise_pred, int i, const at::Tensor& sample) {
  const auto fail = [](const std::string& what) { throw Error(ErrorKind::internal, kComponent, what); };
  if (i < 0 || i >= steps()) {
    fail("step " + std::to_string(i) + " of a run of " + std::to_string(steps()) + " steps");
  }
  if (next_ >= 0 && i != next_) {
    fail("step " + std::to_string(i) + " was asked for, expected step " + std::to_string(next_) +
         "; steps follow one another until reset()");
  }
  if (sample.scalar_type() != at::kFloat) {
    fail(std::string("latents are ") + at::toString(sample.scalar_type()) + ", expected Float");
  }
  if (noise_pred.sizes() != sample.sizes()) {
    fail("the prediction has shape " + shape_of(noise_pred) + ", expected that of the latents, " +
         shape_of(sample));
  }
  next_ = i + 1;
  return advance(noise_pred.to(at::kFloat), i, sample);
}

at::Tensor Scheduler::predict_x0(const at::Tensor& noise_pred, int i, const at::Tensor& sample) const {
  switch (config_.prediction_type) {
    case PredictionType::flow_prediction:
      return sample - sigma(i) * noise_pred;
    case PredictionType::sample:
      return noise_pred;
    case PredictionType::epsilon: {
      const NoiseLevel level = noise_level(i);
      return (sample - level.sigma * noise_pred) / level.alpha;
    }
    case PredictionType::v_prediction:
      break;
  }
  const NoiseLevel level = noise_level(i);
  return level.alpha * sample - level.sigma * noise_pred;
}

at::Tensor Scheduler::add_noise(const at::Tensor& latents, const at::Tensor& noise, int i) const {
  const NoiseLevel level = noise_level(i);
  return level.alpha * latents + level.sigma * noise;
}

at::Tensor Scheduler::fresh_noise(int i) const {
  if (!noise_of_) throw Error(ErrorKind::internal, kComponent, "a step with noise of its own was given none");
  return noise_of_(i);
}

void Scheduler::reset() {
  next_ = -1;
  forget();
}

SchedulerState Scheduler::state() const {
  SchedulerState state;
  state.next = next_;
  save(state);
  return state;
}

void Scheduler::restore(const SchedulerState& state) {
  if (state.next < -1 || state.next > steps()) {
    throw Error(ErrorKind::data, "scheduler",
                "the saved state continues at step " + std::to_string(state.next) + ", there are " +
                    std::to_string(steps()));
  }
  reset();
  next_ = state.next;
  load(state);
}

Scheduler::NoiseLevel Scheduler::noise_level(int i) const {
  NoiseLevel level;
  if (config_.use_flow_sigmas) {
    level.sigma = sigma(i);
    level.alpha = 1 - level.sigma;
  } else {
    level.alpha = 1 / (sigma(i).pow(2) + 1).pow(0.5);
    level.sigma = sigma(i) * level.alpha;
  }
  level.lambda = level.alpha.log() - level.sigma.log();
  return level;
}

std::unique_ptr<Scheduler> make_scheduler(const std::string& name, const SchedulerConfig& config, int steps,
                                          double flow_shift) {
  const auto fail = [](const std::string& what) { throw Error(ErrorKind::usage, kComponent, what); };
  if (steps < 1) fail("steps is " + std::to_string(steps) + ", expected at least 1");
  if (!std::isfinite(flow_shift) || flow_shift <= 0) {
    fail("the flow shift is " + number_text(flow_shift) + ", expected a number above 0");
  }
  if (!config.sigmas.empty() && config.sigmas.size() != static_cast<std::size_t>(steps)) {
    fail("there are " + std::to_string(config.sigmas.size()) + " noise levels for " + std::to_string(steps) +
         " steps, expected one for each step");
  }
  const bool own = name == config.scheduler;
  SchedulerConfig adapted = config;
  adapted.scheduler = name;
  if (!config.sigmas.empty() && !config.use_flow_sigmas && name != "euler" && name != "lcm")
    fail("noise levels are listed, but this model is no flow model; leave --sigmas out");
  if (name == "unipc") {
    if (!own) {
      adapted.solver_type = SolverType::bh2;
      adapted.lower_order_final = true;  // without it UniPC is not defined at the last level
    }
    return std::make_unique<UniPC>(adapted, steps, flow_shift);
  }
  if (!own && config.sigmas.empty() &&
      (config.use_karras_sigmas || (config.shift_terminal && name == "dpm++"))) {
    fail(name + " does not have the noise levels that this model's " + config.scheduler + " uses; use " +
         config.scheduler);
  }
  if (name == "dpm++") {
    if (!own) {
      adapted.solver_order = std::min<std::int64_t>(config.solver_order, 2);
      adapted.solver_type = SolverType::midpoint;
    }
    return std::make_unique<DPMSolverPP2M>(adapted, steps, flow_shift);
  }
  if (name == "euler" || name == "lcm") {
    if (config.prediction_type != PredictionType::flow_prediction) {
      fail(name + " steps along the flow, but this model's prediction_type is another; use " +
           config.scheduler);
    }
    adapted.use_flow_sigmas = true;
    if (name == "lcm") return std::make_unique<Lcm>(adapted, steps, flow_shift);
    return std::make_unique<Euler>(adapted, steps, flow_shift);
  }
  fail("the scheduler is \"" + name + "\", expected unipc, euler, dpm++ or lcm");
  return nullptr;
}

}  // namespace sora
