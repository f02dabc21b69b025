#include "cli/terminal/status_signal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <exception>

#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "core/text.h"

namespace sora {
namespace {

constexpr char kAsk = '?';
constexpr char kEnd = '.';

// The handler only writes a byte into a pipe; a thread at its other end prints the line.
std::atomic<int> pipe_end{-1};

void ask(int) {
  const int saved = errno;
  const int fd = pipe_end;
  if (fd >= 0) [[maybe_unused]]
    const ssize_t n = ::write(fd, &kAsk, 1);
  errno = saved;
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

void answer(int fd, const LatestProgress& latest) {
  for (char c = 0;;) {
    const ssize_t n = ::read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || c == kEnd) break;
    try {
      write_stderr_line(latest.text());
    } catch (const std::exception&) {
      continue;  // not enough memory
    }
  }
  ::close(fd);
}

}  // namespace

void LatestProgress::set(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

void LatestProgress::set_job(std::string job) {
  const std::lock_guard lock(mutex_);
  job_ = std::move(job);
}

std::string LatestProgress::text() const {
  const std::lock_guard lock(mutex_);
  const std::string what = progress_ ? progress_text(*progress_) : "starting";
  return job_.empty() ? what : one_line(job_) + ": " + what;
}

StatusOnSignal::StatusOnSignal(const LatestProgress& latest) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;  // without an answer to the signal
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);             // a flood of signals must not block the handler
  thread_ = std::thread([fd = ends[0], &latest] { answer(fd, latest); });
  pipe_end = ends[1];
  install(SIGUSR1, ask);
#ifdef SIGINFO
  install(SIGINFO, ask);
#endif
}

StatusOnSignal::~StatusOnSignal() {
  if (!thread_.joinable()) return;
  install(SIGUSR1, SIG_IGN);
#ifdef SIGINFO
  install(SIGINFO, SIG_IGN);
#endif
  const int fd = pipe_end.exchange(-1);
  ::fcntl(fd, F_SETFL, 0);
  [[maybe_unused]] const ssize_t n = ::write(fd, &kEnd, 1);
  thread_.join();
  ::close(fd);
}

}  // namespace sora
