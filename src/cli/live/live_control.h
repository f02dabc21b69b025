// Decides what a live film does next, from what was typed, and keeps it from running ahead of its viewers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "cli/live/live_command.h"
#include "sora/generator.h"

namespace sora {

/// How a film stands between two blocks.
struct LiveStatus {
  int block = 0;       ///< the next one
  double made = 0;     ///< seconds of the film
  double ahead = 0;    ///< how much was made before its time on a viewer's clock; below 0: behind
  double rate = 0;     ///< frames a second of the last block
  std::string prompt;  ///< of the last block
};

class LiveControl {
 public:
  struct Ways {
    double fps = 0;         ///< of the network's frames
    double most_ahead = 0;  ///< seconds; 0: nobody watches meanwhile, so it is made as fast as it can be
    std::function<bool()> stops;                        ///< whether the film is to end, as after a signal
    std::function<void(const LiveStatus&)> status;      ///< told before each block but the first
    std::function<void(const std::string&)> complains;  ///< about what cannot be done
  };

  LiveControl(std::string prompt, Ways ways);

  /// From another thread.
  void add(const LiveCommand& command);
  /// No more commands come; the film ends when they are done, unless it `goes_on` to its length.
  void close(bool goes_on);

  /// The first frames have left: from here on the viewer's clock runs.
  void shown();

  /// Before each block (LiveDirector). Waits while the film is paused or too far ahead.
  LiveTurn turn(int block, std::int64_t frames);

 private:
  using Clock = std::chrono::steady_clock;

  void tell(int block, double made);
  double ahead(double made) const;
  bool take_commands(double made);
  bool ends(double made) const;
  void pause(bool paused);

  Ways ways_;
  std::string prompt_;  // of the last block
  LiveTurn next_;       // what was typed for the next block
  std::optional<Clock::time_point> block_began_;
  double made_before_ = 0;  // seconds of the film when that block began
  bool can_undo_ = false;

  mutable std::mutex mutex_;  // for the members below
  std::condition_variable changed_;
  std::deque<LiveCommand> commands_;
  std::deque<std::pair<double, std::string>>
      later_;                  // prompts, and the second of the film that each waits for
  std::optional<double> end_;  // second of the film
  bool closed_ = false, ends_ = false, paused_ = false;
  std::optional<Clock::time_point> start_, paused_at_;
};

}  // namespace sora
