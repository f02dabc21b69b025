// How a stored picture is rotated and mirrored before it is shown.
#pragma once

#include <cstdint>
#include <string>

namespace sora {

/// A stored pixel (x, y) is shown at (x, y), or at (y, x) with `transpose`; then the flips mirror the
/// shown picture. These are the eight orientations of EXIF, and of a display matrix by right angles.
struct Orientation {
  bool transpose = false;
  bool flip_x = false;
  bool flip_y = false;

  bool operator==(const Orientation&) const = default;
  bool identity() const { return !transpose && !flip_x && !flip_y; }
  /// As filters of libavfilter, such as "transpose=cclock_flip,hflip"; empty for identity.
  std::string filters() const;
  /// Clockwise, in degrees, after the mirroring if there is any: 0, 90, 180 or 270.
  int degrees() const;
};

/// From EXIF's tag 0x0112; numbers outside 1..8 count as 1.
Orientation exif_orientation(int number);

/// libav's display matrix (3x3, 16.16 fixed point). Other angles are rounded to the nearest right
/// angle; `right_angle` says whether it was one.
Orientation matrix_orientation(const std::int32_t matrix[9], bool& right_angle);

}  // namespace sora
