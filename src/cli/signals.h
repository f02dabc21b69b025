// SIGINT (Ctrl-C), SIGTERM and SIGHUP. The first of them during work asks for a stop at the next step; the
// second one, or the first when there is no work, ends the program at once.
#pragma once

namespace sora {

/// Installs the handlers. SIGPIPE and SIGXFSZ are ignored, so that a closed pipe and a limit on file sizes
/// are errors of write().
void install_signals();

/// Work begins: from now on the first signal only asks for a stop. `quiet`: without a note on the terminal.
void begin_work(bool quiet);

/// Sets a further function that removes temporary files when a signal ends the program; it must be
/// async-signal-safe.
void set_cleanup(void (*remove_temporaries)());

/// Removes temporary files and shows the cursor again. Async-signal-safe.
void clean_up() noexcept;

/// The signal that asked for a stop, or 0.
int stop_signal();

}  // namespace sora
