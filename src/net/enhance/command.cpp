// A command of the user's: the prompt on its standard input, the answer on its standard output.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "core/text.h"
#include "core/unique_fd.h"
#include "net/enhance/enhance.h"
#include "sora/error.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): of unistd.h only for GNU's own dialect

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostBytes = 1 << 20;  // of an answer
constexpr std::size_t kMostSaid = 4096;      // of its standard error

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "enhance", message + "; nothing was started");
}

struct Pipe {
  UniqueFd read, write;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(std::string("no pipe: ") + std::strerror(errno));
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

// The shell that runs a command. It ends with this object.
class Child {
 public:
  Child(const std::string& command, const std::string& instruction) {
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
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

    std::string shell = "sh", option = "-c", text = command;
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    std::string told = "SORA_GEN_ENHANCE_INSTRUCTION=" + instruction;
    std::vector<char*> variables{told.data()};
    for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
    variables.push_back(nullptr);
    const int code =
        ::posix_spawn(&pid_, "/bin/sh", &actions, &attributes, arguments.data(), variables.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (code != 0) pid_ = -1, fail(std::string("/bin/sh cannot be started: ") + std::strerror(code));
    in_.read.reset();
    out_.write.reset();
    said_.write.reset();
    for (const int fd : {in_.write.get(), out_.read.get(), said_.read.get()})
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  Child(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  /// One round of reading and writing; false when it has closed both of its outputs.
  bool talk(std::string_view& left, std::string& answer, std::string& said, int milliseconds) {
    std::array<pollfd, 3> wanted{
        {{in_.write.get(), POLLOUT, 0}, {out_.read.get(), POLLIN, 0}, {said_.read.get(), POLLIN, 0}}};
    if (left.empty()) in_.write.reset(), wanted[0].fd = -1;
    ::poll(wanted.data(), wanted.size(), milliseconds);
    if (wanted[0].revents != 0) {
      const ssize_t n = ::write(in_.write.get(), left.data(), left.size());
      if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
      if (n < 0 && errno != EAGAIN && errno != EINTR) left = {};  // it does not want the rest
    }
    if (wanted[1].revents != 0) read(out_.read, answer, kMostBytes + 1);
    if (wanted[2].revents != 0) read(said_.read, said, kMostSaid);
    return out_.read || said_.read;
  }

  /// Its exit status, once it has ended.
  bool ended(int& status) {
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    pid_ = -1;
    return true;
  }

 private:
  // What is over `most` is read and dropped.
  static void read(UniqueFd& from, std::string& into, std::size_t most) {
    std::array<char, 16384> buffer{};
    const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) from.reset();
    if (n > 0) into.append(buffer.data(), std::min(static_cast<std::size_t>(n), most - into.size()));
  }

  Pipe in_, out_, said_;
  pid_t pid_ = -1;
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::string ask_command(const Writer& writer, const std::string& instruction, const std::string& prompt) {
  const auto deadline = Clock::now() + std::chrono::seconds(writer.seconds);
  const auto check_time = [&] {
    if (writer.stop && writer.stop())
      throw Error(ErrorKind::interrupted, "enhance", "stopped while " + writer.name() + " was asked");
    if (Clock::now() < deadline) return;
    fail(writer.name() + " gave no answer within " + std::to_string(writer.seconds) +
         " s; SORA_GEN_ENHANCE_TIMEOUT sets another limit, in seconds");
  };
  Child child(writer.command, instruction);
  std::string_view left = prompt;
  std::string answer, said;
  while (child.talk(left, answer, said, 100)) {
    check_time();
    if (answer.size() > kMostBytes)
      fail(writer.name() + " answers with over " + bytes_text(kMostBytes) + ", expected a prompt");
  }
  int status = 0;
  while (!child.ended(status)) {
    check_time();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string first = said.substr(0, said.find('\n'));
    fail(writer.name() + " " + how_it_ended(status) + (first.empty() ? "" : ": " + excerpt(first)));
  }
  return answer;
}

}  // namespace sora
