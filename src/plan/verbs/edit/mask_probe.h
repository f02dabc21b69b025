// What can only be known of a mask by decoding it.
#pragma once

#include <filesystem>
#include <functional>

namespace sora {

struct MaskFacts {
  bool has_white = false;  ///< a pixel that is made anew
  bool has_black = false;  ///< one that is kept
};

/// Decodes a mask, a picture or a video, up to the frame that has both. Throws Error: no_input, data, io.
using MaskProbe = std::function<MaskFacts(const std::filesystem::path&)>;

/// Sets what probed_mask() calls, as set_probe() does.
void set_mask_probe(MaskProbe probe);

MaskFacts probed_mask(const std::filesystem::path& path);

}  // namespace sora
