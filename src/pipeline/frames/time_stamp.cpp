#include "pipeline/frames/time_stamp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace sora {
namespace {

constexpr int kSmallestSide = 48;
constexpr int kPixelsOfSide = 90;  // for each pixel of a glyph
constexpr int kGlyphHeight = 5;

struct Glyph {
  int width = 0;
  std::array<const char*, kGlyphHeight> rows;
};

const Glyph& glyph_of(char c) {
  static const std::array<Glyph, 12> glyphs{{{3, {"###", "# #", "# #", "# #", "###"}},
                                             {3, {" # ", "## ", " # ", " # ", "###"}},
                                             {3, {"###", "  #", "###", "#  ", "###"}},
                                             {3, {"###", "  #", "###", "  #", "###"}},
                                             {3, {"# #", "# #", "###", "  #", "  #"}},
                                             {3, {"###", "#  ", "###", "  #", "###"}},
                                             {3, {"###", "#  ", "###", "# #", "###"}},
                                             {3, {"###", "  #", " # ", " # ", " # "}},
                                             {3, {"###", "# #", "###", "# #", "###"}},
                                             {3, {"###", "# #", "###", "  #", "###"}},
                                             {1, {" ", "#", " ", "#", " "}},
                                             {1, {" ", " ", " ", " ", "#"}}}};
  return c == ':' ? glyphs[10] : c == '.' ? glyphs[11] : glyphs.at(static_cast<std::size_t>(c - '0'));
}

void fill(RgbPicture& picture, int left, int top, int width, int height, std::uint8_t value) {
  for (int y = std::max(0, top); y < std::min(picture.height, top + height); ++y) {
    for (int x = std::max(0, left); x < std::min(picture.width, left + width); ++x) {
      const auto at = (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                       static_cast<std::size_t>(x)) *
                      3;
      std::fill_n(picture.rgb.begin() + static_cast<std::ptrdiff_t>(at), 3, value);
    }
  }
}

}  // namespace

std::string time_stamp(double seconds, double video_seconds) {
  const auto printed = [](const char* format, auto... values) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return std::string(text.data());
  };
  if (video_seconds < 60) {
    const auto tenths = static_cast<int>(seconds * 10 + 1e-6);
    return printed("%d:%02d.%d", tenths / 600, tenths / 10 % 60, tenths % 10);
  }
  const auto whole = static_cast<int>(seconds + 1e-6);
  if (whole < 3600) return printed("%d:%02d", whole / 60, whole % 60);
  return printed("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

void draw_stamp(RgbPicture& picture, const std::string& text) {
  const int side = std::min(picture.width, picture.height);
  if (side < kSmallestSide) return;
  const int scale = std::max(1, side / kPixelsOfSide);
  int width = 1;  // in pixels of a glyph, one of them around and between the glyphs
  for (const char c : text) width += glyph_of(c).width + 1;
  const int top = picture.height - (kGlyphHeight + 2) * scale;
  fill(picture, 0, top, width * scale, (kGlyphHeight + 2) * scale, 0);
  int left = scale;
  for (const char c : text) {
    const Glyph& glyph = glyph_of(c);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < glyph.width; ++column) {
        if (glyph.rows.at(static_cast<std::size_t>(row))[column] != '#') continue;
        fill(picture, left + column * scale, top + (row + 1) * scale, scale, scale, 255);
      }
    }
    left += (glyph.width + 1) * scale;
  }
}

}  // namespace sora
