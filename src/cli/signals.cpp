#include "cli/signals.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "cli/terminal/line_editor.h"
#include "cli/terminal/terminal.h"
#include "core/output/output_file.h"

namespace sora {
namespace {

// Lock-free, since signal handlers use them.
std::atomic<int> received{0};
std::atomic<bool> working{false};
std::atomic<bool> note_wanted{false};
std::atomic<void (*)()> cleanup{nullptr};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<void (*)()>::is_always_lock_free);

void handle(int signal) {
  const int saved = errno;
  if (working && received.exchange(signal) == 0) {
    constexpr std::string_view note = "\nstopping at the next step; once more ends at once\n";
    if (note_wanted) [[maybe_unused]]
      const ssize_t n = ::write(STDERR_FILENO, note.data(), note.size());
    errno = saved;
    return;
  }
  clean_up();
  ::_exit(128 + signal);
}

void install(int signal) {
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int other : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&action.sa_mask, other);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signals() {
  install(SIGINT);
  install(SIGTERM);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) install(SIGHUP);  // not under nohup
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  ::sigaction(SIGXFSZ, &ignore, nullptr);
  ::sigaction(SIGUSR1, &ignore,
              nullptr);  // the request for progress (status_signal.h) must not end the program
}

void begin_work(bool quiet) {
  note_wanted = !quiet && ::isatty(STDERR_FILENO) != 0;
  working = true;
}

void set_cleanup(void (*remove_temporaries)()) { cleanup = remove_temporaries; }

void clean_up() noexcept {
  remove_temporaries();  // those of the program itself: sidecars, the page of a batch
  if (void (*of_library)() = cleanup) of_library();
  restore_cursor();
  restore_terminal_mode();
}

int stop_signal() { return received; }

}  // namespace sora
