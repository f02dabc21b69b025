#include "cli/last_resort.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <string>

#include "cli/failure.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "sora/error.h"

namespace sora {
namespace {

std::atomic<bool> ending{false};

[[noreturn]] void end_with(const Error& error) {
  clean_up();
  write_stderr_line(std::string("sora-gen: ") + error.what());
  ::_exit(error.exit_code());
}

[[noreturn]] void terminate() {
  // The code below may end up here again.
  if (ending.exchange(true)) ::_exit(static_cast<int>(ErrorKind::internal));
  if (std::current_exception()) end_with(current_error());
  end_with({ErrorKind::internal, "internal", "the program ended itself; this is a bug, please report it"});
}

void library_exits() {
  if (ending.exchange(true)) return;
  end_with(
      {ErrorKind::unavailable, "memory",
       "a library ended the program, as it does for lack of memory or of threads; ask for fewer --threads, a "
       "smaller --res or model, or raise the limit (ulimit -v, ulimit -u)"});
}

}  // namespace

void install_last_resort() {
  std::set_terminate(terminate);
  std::atexit(library_exits);
}

}  // namespace sora
