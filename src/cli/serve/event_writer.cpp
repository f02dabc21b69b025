#include "cli/serve/event_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <utility>

#include "cli/failure.h"
#include "cli/signals.h"

namespace sora {
namespace {

constexpr std::size_t kMostUnread = 1000;  // lines
constexpr int kPollMs = 50;                // between checks for a stop signal and a closed stream
constexpr int kGraceMs = 1000;             // for the reader to read the rest after a stop signal

// Opens a pipe or a terminal once more, in non-blocking mode. The original descriptor is not changed, since
// other programs may share it.
int open_without_waiting(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !(S_ISFIFO(info.st_mode) || ::isatty(fd) != 0)) return -1;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

Error write_error(int code) {
  if (code == EPIPE || code == ECONNRESET) {
    return {ErrorKind::reader_gone, "output", "standard output: the reader closed it before the end"};
  }
  return {ErrorKind::io, "output",
          std::string("standard output: write failed: ") + std::strerror(code) +
              (code == ENOSPC || code == EDQUOT ? "; free some space or choose another place" : "")};
}

}  // namespace

EventWriter::EventWriter(int descriptor) : fd_(descriptor) {
  const int own = open_without_waiting(descriptor);
  owned_ = own >= 0;
  if (owned_) fd_ = own;
  thread_ = std::jthread([this] { run(); });
}

EventWriter::~EventWriter() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (owned_) ::close(fd_);
}

void EventWriter::send(std::string line) { add(std::move(line), false); }

void EventWriter::send_latest(std::string line) { add(std::move(line), true); }

void EventWriter::add(std::string line, bool latest) {
  line += '\n';
  {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    // Only the last line is replaced, so that the order of events stays.
    if (latest && !lines_.empty() && lines_.back().latest) {
      lines_.back().text = std::move(line);
    } else {
      lines_.push_back({std::move(line), latest});
    }
  }
  changed_.notify_all();
}

void EventWriter::wait_for_room() {
  std::unique_lock lock(mutex_);
  while (!over_ && stop_signal() == 0 && lines_.size() >= kMostUnread) {
    changed_.wait_for(lock, std::chrono::milliseconds(kPollMs));
  }
}

void EventWriter::finish() {
  std::unique_lock lock(mutex_);
  ends_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return over_; });
}

bool EventWriter::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::optional<Error> EventWriter::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

// --- the thread --------------------------------------------------------------------------------

void EventWriter::run() noexcept {
  try {
    work();
  } catch (...) {
    give_up(current_error());
  }
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    lines_.clear();
  }
  changed_.notify_all();
}

void EventWriter::work() {
  for (std::string text; next(text);) {
    if (!text.empty() && !write(text)) return;
  }
}

// Gets the next line, or an empty one when there is none yet. False at the end.
bool EventWriter::next(std::string& text) {
  text.clear();
  {
    std::unique_lock lock(mutex_);
    if (lines_.empty() && !ends_ && !abandoned_) {
      changed_.wait_for(lock, std::chrono::milliseconds(kPollMs));
    }
    if (abandoned_) return false;
    if (!lines_.empty()) {
      text = std::move(lines_.front().text);
      lines_.pop_front();
      changed_.notify_all();
      return true;
    }
    if (ends_) return false;
  }
  // There is nothing to write, but check whether the stream was closed.
  if (ready(0) != Ready::gone) return true;
  give_up(write_error(EPIPE));
  return false;
}

bool EventWriter::write(const std::string& text) {
  int waited_ms = 0;  // since the program was told to stop
  for (std::size_t done = 0; done < text.size();) {
    if (is_over()) return false;
    const Ready now = ready(kPollMs);
    if (now == Ready::gone) return give_up(write_error(EPIPE)), false;
    if (now == Ready::later) {
      if (stop_signal() != 0 && (waited_ms += kPollMs) >= kGraceMs) return give_up({}), false;
      continue;
    }
    // A pipe that is ready takes PIPE_BUF bytes without waiting, even in blocking mode.
    const std::size_t bytes = std::min<std::size_t>(text.size() - done, PIPE_BUF);
    const ssize_t n = ::write(fd_, text.data() + done, bytes);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) {
      return give_up(write_error(n == 0 ? EIO : errno)), false;
    }
  }
  return true;
}

EventWriter::Ready EventWriter::ready(int timeout_ms) const {
  pollfd wanted{fd_, POLLOUT, 0};
  if (::poll(&wanted, 1, timeout_ms) <= 0) return Ready::later;
  // Set for a pipe without a reader; write() reports other failures.
  if ((wanted.revents & POLLERR) != 0) return Ready::gone;
  return Ready::yes;
}

bool EventWriter::is_over() const {
  const std::lock_guard lock(mutex_);
  return abandoned_;
}

void EventWriter::give_up(std::optional<Error> why) {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  failure_ = std::move(why);
}

}  // namespace sora
