#include "sampling/unipc.h"

#include <algorithm>

namespace sora {

/// What predictor and corrector share: the step from level s to level t = s + 1 with p - 1 points before s.
struct UniPC::Terms {
  at::Tensor first_order;       ///< the step without differences, shape of the sample
  at::Tensor scale;             ///< factor of the differences: alpha_t B(h), or sigma_t B(h) for noise
  std::vector<at::Tensor> D1s;  ///< p - 1 divided differences, shape of the sample
  at::Tensor R, b;              ///< [n, n] and [n]: the weights of the differences solve R rho = b
};

UniPC::UniPC(const SchedulerConfig& config, int steps, double flow_shift)
    : Scheduler(config, unipc_grid(config, steps, flow_shift)) {}

void UniPC::forget() {
  model_outputs_.clear();
  last_sample_.reset();
  order_ = 0;
}

void UniPC::save(SchedulerState& state) const {
  state.order = order_;
  state.history = model_outputs_;
  state.last_sample = last_sample_;
}

void UniPC::load(const SchedulerState& state) {
  order_ = state.order;
  model_outputs_ = state.history;
  last_sample_ = state.last_sample;
}

at::Tensor UniPC::advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) {
  const at::Tensor model_output = convert(noise_pred, i, sample);

  const auto& disabled = config().disable_corrector;
  const bool use_corrector =
      last_sample_.defined() && std::find(disabled.begin(), disabled.end(), i - 1) == disabled.end();
  last_sample_ = use_corrector ? correct(model_output, i) : sample;

  const auto solver_order = static_cast<std::size_t>(config().solver_order);
  if (model_outputs_.size() == solver_order) model_outputs_.erase(model_outputs_.begin());
  model_outputs_.push_back(model_output);

  // The first steps lack the history for a higher order; at the last level higher orders are not defined.
  order_ = static_cast<int>(model_outputs_.size());
  if (config().lower_order_final) order_ = std::min(order_, steps() - i);
  at::Tensor next = predict(last_sample_, i);
  if (config().overwrites_noise && i == 0) last_sample_ = next.clone();  // `next` is the caller's
  return next;
}

at::Tensor UniPC::convert(const at::Tensor& noise_pred, int i, const at::Tensor& sample) const {
  if (config().predict_x0) return predict_x0(noise_pred, i, sample);
  const NoiseLevel level = noise_level(i);
  switch (config().prediction_type) {
    case PredictionType::sample:
      return (sample - level.alpha * noise_pred) / level.sigma;
    case PredictionType::v_prediction:
      return level.alpha * noise_pred + level.sigma * sample;
    default:
      return noise_pred;
  }
}

/// `equations` is the size of the linear system for the weights; 0 where the caller has the weights.
UniPC::Terms UniPC::terms(const at::Tensor& sample, int from, int order, int equations) const {
  const NoiseLevel s = noise_level(from);
  const NoiseLevel t = noise_level(from + 1);
  const at::Tensor h = t.lambda - s.lambda;
  const at::Tensor& m0 = model_outputs_.back();
  Terms terms;

  std::vector<at::Tensor> rks;
  for (int k = 1; k < order; ++k) {
    const at::Tensor rk = (noise_level(from - k).lambda - s.lambda) / h;
    const at::Tensor& mk = model_outputs_[model_outputs_.size() - 1 - static_cast<std::size_t>(k)];
    rks.push_back(rk);
    terms.D1s.push_back((mk - m0) / rk);
  }
  rks.push_back(at::ones({}, at::kFloat));

  const at::Tensor hh = config().predict_x0 ? -h : h;
  const at::Tensor h_phi_1 = hh.expm1();  // h phi_1(h) = e^h - 1
  const at::Tensor B_h = config().solver_type == SolverType::bh1 ? hh : h_phi_1;
  if (config().predict_x0) {
    terms.first_order = t.sigma / s.sigma * sample - t.alpha * h_phi_1 * m0;
    terms.scale = t.alpha * B_h;
  } else {
    terms.first_order = t.alpha / s.alpha * sample - t.sigma * h_phi_1 * m0;
    terms.scale = t.sigma * B_h;
  }

  if (equations > 0) {
    const at::Tensor r = at::stack(rks).slice(0, 0, equations);  // [n]
    std::vector<at::Tensor> R, b;
    at::Tensor h_phi_k = h_phi_1 / hh - 1;
    double factorial = 1;
    for (int k = 1; k <= equations; ++k) {
      R.push_back(r.pow(k - 1));
      b.push_back(h_phi_k * factorial / B_h);
      factorial *= k + 1;
      h_phi_k = h_phi_k / hh - 1 / factorial;
    }
    terms.R = at::stack(R);
    terms.b = at::stack(b);
  }
  return terms;
}

at::Tensor UniPC::predict(const at::Tensor& sample, int i) const {
  const Terms u = terms(sample, i, order_, order_ > 2 ? order_ - 1 : 0);
  if (order_ == 1) return u.first_order;
  // For order 2 the weight is 1/2, not the solution of its equation (as the authors do).
  if (order_ == 2) return u.first_order - u.scale * (0.5 * u.D1s[0]);
  const at::Tensor rho = at::linalg_solve(u.R, u.b);  // [p - 1]
  at::Tensor differences = rho[0] * u.D1s[0];
  for (std::size_t k = 1; k < u.D1s.size(); ++k) {
    differences = differences + rho[static_cast<std::int64_t>(k)] * u.D1s[k];
  }
  return u.first_order - u.scale * differences;
}

at::Tensor UniPC::correct(const at::Tensor& model_output, int i) const {
  const Terms u = terms(last_sample_, i - 1, order_, order_ > 1 ? order_ : 0);
  const at::Tensor D1_t = model_output - model_outputs_.back();
  if (order_ == 1) return u.first_order - u.scale * (0.5 * D1_t);
  const at::Tensor rho = at::linalg_solve(u.R, u.b);  // [p]
  at::Tensor differences = rho[0] * u.D1s[0];
  for (std::size_t k = 1; k < u.D1s.size(); ++k) {
    differences = differences + rho[static_cast<std::int64_t>(k)] * u.D1s[k];
  }
  return u.first_order - u.scale * (differences + rho[-1] * D1_t);
}

}  // namespace sora
