#include "cli/serve/prompt_queue.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/failure.h"

namespace sora {

PromptQueue::PromptQueue(Work work) : work_(std::move(work)), thread_([this] { run(); }) {}

PromptQueue::~PromptQueue() {
  end(Error(ErrorKind::interrupted, "serve", "the server was stopped before it started"));
}

void PromptQueue::add(QueuedRequest queued) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(queued));
  changed_.notify_all();
}

bool PromptQueue::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (busy_ && current_ == id) return cancelled_ = true;
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const QueuedRequest& queued) { return queued.id == id; });
  if (found == waiting_.end()) return false;
  work_.failed(id, Error(ErrorKind::interrupted, "serve", "cancelled before it started"));
  waiting_.erase(found);
  return true;
}

bool PromptQueue::empty() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && !busy_;
}

void PromptQueue::end(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    for (const QueuedRequest& queued : waiting_) work_.failed(queued.id, error);
    waiting_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// --- the thread --------------------------------------------------------------------------------

void PromptQueue::run() noexcept {
  try {
    ask_for_all();
  } catch (...) {  // there is no memory to tell of an error, or to go on
    const std::lock_guard lock(mutex_);
    busy_ = false;
    ends_ = true;
  }
}

void PromptQueue::ask_for_all() {
  for (QueuedRequest queued; next(queued);) {
    std::optional<Error> error;
    try {
      work_.ask(queued.request, [this] { return gives_up(); });
    } catch (...) {
      error = current_error();
    }
    settle(std::move(queued), error);
  }
}

// Under the lock, so that a request that is cancelled is either still here or already in the next queue.
void PromptQueue::settle(QueuedRequest queued, std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  const std::string id = queued.id;
  if (cancelled_)
    error = Error(ErrorKind::interrupted, "serve", "cancelled while its prompt was written out");
  try {
    if (!error) work_.pass_on(std::move(queued));
  } catch (...) {
    error = current_error();
  }
  if (error) work_.failed(id, *error);
  busy_ = false;
  current_.clear();
}

bool PromptQueue::next(QueuedRequest& queued) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
  if (ends_) return false;
  queued = std::move(waiting_.front());
  waiting_.pop_front();
  current_ = queued.id;
  busy_ = true;
  cancelled_ = false;
  return true;
}

bool PromptQueue::gives_up() const {
  const std::lock_guard lock(mutex_);
  return cancelled_ || ends_ || work_.stop();
}

}  // namespace sora
