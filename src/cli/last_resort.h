// What the program does when no code of its own gets to say what went wrong.
#pragma once

namespace sora {

/// From now on an exception that nobody catches (as of a library that is being loaded), and a library that
/// ends the program by itself (as libgomp does when it can start no thread), still leave one line, no
/// temporary file and an exit code that says what it was. The program itself must end by _exit().
void install_last_resort();

}  // namespace sora
