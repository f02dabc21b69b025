#include "models/clip/networks/image_processor.h"

#include <algorithm>
#include <vector>

#include "media/pillow_resize.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

constexpr std::int64_t kLongest = 1 << 17;  // pixels of a side; such a picture takes some hundred MB

RgbPicture resized(const RgbPicture& picture, const ImageProcessorConfig& config) {
  std::int64_t width = config.width, height = config.height;
  if (config.shortest_edge > 0) {
    const std::int64_t shorter = std::min(picture.width, picture.height);
    width = config.shortest_edge * picture.width / shorter;  // rounded down, as transformers does
    height = config.shortest_edge * picture.height / shorter;
  }
  if (std::max(width, height) > kLongest) {
    throw Error(ErrorKind::data, "image_encoder",
                "the image is " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                    ", expected one with a less extreme shape");
  }
  return pillow_resized(picture, static_cast<int>(width), static_cast<int>(height),
                        static_cast<PillowFilter>(config.resample));
}

// Crops x to `size` around the middle of a dimension; pads it with zeros where it is smaller.
at::Tensor from_centre(const at::Tensor& x, std::int64_t dim, std::int64_t size) {
  const std::int64_t there = x.size(dim);
  if (there >= size) return x.narrow(dim, (there - size) / 2, size);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape[static_cast<std::size_t>(dim)] = size;
  at::Tensor padded = at::zeros(shape, x.options());
  padded.narrow(dim, (size - there + 1) / 2, there).copy_(x);
  return padded;
}

}  // namespace

at::Tensor process_image(const RgbPicture& picture, const ImageProcessorConfig& config) {
  const RgbPicture made = config.do_resize ? resized(picture, config) : picture;
  at::Tensor x = at::from_blob(const_cast<std::uint8_t*>(made.rgb.data()), {made.height, made.width, 3},
                               at::kByte);  // [H, W, 3]; read only
  if (config.do_center_crop) {
    x = from_centre(x, 0, config.crop_height);
    x = from_centre(x, 1, config.crop_width);
  }
  // In double precision, then rounded, as transformers does.
  x = x.to(at::kDouble);
  if (config.do_rescale) x = x * config.rescale_factor;
  x = x.to(at::kFloat);
  if (config.do_normalize) {
    x = (x - at::tensor(config.image_mean, at::kFloat)) / at::tensor(config.image_std, at::kFloat);
  }
  return x.permute({2, 0, 1}).unsqueeze(0).contiguous();  // [1, 3, h, w]
}

}  // namespace sora::clip
