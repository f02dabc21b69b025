// Text for a terminal: wrapped at words, in two columns, never wider than asked.
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// The width for help: $COLUMNS, else that of the terminal on stdout, else 80; within 40 and 120.
int help_width();

/// `text` in lines of at most `width` characters behind `indent` spaces, with a line break at the end. A word
/// that is longer than a line stands alone.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

/// A command in the same way, with " \" where it goes on; quoted words stay whole.
std::string wrapped_command(std::string_view command, std::size_t indent, std::size_t width);

/// `left` behind two spaces, and `help` beside it from `column` on, or below where `left` is too long.
std::string help_row(std::string_view left, std::string_view help, std::size_t column, std::size_t width);

}  // namespace sora
