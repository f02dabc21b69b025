// Reduces pictures of any colours to a palette. Two bytes are the size; the rest are pixels, two pictures
// after another.
#include "media/write/palette.h"

#include <malloc.h>

#include <algorithm>
#include <vector>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  // A palette's table is half a megabyte, which malloc would give back to the system after each input.
  static const int kept = mallopt(M_MMAP_THRESHOLD, 16 << 20) + mallopt(M_TRIM_THRESHOLD, 64 << 20);
  (void)kept;
  Input input(data, size);
  const int width = 1 + input.choice(24), height = 1 + input.choice(24);
  const std::string_view pixels = input.rest();
  const std::size_t picture = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
  std::vector<std::uint8_t> rgb(picture), indices(picture / 3);
  survives([&] {
    AdaptivePalette palette(width, height);
    for (std::size_t at = 0; at < 2; ++at) {
      std::fill(rgb.begin(), rgb.end(), std::uint8_t{0});
      const std::string_view part = pixels.substr(std::min(at * picture, pixels.size()), picture);
      std::copy(part.begin(), part.end(), rgb.begin());
      palette.convert(rgb.data(), width * 3, indices.data(), width);
      for (const std::uint8_t index : indices) require(index < 255, "a pixel is transparent");
    }
  });
  return 0;
}
