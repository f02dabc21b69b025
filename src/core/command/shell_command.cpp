#include "core/command/shell_command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>

#include "core/no_sigpipe.h"
#include "core/text.h"
#include "core/unique_fd.h"
#include "sora/error.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): of unistd.h only for GNU's own dialect

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;
using End = CommandResult::End;

constexpr std::size_t kMostSaid = 4096;  // of its standard error
constexpr int kPollMs = 100;

struct Pipe {
  UniqueFd read, write;
  explicit Pipe(const std::string& component) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      throw Error(ErrorKind::unavailable, component, std::string("no pipe: ") + std::strerror(errno));
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

// The shell that runs a command. It ends with this object.
class Child {
 public:
  Child(const ShellCommand& command, const std::string& component)
      : own_group_(command.own_group),
        most_(command.most_bytes),
        in_(component),
        out_(component),
        said_(component) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in_.read.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions, out_.write.get(), 1);
    ::posix_spawn_file_actions_adddup2(&actions, said_.write.get(), 2);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t ignored_here;  // a command expects these to end it
    ::sigemptyset(&ignored_here);
    for (const int signal : {SIGPIPE, SIGXFSZ, SIGUSR1}) ::sigaddset(&ignored_here, signal);
    ::posix_spawnattr_setsigdefault(&attributes, &ignored_here);
    ::posix_spawnattr_setflags(
        &attributes, static_cast<short>(POSIX_SPAWN_SETSIGDEF | (own_group_ ? POSIX_SPAWN_SETPGROUP : 0)));
    const int code = spawn(command, actions, attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (code != 0) {
      pid_ = -1;
      throw Error(ErrorKind::unavailable, component,
                  std::string("/bin/sh cannot be started: ") + std::strerror(code));
    }
    in_.read.reset();
    out_.write.reset();
    said_.write.reset();
    for (const int fd : {in_.write.get(), out_.read.get(), said_.read.get()})
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (group_ > 0) ::kill(-group_, SIGKILL);  // also what it left running
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  /// One round of reading and writing; false when it has closed both of its outputs.
  bool talk(std::string_view& left, CommandResult& result) {
    std::array<pollfd, 3> wanted{
        {{in_.write.get(), POLLOUT, 0}, {out_.read.get(), POLLIN, 0}, {said_.read.get(), POLLIN, 0}}};
    if (left.empty()) in_.write.reset(), wanted[0].fd = -1;
    ::poll(wanted.data(), wanted.size(), kPollMs);
    if (wanted[0].revents != 0) {
      const ssize_t n = ::write(in_.write.get(), left.data(), left.size());
      if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
      if (n < 0 && errno != EAGAIN && errno != EINTR) left = {};  // it does not want the rest
    }
    if (wanted[1].revents != 0) read(out_.read, result.output, most_ + 1);
    if (wanted[2].revents != 0) read(said_.read, result.said, kMostSaid);
    return out_.read || said_.read;
  }

  /// Its exit status, once it has ended.
  bool ended(int& status) {
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    pid_ = group_ = -1;
    return true;
  }

 private:
  int spawn(const ShellCommand& command, const posix_spawn_file_actions_t& actions,
            const posix_spawnattr_t& attributes) {
    std::string shell = "sh", option = "-c", text = command.command;
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    std::vector<std::string> added = command.variables;
    std::vector<char*> variables;
    for (std::string& variable : added) variables.push_back(variable.data());
    for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
    variables.push_back(nullptr);
    const int code =
        ::posix_spawn(&pid_, "/bin/sh", &actions, &attributes, arguments.data(), variables.data());
    if (code == 0 && own_group_) group_ = pid_;
    return code;
  }

  // What is over `most` is read and dropped.
  static void read(UniqueFd& from, std::string& into, std::size_t most) {
    std::array<char, 16384> buffer{};
    const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) from.reset();
    if (n > 0) into.append(buffer.data(), std::min(static_cast<std::size_t>(n), most - into.size()));
  }

  bool own_group_;
  std::size_t most_;
  Pipe in_, out_, said_;
  pid_t pid_ = -1;
  pid_t group_ = -1;
};

}  // namespace

std::string end_text(const ShellCommand& command, const CommandResult& result) {
  switch (result.end) {
    case End::exited:
      break;
    case End::signalled:
      return "was ended by signal " + std::to_string(result.code);
    case End::too_late:
      return "gave no answer within " + std::to_string(command.seconds) + " s";
    case End::too_much:
      return "answers with over " + bytes_text(command.most_bytes);
    case End::stopped:
      return "was stopped";
  }
  return "ended with code " + std::to_string(result.code);
}

CommandResult run_command(const ShellCommand& command, const std::string& component) {
  const auto deadline = Clock::now() + std::chrono::seconds(command.seconds);
  CommandResult result;
  const auto is_over = [&] {
    if (command.stop && command.stop()) {
      result.end = End::stopped;
    } else if (result.output.size() > command.most_bytes) {
      result.end = End::too_much;
    } else if (Clock::now() >= deadline) {
      result.end = End::too_late;
    }
    return result.end != End::exited;
  };
  Child child(command, component);
  const NoSigpipe blocked;  // it may close its input, or end, before it has read all of it
  std::string_view left = command.input;
  while (child.talk(left, result))
    if (is_over()) return result;
  int status = 0;
  while (!child.ended(status)) {
    if (is_over()) return result;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (result.output.size() > command.most_bytes)
    result.end = End::too_much;
  else if (WIFSIGNALED(status))
    result = {End::signalled, WTERMSIG(status), result.output, result.said};
  else
    result.code = WEXITSTATUS(status);
  return result;
}

}  // namespace sora
