// Errors for the user: where, what, and what to do, with the exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace sora {

/// What kind of failure it is; the value is the program's exit code (BSD sysexits).
enum class ErrorKind : int {
  some_failed = 1,     ///< some jobs of a batch failed
  usage = 64,          ///< wrong option or value
  data = 65,           ///< bad data in a file
  no_input = 66,       ///< an input is missing
  unavailable = 69,    ///< no device, not enough memory, a codec that is not installed
  internal = 70,       ///< a bug of this program
  cannot_create = 73,  ///< an output cannot be created
  io = 74,             ///< a read or write failed
  busy = 75,           ///< another run holds the lock
  refused = 77,        ///< refused by policy, such as a pickled checkpoint
  interrupted = 130,   ///< SIGINT
  reader_gone = 141,   ///< the reader of stdout went away
  terminated = 143,    ///< SIGTERM
};

/// The one exception of the program. what() reads "[component] message".
/// A message says what is wrong, what was found and what was expected, and what to do, in one line.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string component, const std::string& message)
      : std::runtime_error("[" + component + "] " + message), kind_(kind), component_(std::move(component)) {}

  ErrorKind kind() const noexcept { return kind_; }
  int exit_code() const noexcept { return static_cast<int>(kind_); }
  const std::string& component() const noexcept { return component_; }
  /// what() without the component, to be quoted in another message.
  std::string message() const { return std::string(what()).substr(component_.size() + 3); }

 private:
  ErrorKind kind_;
  std::string component_;
};

}  // namespace sora
