// Commands of the user's, which a shell runs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace sora {

struct ShellCommand {
  std::string command;                 ///< for /bin/sh -c
  std::string input;                   ///< on its standard input
  std::vector<std::string> variables;  ///< "NAME=VALUE", added to its environment
  int seconds = 120;                   ///< how long it may take
  std::size_t most_bytes = 1 << 20;    ///< of its standard output
  /// It is a process group of its own, all of which ends with the time; else only the shell does.
  bool own_group = false;
  std::function<bool()> stop;  ///< asked while it runs; may be empty
};

/// How a command ended.
struct CommandResult {
  enum class End {
    exited,     ///< with `code`
    signalled,  ///< by signal `code`
    too_late,   ///< it was ended when the time was over
    too_much,   ///< it was ended when its output was too long
    stopped,    ///< it was ended, since `stop` said so
  };
  End end = End::exited;
  int code = 0;
  std::string output;  ///< standard output
  std::string said;    ///< the first 4 kB of standard error

  bool succeeded() const { return end == End::exited && code == 0; }
};

/// "ended with code 3", "was ended by signal 9", "gave no answer within 30 s", ...
std::string end_text(const ShellCommand& command, const CommandResult& result);

/// Runs a command until it has closed its outputs and ended. Throws Error (unavailable) of `component` when
/// it cannot be started.
CommandResult run_command(const ShellCommand& command, const std::string& component);

}  // namespace sora
