// PNG images by libpng, for terminals that show images. (The program does not link libav.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sora/progress.h"

namespace sora {

/// The bytes of a PNG file. rgb: [height, width, 3].
std::string png_of(int width, int height, const std::vector<std::uint8_t>& rgb);

/// A picture from the bytes of a PNG file; empty where they are none, or where it has more than 16 million
/// pixels.
std::optional<Preview> picture_of_png(const std::string& png);

}  // namespace sora
