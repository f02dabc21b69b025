#include "cli/terminal/line_editor.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "cli/terminal/terminal.h"
#include "core/text.h"

namespace sora {
namespace {

constexpr int kPollMs = 50;
constexpr std::size_t kLongest = 4000;  // bytes of a line
constexpr std::size_t kHistory = 200;   // lines

constexpr char kEnd = 4, kBackspace = 8, kDelete = 127, kLineBack = 21, kWordBack = 23, kEscape = 27;

termios before;  // of the terminal; read by signal handlers while `changed`
std::atomic<bool> changed{false};

void remove_character(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
  if (!text.empty()) text.pop_back();
}

void remove_word(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  while (!text.empty() && text.back() != ' ') remove_character(text);
}

// The end of a text, of so many characters.
std::string last_characters(const std::string& text, std::size_t most) {
  std::size_t begin = text.size(), count = 0;
  while (begin > 0 && count < most) {
    --begin;
    if ((static_cast<unsigned char>(text[begin]) & 0xc0) != 0x80) ++count;
  }
  return text.substr(begin);
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

void restore_terminal_mode() noexcept {
  if (changed.exchange(false)) ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

bool LineEditor::is_possible() { return ::isatty(STDIN_FILENO) != 0 && stderr_is_terminal(); }

LineEditor::LineEditor() {
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return;
  termios keys = before;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // signals of Ctrl-C and Ctrl-Z stay
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  changed = true;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
}

LineEditor::~LineEditor() {
  clear_status();
  restore_terminal_mode();
}

bool LineEditor::take_byte(char byte, std::string& line, bool& complete) {
  complete = false;
  if (!escape_.empty()) {
    escape_ += byte;
    const bool begins = escape_.size() == 2 && (byte == '[' || byte == 'O');
    const bool is_over = !begins && ((byte >= '@' && byte <= '~') || escape_.size() > 8);
    if (!is_over) return true;
    if (byte == 'A' && shown_ > 0) {
      if (shown_ == history_.size()) typed_ = text_;
      text_ = history_[--shown_];
    } else if (byte == 'B' && shown_ < history_.size()) {
      text_ = ++shown_ < history_.size() ? history_[shown_] : typed_;
    }
    escape_.clear();
    return true;
  }
  switch (byte) {
    case kEscape:
      escape_ = byte;
      return true;
    case '\r':
    case '\n':
      line = std::exchange(text_, {});
      complete = true;
      if (!line.empty() && (history_.empty() || history_.back() != line)) history_.push_back(line);
      if (history_.size() > kHistory) history_.erase(history_.begin());
      shown_ = history_.size();
      return true;
    case kEnd:
      return !text_.empty();
    case kBackspace:
    case kDelete:
      remove_character(text_);
      return true;
    case kLineBack:
      text_.clear();
      return true;
    case kWordBack:
      remove_word(text_);
      return true;
    default:
      if (static_cast<unsigned char>(byte) >= ' ' && text_.size() < kLongest) text_ += byte;
      return true;
  }
}

void LineEditor::draw() {
  const auto width = static_cast<std::size_t>(std::max(20, stderr_columns()) - 2);
  std::string head = status_.empty() ? "> " : status_ + " > ";
  if (characters(head) + 12 > width) head = "> ";
  // Half of a character that is being pasted is shown when the rest is there.
  const std::string tail = last_characters(text_, width - characters(head) - 1);
  show_status(head + one_line(tail) + "_");
}

void LineEditor::set_status(const std::string& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  draw();
}

bool LineEditor::read(const std::function<void(const std::string&)>& take,
                      const std::function<bool()>& ends) {
  set_status(status_);
  while (!ends()) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, kPollMs) <= 0) continue;
    char bytes[256];
    const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return true;
    for (ssize_t i = 0; i < n; ++i) {
      std::string line;
      bool complete = false, goes_on = true;
      {
        const std::lock_guard lock(mutex_);
        goes_on = take_byte(bytes[i], line, complete);
        if (i + 1 == n || complete) draw();
      }
      if (complete) take(line);
      if (!goes_on) return true;
    }
  }
  return false;
}

}  // namespace sora
