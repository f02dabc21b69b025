// PNG images by libpng, for terminals that show images. (The program does not link libav.)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

/// The bytes of a PNG file. rgb: [height, width, 3].
std::string png_of(int width, int height, const std::vector<std::uint8_t>& rgb);

}  // namespace sora
