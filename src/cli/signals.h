// Ctrl-C and its relatives. The first SIGINT, SIGTERM or SIGHUP during work asks for a stop at the next step;
// the second, or the first when no work is under way, ends the program at once.
#pragma once

namespace sora {

/// Installs the handlers and ignores SIGPIPE and SIGXFSZ, so that a closed pipe and a file-size limit are
/// errors of write().
void install_signals();

/// From now on there is work to stop: the first signal asks. `quiet` leaves out the note on the terminal.
void begin_work(bool quiet);

/// What deletes the files that are being written, called on an immediate end; must be async-signal-safe.
void set_cleanup(void (*remove_temporaries)());

/// Deletes those files now, and shows the cursor again. Async-signal-safe.
void clean_up() noexcept;

/// The signal that asked for a stop, or 0.
int stop_signal();

}  // namespace sora
