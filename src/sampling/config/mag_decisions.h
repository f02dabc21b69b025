// Which steps MagCache computes (sampling/mag_cache.h): it follows from numbers alone, so a plan knows it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace sora {

/// How many of `steps` steps are `share` of them, as diffusers rounds it.
inline int steps_of_share(double share, int steps) { return static_cast<int>(share * steps + 0.5); }

/// `ratios` for `steps` steps: each of them takes the nearest one.
std::vector<double> nearest_ratios(const std::vector<double>& ratios, int steps);

struct MagCacheSettings {
  double threshold = 0;
  int first_steps = 0;         ///< computed in full
  int most_skipped = 0;        ///< steps in a row
  std::vector<double> ratios;  ///< of each step
};

/// Which steps are computed.
class MagDecisions {
 public:
  explicit MagDecisions(MagCacheSettings settings) : settings_(std::move(settings)) {}

  /// Whether the next step is computed. `has_residual`: an earlier one was.
  bool computes_next(bool has_residual);

  std::vector<double> state() const;
  void restore(const std::vector<double>& state);
  static constexpr std::size_t kNumbers = 4;

 private:
  MagCacheSettings settings_;
  int step_ = 0;
  int skipped_ = 0;  // since the last step that was computed, with the one to come
  float ratio_ = 1;  // of the residual to that of the last step that was computed
  float error_ = 0;  // the sum of its deviations from 1
};

/// How many of the settings' steps are computed.
int steps_computed(const MagCacheSettings& settings);

}  // namespace sora
