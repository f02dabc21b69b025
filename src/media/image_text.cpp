#include "media/image_text.h"

extern "C" {
#include <libavutil/crc.h>
}

#include <algorithm>
#include <string_view>

namespace sora {
namespace {

constexpr std::size_t kPngHeader = 8 + 25;  // signature and IHDR
constexpr std::size_t kJpegSegment = 65533;
constexpr std::size_t kGifBlock = 255;
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";

std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::string png_chunk(const std::string& type_and_data) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(type_and_data.data());
  const std::uint32_t crc =
      av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), 0xffffffff, data, type_and_data.size()) ^ 0xffffffff;
  return big_endian(static_cast<std::uint32_t>(type_and_data.size() - 4), 4) + type_and_data +
         big_endian(crc, 4);
}

// The data of an iTXt or tEXt chunk.
void read_png_text(std::string_view type, std::string_view data, Metadata& found) {
  const std::size_t keyword = data.find('\0');
  if (keyword == std::string_view::npos) return;
  const std::string key(data.substr(0, keyword));
  std::string_view rest = data.substr(keyword + 1);
  if (type == "iTXt") {
    if (rest.size() < 2 || rest[0] != 0) return;  // compressed
    rest.remove_prefix(2);
    for (int i = 0; i < 2; ++i) {  // language, translated keyword
      const std::size_t end = rest.find('\0');
      if (end == std::string_view::npos) return;
      rest.remove_prefix(end + 1);
    }
  }
  found[key] = rest;
}

}  // namespace

void add_png_text(std::vector<std::uint8_t>& png, const Metadata& metadata) {
  std::string chunks;
  for (const auto& [key, value] : metadata) {
    // Keyword, no compression, no language, no translated keyword (PNG specification, 11.3.3.4).
    chunks += png_chunk("iTXt" + key.substr(0, 79) + std::string(5, '\0') + value);
  }
  png.insert(png.begin() + kPngHeader, chunks.begin(), chunks.end());
}

void add_jpeg_comment(std::vector<std::uint8_t>& jpeg, const std::string& comment) {
  std::string segments;
  for (std::size_t at = 0; at < comment.size(); at += kJpegSegment) {
    const std::string part = comment.substr(at, kJpegSegment);
    segments += "\xff\xfe" + big_endian(static_cast<std::uint32_t>(part.size() + 2), 2) + part;
  }
  // After APP0, which JFIF requires to follow the start marker.
  std::size_t at = 2;
  if (jpeg.size() > 6 && jpeg[2] == 0xff && jpeg[3] == 0xe0) at += 2 + std::size_t{jpeg[4]} * 256 + jpeg[5];
  jpeg.insert(jpeg.begin() + static_cast<std::ptrdiff_t>(at), segments.begin(), segments.end());
}

std::string gif_comment_block(const std::string& comment) {
  std::string block = "\x21\xfe";
  for (std::size_t at = 0; at < comment.size(); at += kGifBlock) {
    const std::string part = comment.substr(at, kGifBlock);
    block += static_cast<char>(part.size()) + part;
  }
  return block + std::string(1, '\0') + ";";  // the end of the comment, and of the file
}

Metadata png_text(const std::string& bytes) {
  Metadata found;
  std::string_view rest = bytes;
  if (!rest.starts_with(kPngSignature)) return found;
  rest.remove_prefix(kPngSignature.size());
  while (rest.size() >= 12) {
    const std::size_t length = big_endian(rest.substr(0, 4));
    if (length > rest.size() - 12) break;
    const std::string_view type = rest.substr(4, 4);
    if (type == "iTXt" || type == "tEXt") read_png_text(type, rest.substr(8, length), found);
    rest.remove_prefix(12 + length);
  }
  return found;
}

Metadata jpeg_comment(const std::string& bytes) {
  std::string comment;
  std::string_view rest = bytes;
  if (!rest.starts_with("\xff\xd8")) return {};
  rest.remove_prefix(2);
  while (rest.size() >= 4 && rest[0] == '\xff' && rest[1] != '\xda') {  // up to the picture itself
    const std::size_t length = big_endian(rest.substr(2, 2));
    if (length < 2 || length + 2 > rest.size()) break;
    if (rest[1] == '\xfe') comment += rest.substr(4, length - 2);
    rest.remove_prefix(2 + length);
  }
  if (comment.empty()) return {};
  return {{"comment", comment}};
}

Metadata gif_comment(const std::string& bytes) {
  std::string_view rest = bytes;
  if (!rest.starts_with("GIF8") || rest.size() < 13) return {};
  const auto skip = [&](std::size_t n) { rest.remove_prefix(std::min(n, rest.size())); };
  // Flag 0x80: a palette of 2^(low bits + 1) colours follows.
  const auto palette = [](char flags) { return (flags & 0x80) != 0 ? std::size_t{6} << (flags & 7) : 0; };
  skip(13 + palette(rest[10]));
  std::string comment;
  while (rest.size() >= 2 && rest[0] != ';') {
    const bool is_comment = rest[0] == '\x21' && rest[1] == '\xfe';
    if (rest[0] == '\x21') {
      skip(2);
    } else if (rest[0] == '\x2c' && rest.size() >= 10) {
      skip(10 + palette(rest[9]) + 1);
    } else {
      break;
    }
    while (!rest.empty() && rest[0] != 0) {  // sub-blocks
      const std::size_t length = static_cast<std::uint8_t>(rest[0]);
      if (is_comment) comment += rest.substr(1, length);
      skip(1 + length);
    }
    skip(1);
  }
  if (comment.empty()) return {};
  return {{"comment", comment}};
}

}  // namespace sora
