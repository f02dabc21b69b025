// The door between the program and libsora. The program links neither libtorch nor libav: it opens the
// library when there is work to do, finds sora_entry() in it, and calls it through this table.
#pragma once

#include <cstddef>
#include <string>

#include "core/log.h"
#include "sora/generator.h"
#include "sora/plan.h"
#include "sora/progress.h"

namespace sora {

/// Program and library pass C++ objects to each other, so both must be of one build.
struct BuildId {
  const char* version = SORA_GEN_VERSION;
  std::size_t plan = sizeof(Plan);
  std::size_t result = sizeof(Result);
  std::size_t hooks = sizeof(RunHooks);
  std::size_t progress = sizeof(Progress);
  std::size_t preview = sizeof(Preview);
};

struct Entry {
  BuildId build;  ///< first, so that it can be read whatever follows

  Generator* (*create)();
  void (*destroy)(Generator*);
  /// Generator::run, with failures of libtorch as Error too: unavailable when memory ran out, else internal.
  Result (*run)(Generator&, const Plan&, const RunHooks&);

  void (*set_log_sink)(LogSink);  ///< the library has a log of its own
  void (*remove_temporaries)();   ///< and files of its own; async-signal-safe

  /// What works here, as JSON: {"libtorch": version, "devices": [{"name", "kind"}], "libav": ["name
  /// version"], "codecs": {codec: encoder, or "" where none is installed}}
  std::string (*report)();

  /// What a finished file says about itself, as JSON: {"container", "codec", "width", "height", "fps",
  /// "duration", "frames", "metadata": {}}. Throws Error: no_input, data.
  std::string (*inspect)(const std::filesystem::path&);

  /// What a plan needs to know of an input. Throws Error: no_input, data.
  InputFacts (*probe)(const std::filesystem::path&);
};

constexpr const char* kEntryName = "sora_entry";
using EntryFunction = const Entry* (*)();  ///< extern "C"

}  // namespace sora
