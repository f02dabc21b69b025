// Requests whose prompts are being written out (--enhance). They are asked for one after another in a thread
// of its own, since an answer may take minutes: meanwhile other requests are read, cancelled and made.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/serve/queued_request.h"
#include "sora/error.h"
#include "sora/progress.h"

namespace sora {

class PromptQueue {
 public:
  /// Called in the thread of the queue.
  struct Work {
    /// Puts the new prompt in. Asks `stop` now and then whether to give up.
    std::function<void(Request& request, const StopRequest& stop)> ask;
    std::function<void(QueuedRequest queued)> pass_on;
    std::function<void(const std::string& id, const Error& error)> failed;
    std::function<bool()> stop;  ///< whether the server stops
  };

  explicit PromptQueue(Work work);
  PromptQueue(const PromptQueue&) = delete;
  PromptQueue& operator=(const PromptQueue&) = delete;
  ~PromptQueue();

  void add(QueuedRequest queued);
  /// False where no such request is here. Whichever is asked for gives up soon, with an error.
  bool cancel(const std::string& id);
  /// Whether nothing waits, and nothing is asked for.
  bool empty() const;
  /// Fails what waits with `error`, and ends the thread.
  void end(const Error& error);

 private:
  void run() noexcept;
  void ask_for_all();
  bool next(QueuedRequest& queued);
  void settle(QueuedRequest queued, std::optional<Error> error);
  bool gives_up() const;

  Work work_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // with mutex_, for the members below
  std::deque<QueuedRequest> waiting_;
  std::string current_;
  bool busy_ = false;
  bool cancelled_ = false;  // the current one
  bool ends_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace sora
