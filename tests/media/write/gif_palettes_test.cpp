// Pictures to the palettes of a GIF.
#include "media/write/gif_palettes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "media/frame_converter.h"

namespace sora {
namespace {

constexpr int kSide = 32;
using Colour = std::uint32_t (*)(int x, int y, int frame);  // 0x00RRGGBB

std::uint32_t slope(int x, int y, int frame) {
  return static_cast<std::uint32_t>(x * 8 << 16 | y * 8 << 8 | frame * 12);
}
std::uint32_t two(int x, int y, int) { return (x / 4 + y / 4) % 2 == 0 ? 0x11c060 : 0xf0f005; }

struct Shown {
  std::vector<std::int64_t> times;
  std::vector<std::vector<std::uint32_t>> pictures;  // as a viewer shows them
  std::vector<std::vector<std::uint32_t>> palettes;
};

Shown shown(Colour colour, int frames, std::size_t most_bytes) {
  Shown out;
  const auto take = [&](AVFrame& frame) {
    EXPECT_EQ(frame.format, AV_PIX_FMT_PAL8);
    const auto* palette = reinterpret_cast<const std::uint32_t*>(frame.data[1]);
    std::vector<std::uint32_t> picture;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        picture.push_back(palette[frame.data[0][y * frame.linesize[0] + x]] & 0xffffff);
      }
    }
    out.times.push_back(frame.pts);
    out.pictures.push_back(std::move(picture));
    out.palettes.emplace_back(palette, palette + 256);
  };
  GifPalettes palettes(kSide, kSide, most_bytes);
  for (int f = 0; f < frames; ++f) {
    const av::FramePtr frame = make_frame(kSide, kSide, GifPalettes::kFormat);
    for (int y = 0; y < kSide; ++y) {
      auto* row = reinterpret_cast<std::uint32_t*>(frame->data[0] + y * frame->linesize[0]);
      for (int x = 0; x < kSide; ++x) row[x] = 0xff000000 | colour(x, y, f);
    }
    frame->pts = f;
    palettes.add(*frame, take);
  }
  palettes.finish(take);
  return out;
}

TEST(GifPalettes, FewColoursComeOutAsTheyAreAndOneEntryIsTransparent) {
  const Shown out = shown(two, 3, 1 << 20);
  ASSERT_EQ(out.times, (std::vector<std::int64_t>{0, 1, 2}));
  for (const auto& picture : out.pictures) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        ASSERT_EQ(picture[static_cast<std::size_t>(y * kSide + x)], two(x, y, 0)) << x << ' ' << y;
      }
    }
  }
  EXPECT_EQ(out.palettes[0][255] >> 24, 0U);
}

TEST(GifPalettes, ALongClipIsCutIntoPartsOfOnePaletteEach) {
  const int frames = 11;
  const Shown out = shown(slope, frames, 4 * 4 * kSide * kSide);  // four frames a part
  ASSERT_EQ(out.times.size(), static_cast<std::size_t>(frames));
  for (std::size_t f = 0; f < out.times.size(); ++f) {
    EXPECT_EQ(out.times[f], static_cast<std::int64_t>(f));
    if (f > 0) {
      EXPECT_EQ(out.palettes[f] == out.palettes[f - 1], f % 4 != 0) << f;
    }
  }
}

TEST(GifPalettes, ManyColoursStayNear) {
  const Shown out = shown(slope, 8, 1 << 20);
  double squares = 0, count = 0;
  for (std::size_t f = 0; f < out.pictures.size(); ++f) {
    for (int i = 0; i < kSide * kSide; ++i) {
      const std::uint32_t wanted = slope(i % kSide, i / kSide, static_cast<int>(f));
      for (const int shift : {16, 8, 0}) {
        const int step = static_cast<int>(wanted >> shift & 255) -
                         static_cast<int>(out.pictures[f][static_cast<std::size_t>(i)] >> shift & 255);
        squares += step * step;
        ++count;
      }
    }
  }
  ASSERT_EQ(out.pictures.size(), 8U);
  EXPECT_LT(std::sqrt(squares / count), 12) << "8,192 colours in 255: steps of some 16 levels";
}

}  // namespace
}  // namespace sora
