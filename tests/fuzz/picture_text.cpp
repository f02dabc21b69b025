// Text inside PNG, JPEG and GIF files: read from any bytes, and read back from where it was put.
#include "fuzz.h"
#include "media/image_text.h"

namespace sora::fuzz {
namespace {

// Signature, IHDR and IEND: all that text chunks need around them.
const std::string& empty_png() {
  static const std::string bytes(
      "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\2\0\0\0\x90wS\xde\0\0\0\0IEND\xae\x42\x60\x82", 45);
  return bytes;
}
const std::string& empty_jpeg() {
  static const std::string bytes("\xff\xd8\xff\xd9", 4);
  return bytes;
}

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

void put_and_read(const std::string& comment) {
  std::vector<std::uint8_t> png = bytes_of(empty_png());
  add_png_text(png, {{"comment", comment}});
  const Metadata back = png_text(text_of(png));
  require(back.count("comment") == 1 && back.at("comment") == comment, "a PNG lost its comment");
  std::vector<std::uint8_t> jpeg = bytes_of(empty_jpeg());
  add_jpeg_comment(jpeg, comment);
  const Metadata of_jpeg = jpeg_comment(text_of(jpeg));
  require(comment.empty() || (of_jpeg.count("comment") == 1 && of_jpeg.at("comment") == comment),
          "a JPEG lost its comment");
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  const std::string bytes = Input(data, size).text();
  survives([&] {
    (void)png_text(bytes);
    (void)jpeg_comment(bytes);
    (void)gif_comment(bytes);
    put_and_read(bytes);
  });
  return 0;
}
