#include "cli/help/layout.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/text.h"

namespace sora {
namespace {

constexpr int kNarrowest = 40, kUsual = 80, kWidest = 120;

// Where a word ends: at a space, and for commands at one outside of quotes.
std::vector<std::string_view> words_of(std::string_view text, bool quotes) {
  std::vector<std::string_view> words;
  char quote = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    if (quotes && (c == '"' || c == '\'')) quote = quote == 0 ? c : quote == c ? '\0' : quote;
    if (i < text.size() && (c != ' ' || quote != 0)) continue;
    if (i > start) words.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  return words;
}

std::string filled(const std::vector<std::string_view>& words, std::size_t indent, std::size_t more,
                   std::size_t width, std::string_view goes_on) {
  std::string text(indent, ' ');
  std::size_t at = indent;
  bool first = true;
  for (const std::string_view& word : words) {
    const bool last = &word == &words.back();
    const std::size_t needed = word.size() + (last ? 0 : goes_on.size());
    if (!first && at + 1 + needed > width) {
      text.append(goes_on).append("\n").append(indent + more, ' ');
      at = indent + more;
      first = true;
    }
    if (!first) text += ' ';
    at += word.size() + (first ? 0 : 1);
    text += word;
    first = false;
  }
  return text + "\n";
}

}  // namespace

int help_width() {
  int columns = 0;
  const char* variable = std::getenv("COLUMNS");
  if (variable == nullptr || !set_from_text(columns, variable).empty() || columns < 1) {
    winsize size{};
    columns = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
  }
  return std::clamp(columns, kNarrowest, kWidest);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  return filled(words_of(text, false), indent, 0, width, "");
}

std::string wrapped_command(std::string_view command, std::size_t indent, std::size_t width) {
  return filled(words_of(command, true), indent, 4, width, " \\");
}

std::string help_row(std::string_view left, std::string_view help, std::size_t column, std::size_t width) {
  std::string text = wrapped(help, column, width);
  const std::size_t used = 2 + left.size();
  if (used + 2 > column) return "  " + std::string(left) + "\n" + text;
  return text.replace(2, left.size(), left);
}

}  // namespace sora
