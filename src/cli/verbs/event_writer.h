// Lines for another program, from several threads. They are written by a thread of its own: a reader that is
// slow, stuck or gone holds up neither the work nor the end of the program.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sora/error.h"

namespace sora {

class EventWriter {
 public:
  explicit EventWriter(int descriptor);
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  ~EventWriter();  ///< gives up what is not written

  /// Never waits. `line` is without its line break.
  void send(std::string line);
  /// A line that is of no more use when the next one of its kind follows: it takes the place of one that the
  /// reader has not been ready for.
  void send_latest(std::string line);

  /// Waits while so many lines are left unread that their senders must be held up. Ends with stop_signal()
  /// too.
  void wait_for_room();
  /// Waits until all is written, or never will be: the reader is gone, a write failed, or the program was
  /// told to stop and the reader takes nothing.
  void finish();

  /// Nothing is written any more.
  bool failed() const;
  /// Why not: reader_gone or io. Empty as long as all is well, or when the reader only takes nothing.
  std::optional<Error> failure() const;

 private:
  struct Line {
    std::string text;
    bool latest;
  };
  enum class Ready { yes, later, gone };

  void add(std::string line, bool latest);
  void run() noexcept;
  void work();
  bool next(std::string& text);
  bool write(const std::string& text);
  Ready ready(int timeout_ms) const;
  bool is_over() const;
  void give_up(std::optional<Error> why);

  int fd_;
  bool owned_ = false;  // a description of our own, which never waits
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // with mutex_: what follows
  std::deque<Line> lines_;
  std::optional<Error> failure_;
  bool ends_ = false;       // no lines follow
  bool abandoned_ = false;  // nobody waits for those that are left
  bool over_ = false;       // the thread writes no more
  bool failed_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace sora
