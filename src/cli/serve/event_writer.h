// Writes lines from several threads to another program, in a separate thread: a reader that is slow or stuck,
// or has closed the stream, delays neither the work nor the end of the program.
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
  ~EventWriter();  ///< drops lines that are not written yet

  /// Adds a line (without a line break) to the queue. Never waits.
  void send(std::string line);
  /// The same for a line such as progress, of which only the latest is of interest: it replaces the last line
  /// in the queue if that is of this kind.
  void send_latest(std::string line);

  /// Waits while the queue is full. Also returns at a stop signal.
  void wait_for_room();
  /// Waits until all lines are written, or cannot be: the stream is closed, a write failed, or there was a
  /// stop signal and the reader does not read.
  void finish();

  /// Whether writing has ended early.
  bool failed() const;
  /// The reason: reader_gone or io. Empty without a failure, and when the reader just does not read.
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
  bool owned_ = false;  // fd_ was opened here, in non-blocking mode
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // with mutex_, for the members below
  std::deque<Line> lines_;
  std::optional<Error> failure_;
  bool ends_ = false;       // no more lines will be added
  bool abandoned_ = false;  // lines in the queue are to be dropped
  bool over_ = false;       // the thread has ended
  bool failed_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace sora
