#include "cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

#include "file_contents.h"

namespace fs = std::filesystem;

namespace sora::test {

Program::Program() {
  environment["SORA_GEN_MODELS"] = test_data() / "pipeline";
  environment["XDG_CACHE_HOME"] = (streams_ / "cache").string();
  environment["SORA_GEN_C2PA"] = "none";          // a signature differs in every run
  environment["SORA_GEN_LOADAVG"] = "/dev/null";  // what else the machine does changes no estimate
  environment["PATH"] = "/usr/bin:/bin";
  environment["TERM"] = "xterm";
  environment["LANG"] = "C.UTF-8";
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {terminal_, stdout_, stdin_}) {
    if (fd >= 0) ::close(fd);
  }
}

void Program::move_out(bool with_library) {
  program_ = streams_ / "bin/sora-gen";
  fs::create_directory(streams_ / "bin");
  fs::copy_file(cli_root() / "bin/sora-gen", program_);
  if (!with_library) return;
  fs::create_directory(streams_ / "lib");
  fs::copy_file(cli_root() / "lib/libsora.so", streams_ / "lib/libsora.so");
}

void Program::start(const std::vector<std::string>& arguments) {
  std::ofstream(streams_ / "in", std::ios::binary) << input;
  std::vector<std::string> words{program_.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  };
  auto argv = pointers(words);
  auto envp = pointers(variables);

  const int flags = O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC;
  int in = ::open(input_path.empty() ? (streams_ / "in").c_str() : input_path.c_str(), O_RDONLY | O_CLOEXEC);
  int out = ::open(output_path.empty() ? (streams_ / "out").c_str() : output_path.c_str(), flags, 0600);
  int err = ::open((streams_ / "err").c_str(), flags, 0600);
  if (close_stdout) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::close(pipe[0]);
    ::close(out);
    out = pipe[1];
  }
  if (pipe_stdout) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::fcntl(pipe[1], F_SETPIPE_SZ, 8192);
    ::close(out);
    out = pipe[1];
    stdout_ = pipe[0];
  }
  if (pipe_input) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::close(in);
    in = pipe[0];
    stdin_ = pipe[1];
    say(input);
  }
  if (on_terminal) {
    winsize size{};
    size.ws_col = 80;
    size.ws_row = 24;
    ::close(err);
    ASSERT_EQ(::openpty(&terminal_, &err, nullptr, nullptr, &size), 0);
    if (has_keyboard) {
      ::close(in);
      in = ::dup(err);
    }
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    for (const int fd : closed) ::close(fd);
    ::alarm(120);  // a program that hangs is a failure, not the end of the tests
    if (::chdir(folder_.path().c_str()) == 0) ::execve(argv[0], argv.data(), envp.data());
    ::_exit(126);
  }
  for (const int fd : {in, out, err}) ::close(fd);
}

void Program::signal(int number) const { ::kill(pid_, number); }

std::string Program::error_text() const { return on_terminal ? terminal_text_ : contents(streams_ / "err"); }

bool Program::wait_for_stderr(const std::string& text) {
  for (int wait = 0; wait < 30'000; ++wait) {
    if (error_text().find(text) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

bool Program::wait_for_stdout(const std::string& text) {
  while (heard_.find(text) == std::string::npos) {
    std::array<char, 4096> buffer{};
    pollfd wanted{stdout_, POLLIN, 0};
    if (::poll(&wanted, 1, 30000) <= 0) return false;
    const ssize_t n = ::read(stdout_, buffer.data(), buffer.size());
    if (n <= 0) return false;
    heard_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return true;
}

bool Program::wait_for_full_stdout() const {
  constexpr int kFull = 4096;  // of its two pages, the second is begun: poll() waits from here on
  for (int tries = 0; tries < 12000; ++tries) {  // two minutes
    int bytes = 0;
    if (::ioctl(stdout_, FIONREAD, &bytes) == 0 && bytes >= kFull) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

void Program::stop_reading() { ::close(std::exchange(stdout_, -1)); }

void Program::say(const std::string& text) const {
  EXPECT_EQ(::write(stdin_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// Whether there was more to read; false when the program has ended (EIO).
bool Program::read_terminal() {
  std::array<char, 4096> buffer{};
  pollfd wanted{terminal_, POLLIN, 0};
  ::poll(&wanted, 1, 30000);
  const ssize_t n = ::read(terminal_, buffer.data(), buffer.size());
  if (n > 0) terminal_text_.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

bool Program::wait_for_terminal(const std::string& text) {
  while (terminal_text_.find(text) == std::string::npos) {
    if (!read_terminal()) return false;
  }
  return true;
}

void Program::type(const std::string& keys) const {
  EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

bool Program::terminal_is_as_before() const {
  termios mode{};
  return ::tcgetattr(terminal_, &mode) == 0 && (mode.c_lflag & ICANON) != 0 && (mode.c_lflag & ECHO) != 0;
}

Finished Program::wait() {
  // A terminal holds little; the program would wait for a reader.
  while (on_terminal && read_terminal()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  Finished finished;
  finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  finished.out = stdout_ >= 0 ? heard_ : contents(streams_ / "out");
  finished.err = error_text();
  return finished;
}

Finished Program::run(const std::vector<std::string>& arguments) {
  start(arguments);
  return wait();
}

std::vector<std::string> Program::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_.path()))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string Program::read(const std::string& name) const { return contents(folder_ / name); }

void Program::write(const std::string& name, const std::string& text) const {
  std::ofstream(folder_ / name, std::ios::binary) << text;
}

int lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace sora::test
