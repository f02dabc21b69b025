#include "cli/terminal/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "cli/signals.h"
#include "core/output/output_file.h"
#include "core/standard_streams.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";

std::mutex mutex;
std::string status;                      // guarded by mutex; empty when there is none
std::string picture;                     // guarded by mutex; escape sequences that draw it
int picture_rows = 0;                    // guarded by mutex; 0 when there is none
std::atomic<bool> cursor_hidden{false};  // read by signal handlers

void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Moves the cursor from the status line to the first line of the picture.
std::string to_picture() { return picture_rows > 0 ? "\x1b[" + std::to_string(picture_rows) + "A" : ""; }

// Draws the picture from the cursor's line on, and moves the cursor to the line below it. The line breaks
// come first, so that the screen scrolls before the picture is drawn and not while it is.
std::string drawn_picture() {
  if (picture_rows == 0) return "";
  const std::string rows = std::to_string(picture_rows);
  return std::string(static_cast<std::size_t>(picture_rows), '\n') + "\x1b[" + rows + "A\x1b" + "7" +
         picture + "\x1b" + "8\x1b[" + rows + "B\r";
}

// Waits until stdout can be written. After a stop signal, it waits for one more second.
void wait_for_reader() {
  constexpr int kPollMs = 50, kGraceMs = 1000;
  for (int waited_ms = 0; waited_ms < kGraceMs;) {
    pollfd wanted{STDOUT_FILENO, POLLOUT, 0};
    if (::poll(&wanted, 1, kPollMs) > 0) return;
    if (stop_signal() != 0) waited_ms += kPollMs;
  }
  throw Error(ErrorKind::interrupted, "output",
              "stopped while the reader of standard output was not reading");
}

}  // namespace

void write_stdout(std::string_view text) {
  if (was_closed(STDOUT_FILENO)) {
    throw Error(ErrorKind::io, "output", "standard output is closed, but the result is printed there");
  }
  const std::string safe = terminal_safe(text);
  // A pipe that is ready takes PIPE_BUF bytes without waiting for the reader.
  for (std::size_t done = 0; done < safe.size(); done += PIPE_BUF) {
    wait_for_reader();
    const std::string_view part = std::string_view(safe).substr(done, PIPE_BUF);
    write_stream(STDOUT_FILENO, "standard output", part.data(), part.size());
  }
}

bool stderr_is_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && term != nullptr && *term != '\0' && std::strcmp(term, "dumb") != 0;
}

int stderr_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

int stderr_rows() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return 24;
  return size.ws_row;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return ::strcasestr(value, "utf-8") != nullptr || ::strcasestr(value, "utf8") != nullptr;
  }
  return false;
}

void write_stderr_line(std::string_view line) {
  const std::lock_guard lock(mutex);
  // One write() for each line, so that lines of several processes in one log do not mix.
  std::string text;
  if (!status.empty()) text += kClearLine;
  if (picture_rows > 0) text += to_picture() + "\x1b[J";
  text += terminal_safe(line);
  text += '\n';
  text += drawn_picture();
  text += status;
  write_stderr(text);
}

void show_status(std::string_view line) {
  const std::lock_guard lock(mutex);
  std::string text;
  if (!cursor_hidden.exchange(true)) text += kHideCursor;
  text += kClearLine;
  const std::string safe = terminal_safe(line);
  text += safe;
  write_stderr(text);
  status = safe;
}

void show_picture(std::string_view drawing, int rows) {
  const std::lock_guard lock(mutex);
  std::string text(kClearLine);
  text += to_picture();
  if (rows != picture_rows) text += "\x1b[J";
  picture = drawing;
  picture_rows = rows;
  text += drawn_picture();
  text += status;
  write_stderr(text);
}

void keep_picture() {
  const std::lock_guard lock(mutex);
  picture.clear();
  picture_rows = 0;
}

void clear_status() {
  const std::lock_guard lock(mutex);
  std::string text;
  if (!status.empty()) text += kClearLine;
  if (cursor_hidden.exchange(false)) text += kShowCursor;
  write_stderr(text);
  status.clear();
}

void restore_cursor() noexcept {
  if (!cursor_hidden.exchange(false)) return;
  // The status line stays; the shell prints below it.
  constexpr std::string_view text = "\x1b[?25h\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace sora
