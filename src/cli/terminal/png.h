// PNG for terminals that show images, without libav, which the program does not link.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

/// rgb [height, width, 3] as a PNG file, not compressed: for a pipe of a few kilobytes to the same machine.
std::string stored_png(int width, int height, const std::vector<std::uint8_t>& rgb);

}  // namespace sora
