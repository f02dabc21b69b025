#include "sampling/config/mag_decisions.h"

#include <cmath>

namespace sora {

// In float32, as torch does it: halves are rounded to even.
std::vector<double> nearest_ratios(const std::vector<double>& ratios, int steps) {
  if (ratios.empty() || steps < 1 || ratios.size() == static_cast<std::size_t>(steps)) return ratios;
  if (steps == 1) return {ratios.back()};
  const auto scale = static_cast<float>(static_cast<double>(ratios.size() - 1) / (steps - 1));
  std::vector<double> nearest;
  for (int i = 0; i < steps; ++i)
    nearest.push_back(ratios[static_cast<std::size_t>(std::nearbyint(static_cast<float>(i) * scale))]);
  return nearest;
}

bool MagDecisions::computes_next(bool has_residual) {
  const int step = step_++;
  if (step < settings_.first_steps) return true;
  const auto place = static_cast<std::size_t>(step);
  ratio_ *= place < settings_.ratios.size() ? static_cast<float>(settings_.ratios[place]) : 1.0F;
  ++skipped_;
  error_ += std::abs(1.0F - ratio_);
  if (has_residual && error_ <= static_cast<float>(settings_.threshold) && skipped_ <= settings_.most_skipped)
    return false;
  ratio_ = 1;
  skipped_ = 0;
  error_ = 0;
  return true;
}

std::vector<double> MagDecisions::state() const {
  return {static_cast<double>(step_), static_cast<double>(skipped_), ratio_, error_};
}

void MagDecisions::restore(const std::vector<double>& state) {
  step_ = static_cast<int>(state[0]);
  skipped_ = static_cast<int>(state[1]);
  ratio_ = static_cast<float>(state[2]);
  error_ = static_cast<float>(state[3]);
}

int steps_computed(const MagCacheSettings& settings) {
  MagDecisions decisions(settings);
  int computed = 0;
  for (std::size_t i = 0; i < settings.ratios.size(); ++i) computed += decisions.computes_next(computed > 0);
  return computed;
}

}  // namespace sora
