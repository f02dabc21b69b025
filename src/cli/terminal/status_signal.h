// SIGUSR1 (and SIGINFO, Ctrl-T, on systems that have it): where is it?
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sora/progress.h"

namespace sora {

/// What was reported last; shared between the thread that works and the one that answers.
class LatestProgress {
 public:
  void set(const Progress& progress);
  void set_job(std::string job);  ///< of a batch: "3/20 shots/0003-a-red-ball.mp4"
  std::string text() const;       ///< "denoising 12/20, 12.3 s"

 private:
  mutable std::mutex mutex_;
  std::optional<Progress> progress_;
  std::string job_;
};

/// While it lives, the signal prints one line on stderr, also in the middle of a long step. Before and after,
/// the signal does nothing (install_signals() sees to it).
class StatusOnSignal {
 public:
  explicit StatusOnSignal(const LatestProgress& latest);
  StatusOnSignal(const StatusOnSignal&) = delete;
  StatusOnSignal& operator=(const StatusOnSignal&) = delete;
  ~StatusOnSignal();

 private:
  std::thread thread_;
};

}  // namespace sora
