// From the size that is asked for to the size that the network makes, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sora {

struct Size {
  int width = 0;
  int height = 0;
};

/// "1920x1080", or "720p" with the aspect (default 16:9); the number of a named size is its short side. 2k is
/// 1440p, 4k is 2160p, 8k is 4320p.
/// Without `res` and with `aspect`: nothing, the native area decides. Throws Error (usage).
std::optional<Size> parse_res(const std::optional<std::string>& res,
                              const std::optional<std::string>& aspect);

/// "16:9" or "1.85" -> width / height. Throws Error (usage).
double parse_aspect(const std::string& text);

/// How a picture of the wanted aspect is made.
struct Canvas {
  Size made;  ///< what the network makes, a multiple of the grid
  Size crop;  ///< the centre of it that is kept
};

/// The canvas on a grid of grid_width x grid_height pixels that shows `wanted` exactly (made at least as
/// large, the rest cropped away).
Canvas exact_canvas(Size wanted, Size grid);

/// The canvas of about `area` pixels whose crop has the aspect of `wanted`, to be resampled to it.
Canvas native_canvas(Size wanted, std::int64_t area, Size grid);

/// The largest size of the same aspect within the box, but not larger than it is.
Size fitted(Size size, Size box);

}  // namespace sora
