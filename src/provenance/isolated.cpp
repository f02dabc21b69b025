#include "provenance/isolated.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>

#include "core/text.h"
#include "core/unique_fd.h"
#include "sora/error.h"

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostBytes = 16'000'000;  // of an answer; the limit of JSON from outside
constexpr rlim_t kMoreMemory = rlim_t{2} << 30;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "credentials", message);
}

// Address space of this process, in bytes; 0: not known.
rlim_t own_memory() {
  unsigned long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const bool read = std::fscanf(file, "%lu", &pages) == 1;
  std::fclose(file);
  return read ? pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void limit(int resource, rlim_t most) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0 || now.rlim_cur <= most) return;
  now.rlim_cur = most;
  ::setrlimit(static_cast<__rlimit_resource>(resource), &now);
}

void prepare_child() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it ends with the process that waits for it
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) std::signal(signal, SIG_IGN);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE}) std::signal(signal, SIG_DFL);
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null >= 0) {
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
  }
  limit(RLIMIT_CORE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (const rlim_t own = own_memory(); own > 0) limit(RLIMIT_AS, own + kMoreMemory);
#endif
}

// "k" and the answer, or "e", the kind, a space and the message of an Error.
std::string answer_of(const std::function<std::string()>& work) noexcept {
  try {
    try {
      return "k" + work();
    } catch (const Error& error) {
      return "e" + std::to_string(error.exit_code()) + " " + error.message();
    } catch (const std::exception& error) {
      return "e" + std::to_string(static_cast<int>(ErrorKind::unavailable)) + " " + error.what();
    }
  } catch (...) {
    return {};
  }
}

void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

// Reads until the child closes its end; false when the time is over or there is too much.
bool read_answer(int fd, Clock::time_point deadline, std::string& answer) {
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wanted{fd, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left, 1000))) <= 0) continue;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    answer.append(buffer.data(), static_cast<std::size_t>(n));
    if (answer.size() > kMostBytes) return false;
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

[[noreturn]] void throw_error(const std::string& text) {
  int kind = static_cast<int>(ErrorKind::unavailable);
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || !set_from_text(kind, text.substr(1, space - 1)).empty()) fail(text);
  throw Error(static_cast<ErrorKind>(kind), "credentials", text.substr(space + 1));
}

}  // namespace

std::string run_isolated(const std::string& what, int seconds, const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(what + ": no pipe: " + std::strerror(errno));
  UniqueFd in(ends[0]), out(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) fail(what + ": no process can be started: " + std::strerror(errno));
  if (child == 0) {
    in.reset();
    prepare_child();
    write_all(out.get(), answer_of(work));
    ::_exit(0);
  }
  out.reset();
  std::string answer;
  const bool whole = read_answer(in.get(), Clock::now() + std::chrono::seconds(seconds), answer);
  if (!whole) ::kill(child, SIGKILL);
  const int status = wait_for(child);
  if (!whole && answer.size() > kMostBytes) fail(what + ": the answer is over " + bytes_text(kMostBytes));
  if (!whole) fail(what + ": no answer within " + std::to_string(seconds) + " s");
  if (WIFSIGNALED(status))
    fail(what + ": the C2PA library was ended by signal " + std::to_string(WTERMSIG(status)));
  if (answer.empty()) fail(what + ": the C2PA library gave no answer");
  if (answer.front() == 'e') throw_error(answer);
  return answer.substr(1);
}

}  // namespace sora
