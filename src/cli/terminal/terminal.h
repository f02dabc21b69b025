// The two streams of the program. stdout carries data; stderr carries people's lines, above a status line
// that is redrawn in place, with a picture over it when there is one, where stderr is a terminal.
//
// Note [Strangers' text on a terminal]
// Names, prompts, metadata and messages of other libraries may hold sequences that command a terminal, or
// characters that make it show another text. write_stdout(), write_stderr_line() and show_status() let none
// through (terminal_safe() in core/text.h); only show_picture() and what is written here besides drives the
// terminal. In lines for people, such texts are also brought to one line of bounded length where they are put
// in (one_line(), excerpt()).
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Writes all of `text`, lines for people or JSON, as terminal_safe() has it. Throws Error: reader_gone when
/// the pipe is closed, io, interrupted when the program was told to stop and nobody reads.
void write_stdout(std::string_view text);

bool stderr_is_terminal();  ///< and one that can redraw a line
int stderr_columns();       ///< 80 when unknown
int stderr_rows();          ///< 24 when unknown
bool locale_is_utf8();

/// Writes one line to stderr, above the status line if there is one. Never throws: there is nowhere left to
/// say it.
void write_stderr_line(std::string_view line);

/// Draws `line` as the status line, with the cursor hidden. It must be narrower than the terminal.
void show_status(std::string_view line);
/// Draws a picture of `rows` lines right above the status line, over the one before. `drawing` begins with
/// the cursor at the picture's top left corner, may leave it anywhere, and must stay within the rows.
void show_picture(std::string_view drawing, int rows);
/// From now on the picture is like any text that was written: it stays where it is, and lines follow it.
void keep_picture();
/// Takes the status line away and shows the cursor again.
void clear_status();

/// For signal handlers: shows the cursor if it is hidden, by one write().
void restore_cursor() noexcept;

}  // namespace sora
