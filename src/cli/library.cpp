#include "cli/library.h"

#include <dlfcn.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/signals.h"
#include "core/text.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kLibraryName = "libsora.so";

// The loader's own message names the file that is missing: "libtorch_cpu.so: cannot open shared object file".
[[noreturn]] void not_loaded(const fs::path& path) {
  const char* reason = ::dlerror();
  const std::string_view text = reason != nullptr ? reason : "";
  // "failed to map segment from shared object", sometimes with the reason behind it. Without a limit on
  // memory that is a file which may not be run, or is damaged.
  rlimit memory{};
  const bool limited = ::getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY;
  const bool no_memory = text.find(std::strerror(ENOMEM)) != std::string_view::npos ||
                         (limited && text.find("failed to map segment") != std::string_view::npos);
  if (no_memory) {
    throw Error(ErrorKind::unavailable, "memory",
                std::string(kLibraryName) + " cannot be loaded: " + std::string(text) +
                    "; close other programs, or raise the limit if there is one (ulimit -v)");
  }
  const std::string found =
      path.empty() ? std::string("not found beside the program or on the loader path") : path.string();
  throw Error(ErrorKind::unavailable, "library",
              std::string(kLibraryName) + ": " + found + ": " +
                  (reason != nullptr ? reason : "cannot be opened") +
                  "; install sora-gen again, or build its target sora");
}

// Note [Waiting threads]
// libtorch's threads (libgomp) wait for one another many times in a step. By default they spin for
// milliseconds, which takes the cores away from those that they wait for as soon as other programs run:
// beside a busy machine's other work a clip of the default model took 40 s, and 4 s with a short spin.
// libgomp reads this when it is loaded; who has set it is left alone.
void spin_briefly() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", 0);
}

// Note [Large blocks]
// glibc takes blocks below 32 MB from a heap that only shrinks from its end, and so keeps what a network's
// layers let go. Larger blocks of their own go back at once, which costs fresh pages for each. So blocks of
// 8 MB and more are on their own, and in huge pages (libtorch's own switch, read when it is loaded), which
// the kernel clears 512 at a time; the heap keeps 64 MB for the smaller ones. Measured at full size, against
// glibc's own ways: the VAE peaks at 1.14 GB in the place of 1.35, the transformer of 1.3B takes 2 % less
// time (with blocks from 4 MB on, nothing kept and small pages it took 16 % more).
void arrange_large_blocks() {
#ifdef __GLIBC__
  constexpr int kOwnBlock = 8 << 20, kKept = 64 << 20;  // bytes
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") == nullptr) ::mallopt(M_MMAP_THRESHOLD, kOwnBlock);
  if (std::getenv("MALLOC_TRIM_THRESHOLD_") == nullptr) ::mallopt(M_TRIM_THRESHOLD, kKept);
#endif
  ::setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
}

bool same_build(const BuildId& a, const BuildId& b) {
  return std::strcmp(a.version, b.version) == 0 && a.plan == b.plan && a.result == b.result &&
         a.hooks == b.hooks && a.progress == b.progress;
}

}  // namespace

fs::path library_path() {
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  if (code) return {};
  const fs::path path = program.parent_path().parent_path() / "lib" / kLibraryName;
  return fs::exists(path, code) ? path : fs::path();
}

void prepare_for_library() {
  static const bool done = [] {
    spin_briefly();
    arrange_large_blocks();
    return true;
  }();
  (void)done;
}

const Entry& load_library(const LogSink& log_sink) {
  const auto start = std::chrono::steady_clock::now();
  const fs::path path = library_path();
  static std::mutex mutex;  // the threads of serve may want it at once
  const std::lock_guard lock(mutex);
  prepare_for_library();
  // RTLD_NOW: a symbol that is missing is an error here, not the end of the program in the middle of the
  // work. RTLD_GLOBAL: libtorch's CUDA half, which
  // libsora loads in turn, finds libtorch's symbols.
  void* handle = ::dlopen(path.empty() ? kLibraryName : path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) not_loaded(path);
  const auto function = reinterpret_cast<EntryFunction>(::dlsym(handle, kEntryName));
  const Entry* entry = function != nullptr ? function() : nullptr;
  if (entry == nullptr || !same_build(entry->build, BuildId{})) {
    throw Error(
        ErrorKind::internal, "library",
        std::string(kLibraryName) + ": is of another build than the program; install or build both together");
  }
  entry->set_log_sink(log_sink);
  set_cleanup(entry->remove_temporaries);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  log(LogLevel::debug, "loaded " + (path.empty() ? std::string(kLibraryName) : path.string()) + " in " +
                           seconds_text(seconds));
  return *entry;
}

}  // namespace sora
