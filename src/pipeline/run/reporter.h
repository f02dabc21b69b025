// Tells the world how far a run is, and stops it when asked to.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "sora/generator.h"
#include "sora/plan.h"
#include "sora/progress.h"

namespace sora {

class Reporter {
 public:
  Reporter(const Plan& plan, const RunHooks& hooks);

  void enter(Phase phase);
  void step_done();
  void steps_skipped(int steps);  ///< an earlier run has done them
  void frames_written(std::int64_t frames);
  /// Frames that are written from now on are of the file that is asked for, or of one that comes before it.
  void counts_frames(bool counts) { counts_frames_ = counts; }
  void loaded_before();  ///< the model was there already

  /// Throws Error (interrupted) when the run is to end.
  void check_stop() const;

  double elapsed() const;             ///< seconds since the run began
  std::optional<double> eta() const;  ///< seconds left

  /// When all is written.
  void report_times(Result& result);

 private:
  using Clock = std::chrono::steady_clock;

  double lap();
  double eta_by_pace() const;
  void send();

  const ProgressSink& sink_;
  const StopRequest& stop_;
  std::optional<Pace> pace_;  // of past runs
  Clock::time_point start_, last_;
  std::optional<double> load_seconds_;
  double step_seconds_ = 0, frame_seconds_ = 0;
  int skipped_ = 0;  // steps
  bool counts_frames_ = true;
  Progress state_;
};

}  // namespace sora
