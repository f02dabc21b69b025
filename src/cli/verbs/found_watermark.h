// The watermark in a file, for people and for programs.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/make.h"
#include "watermark/read.h"

namespace sora {

/// The common key, and that of --watermark-key.
std::vector<WatermarkKey> watermark_keys(const Options& options);

/// Looks at the frames of a file, the first `most` of them; of one that has none that can be read, nothing is
/// found. Throws Error: no_input, interrupted, unavailable.
FoundWatermark look_for_watermark(Maker& maker, const std::string& file,
                                  const std::vector<WatermarkKey>& keys,
                                  std::int64_t most = std::numeric_limits<std::int64_t>::max());

/// Lines that say what was found and how surely.
std::vector<std::string> watermark_lines(const FoundWatermark& found);

/// Null where none was found.
nlohmann::ordered_json watermark_json(const FoundWatermark& found);

}  // namespace sora
