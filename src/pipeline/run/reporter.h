// Reports the progress of a run to the caller's hooks, and stops the run when they say so.
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
  /// Whether the frames that are written from now on count: not those of an earlier stage.
  void counts_frames(bool counts) { counts_frames_ = counts; }
  void loaded_before();  ///< the model was in memory already

  /// Throws Error (interrupted) when the hooks ask the run to stop.
  void check_stop() const;

  double elapsed() const;             ///< seconds since the run began
  std::optional<double> eta() const;  ///< seconds left

  /// Fills in the times of the finished run.
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
