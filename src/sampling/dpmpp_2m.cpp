#include "sampling/dpmpp_2m.h"

namespace sora {

DPMSolverPP2M::DPMSolverPP2M(const SchedulerConfig& config, int steps, double flow_shift)
    : Scheduler(config, dpmpp_grid(config, steps, flow_shift)) {}

bool DPMSolverPP2M::first_order(int i) const {
  if (config().solver_order == 1 || !last_x0_.defined()) return true;
  if (i != steps() - 1) return false;
  return config().euler_at_final || (config().lower_order_final && steps() < 15) ||
         config().final_sigmas_type == FinalSigmas::zero;
}

at::Tensor DPMSolverPP2M::advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) {
  const at::Tensor x0 = predict_x0(noise_pred, i, sample);
  const NoiseLevel s = noise_level(i);
  const NoiseLevel t = noise_level(i + 1);
  const at::Tensor h = t.lambda - s.lambda;
  const at::Tensor decay = t.alpha * ((-h).exp() - 1.0);

  at::Tensor next = t.sigma / s.sigma * sample - decay * x0;
  if (!first_order(i)) {
    const at::Tensor r = (s.lambda - noise_level(i - 1).lambda) / h;
    const at::Tensor D1 = (1.0 / r) * (x0 - last_x0_);
    next = config().solver_type == SolverType::heun ? next + t.alpha * (((-h).exp() - 1.0) / h + 1.0) * D1
                                                    : next - 0.5 * decay * D1;
  }
  last_x0_ = x0;
  return next;
}

}  // namespace sora
