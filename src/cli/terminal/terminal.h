// Writing to stdout and stderr. stdout is for data, stderr for lines that people read. If stderr is a
// terminal, these lines are above a status line that is redrawn in place, and above a picture if there is
// one.
//
// Note [Strangers' text on a terminal]
// Names, prompts, metadata and messages of libraries may contain escape sequences, or characters that make a
// text look different. write_stdout(), write_stderr_line() and show_status() remove them (terminal_safe() in
// core/text.h); only show_picture() and this file itself send escape sequences. In lines for people, the
// caller also makes such a text one line of limited length (one_line(), excerpt()).
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Writes `text` (lines for people or JSON) after terminal_safe(). Throws Error: reader_gone when the pipe is
/// closed, io, interrupted when there was a stop signal and the reader does not read.
void write_stdout(std::string_view text);

bool stderr_is_terminal();  ///< a terminal that can redraw a line
int stderr_columns();       ///< 80 when unknown
int stderr_rows();          ///< 24 when unknown
bool locale_is_utf8();

/// Writes one line to stderr, above the status line if there is one. Ignores errors, since they could not be
/// reported.
void write_stderr_line(std::string_view line);

/// Draws `line` as the status line, with the cursor hidden. It must be narrower than the terminal.
void show_status(std::string_view line);
/// Draws a picture of `rows` lines right above the status line, in place of the one before. `drawing` begins
/// with the cursor in the top left corner of the picture, may leave it anywhere, and must stay within the
/// rows.
void show_picture(std::string_view drawing, int rows);
/// Stops redrawing the picture: it stays on the screen like other output, and lines follow it.
void keep_picture();
/// Removes the status line and shows the cursor again.
void clear_status();

/// For signal handlers: shows the cursor if it is hidden, by one write().
void restore_cursor() noexcept;

}  // namespace sora
