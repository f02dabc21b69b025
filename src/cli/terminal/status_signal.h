// SIGUSR1 (and SIGINFO, Ctrl-T, on systems that have it) asks for the progress.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sora/progress.h"

namespace sora {

/// The last reported progress, shared by the thread that works and the one that answers.
class LatestProgress {
 public:
  void set(const Progress& progress);
  void set_job(std::string job);  ///< in a batch: "3/20 shots/0003-a-red-ball.mp4"
  std::string text() const;       ///< "denoising 12/20, 12.3 s"

 private:
  mutable std::mutex mutex_;
  std::optional<Progress> progress_;
  std::string job_;
};

/// During its lifetime, the signal prints a line on stderr, also during a long step. Before and after, the
/// signal is ignored (install_signals()).
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
