#include "cli/terminal/png.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sora {
namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255U);
  return bytes;
}

// CRC-32 of ISO 3309, as PNG's annex D has it.
std::uint32_t crc32(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t n = 0; n < 256; ++n) {
      std::uint32_t c = n;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xedb88320U ^ c >> 1 : c >> 1;
      entries[n] = c;
    }
    return entries;
  }();
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<std::uint8_t>(byte)) & 255U] ^ crc >> 8;
  return ~crc;
}

std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t a = 1, b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<std::uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

// A zlib stream (RFC 1950) of stored blocks (RFC 1951).
std::string zlib_stored(std::string_view bytes) {
  constexpr std::size_t kLongestBlock = 65535;
  std::string stream = "\x78\x01";
  std::size_t at = 0;
  do {
    const std::size_t length = std::min(kLongestBlock, bytes.size() - at);
    const bool last = at + length == bytes.size();
    stream += last ? '\1' : '\0';
    for (const std::size_t word : {length, ~length}) {  // little-endian, 16 bits
      stream += static_cast<char>(word & 255U);
      stream += static_cast<char>(word >> 8 & 255U);
    }
    stream += bytes.substr(at, length);
    at += length;
  } while (at < bytes.size());
  return stream + big_endian(adler32(bytes));
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32(body));
}

}  // namespace

std::string stored_png(int width, int height, const std::vector<std::uint8_t>& rgb) {
  const auto row = static_cast<std::size_t>(width) * 3;
  std::string rows;
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(rgb.data()) + y * row, row);
  }
  const std::string header = big_endian(static_cast<std::uint32_t>(width)) +
                             big_endian(static_cast<std::uint32_t>(height)) +
                             std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB, no interlacing
  return std::string("\x89PNG\r\n\x1a\n", 8) + chunk("IHDR", header) + chunk("IDAT", zlib_stored(rows)) +
         chunk("IEND", "");
}

}  // namespace sora
