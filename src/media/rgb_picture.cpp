#include "media/rgb_picture.h"

#include <cstring>

#include "media/frame_converter.h"

namespace sora {

RgbPicture resampled(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height, int new_width,
                     int new_height) {
  RgbPicture result{new_width, new_height, {}};
  const auto row = static_cast<std::size_t>(new_width) * 3;
  result.rgb.resize(row * static_cast<std::size_t>(new_height));

  const std::uint8_t* from = rgb;
  std::ptrdiff_t from_stride = stride;
  av::FramePtr scaled;
  if (width != new_width || height != new_height) {
    // With padding after each row, as the converter requires.
    const auto source_row = static_cast<std::size_t>(width) * 3;
    const std::size_t padded_row = source_row + 64;
    std::vector<std::uint8_t> padded(padded_row * static_cast<std::size_t>(height));
    for (int y = 0; y < height; ++y) {
      std::memcpy(&padded[padded_row * static_cast<std::size_t>(y)], rgb + stride * y, source_row);
    }
    const Colour colour{AVCOL_SPC_BT709, AVCOL_RANGE_JPEG, AVCHROMA_LOC_UNSPECIFIED};
    const FrameConverter converter(width, height, new_width, new_height, AV_PIX_FMT_RGB24, colour);
    scaled = converter.convert(padded.data(), static_cast<std::ptrdiff_t>(padded_row));
    from = scaled->data[0];
    from_stride = scaled->linesize[0];
  }
  for (int y = 0; y < new_height; ++y) {
    std::memcpy(&result.rgb[row * static_cast<std::size_t>(y)], from + from_stride * y, row);
  }
  return result;
}

}  // namespace sora
