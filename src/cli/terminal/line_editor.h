// A line that is typed on a terminal below what the program says meanwhile.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace sora {

/// Reads keys from standard input, and shows the line at the end of the status line on stderr. During its
/// lifetime the terminal passes keys on one by one; it is restored at the end, also by signals
/// (restore_terminal_mode()).
class LineEditor {
 public:
  /// Whether both are terminals.
  static bool is_possible();

  LineEditor();
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Reads lines until `ends` says so or the input ends (Ctrl-D on an empty line); returns whether the input
  /// ended. `take` gets each line.
  bool read(const std::function<void(const std::string&)>& take, const std::function<bool()>& ends);

  /// Replaces the text before the line.
  void set_status(const std::string& status);

  /// What a key or a part of a sequence of keys does; a line that is complete is returned in `line`.
  /// Returns false at the end of the input.
  bool take_byte(char byte, std::string& line, bool& complete);

 private:
  void draw();

  std::mutex mutex_;
  std::string status_, text_;
  std::string escape_;  // a sequence that has begun
  std::string typed_;   // the line that is typed, while an earlier one is shown
  std::vector<std::string> history_;
  std::size_t shown_ = 0;  // line of the history that is shown; its size: the line that is typed
};

/// For signal handlers and the end of the program: restores the terminal's mode where a LineEditor changed
/// it.
void restore_terminal_mode() noexcept;

}  // namespace sora
