// What an image file says about itself in its first bytes, read without a decoder.
#pragma once

#include <cstdint>
#include <string_view>

#include "media/read/orientation.h"

namespace sora {

enum class ImageKind { none, png, jpeg, gif, webp, tiff, bmp };

struct ImageHeader {
  ImageKind kind = ImageKind::none;
  std::int64_t width = 0;  ///< as stored; 0: not found
  std::int64_t height = 0;
  Orientation orientation;        ///< from EXIF
  bool animated = false;          ///< GIF always; PNG and WebP when they say so
  std::int64_t frames = 0;        ///< of an animated WebP
  std::int64_t milliseconds = 0;  ///< how long they last
  int components = 0;             ///< of a JPEG: 1 grey, 3 colour, 4 ink
  int adobe_transform = -1;       ///< of a JPEG with Adobe's marker: 0 none, 1 YCbCr, 2 YCCK
};

/// Recognised by content; `bytes` is the whole file or its beginning. Of a damaged file, whatever is found.
ImageHeader read_image_header(std::string_view bytes);

}  // namespace sora
