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

// The loader's message names the missing file: "libtorch_cpu.so: cannot open shared object file".
[[noreturn]] void not_loaded(const fs::path& path) {
  const char* reason = ::dlerror();
  const std::string_view text = reason != nullptr ? reason : "";
  // "failed to map segment from shared object", sometimes with the reason. Without a limit on memory, the
  // file is damaged or on a disk from which programs may not be run.
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
// libtorch's threads (libgomp) wait for each other many times in a step. By default a waiting thread keeps
// its core busy for milliseconds; while other programs run, the threads that it waits for then get no core.
// On a busy machine a clip of the default model took 40 s, and 4 s with a short busy wait. libgomp reads the
// variables when it is loaded; those that the user has set are not changed.
void shorten_busy_wait() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", 0);
}

// Note [Large blocks]
// By default, glibc allocates blocks of up to 32 MB from a heap, which is returned to the system only from
// its end, so that memory freed by a network's layers stays allocated. A larger block has its own mapping,
// which is returned at once, but its pages must be cleared for each block. Here, blocks of 8 MB and more have
// their own mappings, in huge pages (a switch of libtorch, read when it is loaded), which are cleared faster;
// the heap keeps up to 64 MB for smaller blocks. Measured at full size against glibc's defaults: the VAE
// peaks at 1.14 GB instead of 1.35 GB, and the 1.3B transformer takes 2 % less time (with own mappings from 4
// MB on, no free memory in the heap and small pages it took 16 % more).
void tune_allocator() {
#ifdef __GLIBC__
  constexpr int kOwnMapping = 8 << 20, kFreeInHeap = 64 << 20;  // bytes
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") == nullptr) ::mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  if (std::getenv("MALLOC_TRIM_THRESHOLD_") == nullptr) ::mallopt(M_TRIM_THRESHOLD, kFreeInHeap);
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
    shorten_busy_wait();
    tune_allocator();
    return true;
  }();
  (void)done;
}

const Entry& load_library(const LogSink& log_sink) {
  const auto start = std::chrono::steady_clock::now();
  const fs::path path = library_path();
  static std::mutex mutex;  // two threads of serve may call this at once
  const std::lock_guard lock(mutex);
  prepare_for_library();
  // RTLD_NOW: a missing symbol is an error here, and does not end the program later. RTLD_GLOBAL: libtorch's
  // CUDA library, which libsora loads in turn, needs libtorch's symbols.
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
