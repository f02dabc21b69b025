// Runs the program as a user does: in a process and a folder of its own, with its streams read separately.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "places.h"
#include "temporary_folder.h"

namespace sora::test {

/// The program and a libsora that makes no video, as an installation has them (tests/cli/fake).
inline std::filesystem::path cli_root() { return build_folder() / "tests/cli_root"; }

struct Finished {
  int code = -1;    ///< exit code; -N when signal N killed it
  std::string out;  ///< stdout
  std::string err;  ///< stderr
};

/// A temporary folder to run in, removed at the end. The models are the tiny ones of the tests.
class Program {
 public:
  Program();
  ~Program();
  Program(const Program&) = delete;

  std::map<std::string, std::string> environment;
  std::string input;          ///< what stands on stdin
  std::string input_path;     ///< or a file to be stdin
  bool pipe_input = false;    ///< or stdin is a pipe, which stays open: say()
  bool close_stdout = false;  ///< the reader of stdout goes away before the program starts
  bool pipe_stdout = false;   ///< stdout is a small pipe, read by wait_for_stdout() and by nobody else
  std::string output_path;    ///< or a file to be stdout, such as /dev/full
  std::vector<int> closed;    ///< of the descriptors 0, 1 and 2: not open when the program starts
  bool on_terminal = false;   ///< stderr is a terminal of 80 columns
  bool has_keyboard = false;  ///< with on_terminal: stdin is it, too: type()

  /// From now on, runs a copy of the program that lies outside of the repository, with libsora or without.
  void move_out(bool with_library);

  Finished run(const std::vector<std::string>& arguments);

  /// For tests that do something meanwhile.
  void start(const std::vector<std::string>& arguments);
  void signal(int number) const;
  /// Waits until stderr holds `text`, minutes if need be; false if it never does.
  bool wait_for_stderr(const std::string& text);
  /// The same for the pipe that is stdout.
  bool wait_for_stdout(const std::string& text);
  /// Waits until the pipe that is stdout is full; false if it never is.
  bool wait_for_full_stdout() const;
  void stop_reading();  ///< closes the pipe's other end
  void say(const std::string& text) const;
  /// Reads the terminal until it shows `text`, which may be escape sequences; false if it never does.
  bool wait_for_terminal(const std::string& text);
  void type(const std::string& keys) const;
  bool terminal_is_as_before() const;  ///< lines, shown as they are typed
  Finished wait();

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::vector<std::string> files() const;  ///< names in the folder, sorted
  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;

 private:
  std::string error_text() const;
  bool read_terminal();

  const TemporaryFolder folder_;
  const TemporaryFolder streams_;  // files that stdin, stdout and stderr are
  std::filesystem::path program_ = cli_root() / "bin/sora-gen";
  pid_t pid_ = -1;
  int terminal_ = -1;
  int stdout_ = -1;  // the ends of pipes that are ours
  int stdin_ = -1;
  std::string heard_;
  std::string terminal_text_;
};

int lines(const std::string& text);  ///< how many

}  // namespace sora::test
