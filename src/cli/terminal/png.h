// PNG by libpng, for terminals that show images: the program does not link libav.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

/// rgb [height, width, 3] as a PNG file.
std::string png_of(int width, int height, const std::vector<std::uint8_t>& rgb);

}  // namespace sora
