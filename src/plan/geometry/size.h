// The size of the file, and the size of the picture that the network makes for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sora {

struct Size {
  int width = 0;
  int height = 0;
};

/// "1920x1080", or "720p" with the aspect (default 16:9); the number of a named size is its short side;
/// 2k is 1440p, 4k is 2160p, 8k is 4320p. Empty
/// without `res`: the size then follows from the native area. Throws Error (usage).
std::optional<Size> parse_res(const std::optional<std::string>& res,
                              const std::optional<std::string>& aspect);

/// "16:9" or "1.85" -> width / height. Throws Error (usage).
double parse_aspect(const std::string& text);

/// A picture that the network makes, and its crop to the wanted aspect.
struct Canvas {
  Size made;  ///< by the network, a multiple of the grid
  Size crop;  ///< at the centre of it
};

/// The smallest canvas on the grid from which `wanted` can be cropped.
Canvas exact_canvas(Size wanted, Size grid);

/// A canvas of about `area` pixels whose crop has the aspect of `wanted`; the crop is then resampled to it.
Canvas native_canvas(Size wanted, std::int64_t area, Size grid);

/// `size` reduced to fit into the box, with the same aspect; unchanged where it fits already.
Size fitted(Size size, Size box);

}  // namespace sora
