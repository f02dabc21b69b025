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

}  // namespace sora
