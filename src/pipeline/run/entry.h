// The interface between the program and libsora. The program links neither libtorch nor libav: when there is
// work to do it opens the library, finds sora_entry() in it, and calls the library through this table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/log.h"
#include "media/read/compare_videos.h"
#include "plan/machine/devices.h"
#include "plan/verbs/edit/mask_probe.h"
#include "sora/generator.h"
#include "sora/plan.h"
#include "sora/progress.h"
#include "watermark/read.h"

namespace sora {

/// Program and library pass C++ objects to each other, so both must come from the same build.
struct BuildId {
  const char* version = SORA_GEN_VERSION;
  std::size_t plan = sizeof(Plan);
  std::size_t result = sizeof(Result);
  std::size_t hooks = sizeof(RunHooks);
  std::size_t progress = sizeof(Progress);
  std::size_t preview = sizeof(Preview);
  std::size_t comparison = sizeof(VideoComparison);
  std::size_t watermark = sizeof(FoundWatermark);
};

struct Entry {
  BuildId build;  ///< first, so that any build can read it

  Generator* (*create)();
  void (*destroy)(Generator*);
  /// Generator::run, with failures of libtorch turned into Error: unavailable when memory ran out, else
  /// internal.
  Result (*run)(Generator&, const Plan&, const RunHooks&);

  void (*set_log_sink)(LogSink);  ///< of the library's own log
  void (*remove_temporaries)();   ///< of the library's own output files; async-signal-safe

  /// Versions, devices and codecs, as JSON: {"libtorch": version, "devices": [{"name", "kind", "memory",
  /// "free", "tests": [{"name", "ok", "rate", "unit", "problem"}]}], "libav": ["name version"], "codecs":
  /// {codec: encoder, or "" where none is installed}}. The tests (nn/device_check.h) take a second or so.
  std::string (*report)();

  /// Facts and metadata of a media file, as JSON: {"container", "codec", "width", "height", "fps",
  /// "duration", "frames", "metadata": {}}. Throws Error: no_input, data.
  std::string (*inspect)(const std::filesystem::path&);

  /// Facts of an input for a plan. Throws Error: no_input, data.
  InputFacts (*probe)(const std::filesystem::path&);
  /// What is in a mask, for a plan. Throws Error: no_input, data, io.
  MaskFacts (*probe_mask)(const std::filesystem::path&);

  /// find_watermark().
  FoundWatermark (*find_watermark)(const std::filesystem::path&, const std::vector<WatermarkKey>&,
                                   std::int64_t most, const StopRequest&);

  /// compare_videos().
  VideoComparison (*compare)(const std::filesystem::path&, const std::filesystem::path&, const StopRequest&);

  /// The devices besides the CPU that can be used; loads their back ends.
  std::vector<DeviceFacts> (*devices)();
};

constexpr const char* kEntryName = "sora_entry";
using EntryFunction = const Entry* (*)();  ///< extern "C"

}  // namespace sora
