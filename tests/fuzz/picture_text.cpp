// Text inside PNG, JPEG, GIF, WebP and AVIF files: read from any bytes, and read back from where it was put.
#include "fuzz.h"
#include "media/image_text.h"
#include "media/image_xmp.h"

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

const std::string& webp_of_one_pixel() {
  static const std::string bytes(
      "RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0/\0\0\0\0\x07\x10\x11\xfd\x0f"
      "DD\xff\x03",
      34);
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
  std::vector<std::uint8_t> webp = bytes_of(webp_of_one_pixel());
  add_webp_comment(webp, comment);
  const Metadata of_webp = webp_comment(text_of(webp));
  require(comment.empty() || (of_webp.count("comment") == 1 && of_webp.at("comment") == comment),
          "a WebP lost its comment");
  static RamFile ram;
  ram.fill(avif_comment_box(comment));
  const Metadata of_avif = avif_comment(File(ram.path(), "media"));
  require(comment.empty() || (of_avif.count("comment") == 1 && of_avif.at("comment") == comment),
          "an AVIF lost its comment");
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
    (void)webp_comment(bytes);
    static RamFile ram;
    ram.fill(bytes);
    (void)avif_comment(File(ram.path(), "media"));
    put_and_read(bytes);
  });
  return 0;
}
