// The time in the corner of a contact sheet's tiles.
#pragma once

#include <string>

#include "media/rgb_picture.h"

namespace sora {

/// "0:02.5" in a video of less than a minute, else "1:05", "1:02:05".
std::string time_stamp(double seconds, double video_seconds);

/// Draws digits, colons and points in the lower left corner, white on black, as large as the picture allows
/// to be read; nothing on one of under 48 pixels.
void draw_stamp(RgbPicture& picture, const std::string& text);

}  // namespace sora
