#include "cli/terminal/png.h"

#include <png.h>

#include "sora/error.h"

namespace sora {

std::string png_of(int width, int height, const std::vector<std::uint8_t>& rgb) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  image.flags = PNG_IMAGE_FLAG_FAST;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string png(bytes, '\0');
  if (png_image_write_to_memory(&image, png.data(), &bytes, 0, rgb.data(), 0, nullptr) == 0) {
    throw Error(ErrorKind::internal, "preview", std::string("libpng: ") + image.message);
  }
  png.resize(bytes);
  return png;
}

std::optional<Preview> picture_of_png(const std::string& png) {
  constexpr std::uint64_t kMostPixels = 16'000'000;
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, png.data(), png.size()) == 0) return {};
  std::optional<Preview> picture(std::in_place);
  if (std::uint64_t{image.width} * image.height <= kMostPixels) {
    image.format = PNG_FORMAT_RGB;
    picture->width = static_cast<int>(image.width);
    picture->height = static_cast<int>(image.height);
    picture->rgb.resize(PNG_IMAGE_SIZE(image));
    const png_color black{};
    if (png_image_finish_read(&image, &black, picture->rgb.data(), 0, nullptr) == 0) picture.reset();
  } else {
    picture.reset();
  }
  png_image_free(&image);
  return picture;
}

}  // namespace sora
