// Rotation, pixel shape, fitting and sizes.
#include <map>
#include <set>

#include "core/log.h"
#include "media/filter/filter_graph.h"
#include "media/frame_converter.h"
#include "media/read/orientation.h"
#include "media/reader_test.h"

namespace sora {
namespace {

using testing::HasSubstr;
using ReaderLook = ReaderTest;

const Rgb kRed{255, 0, 0}, kGreen{0, 255, 0}, kBlue{0, 0, 255}, kWhite{255, 255, 255};

// Four corners of different colours show any rotation and mirroring.
Picture corners(int width, int height) {
  Picture picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool right = x >= width / 2, low = y >= height / 2;
      const Rgb& colour = low ? (right ? kWhite : kBlue) : (right ? kGreen : kRed);
      for (int c = 0; c < 3; ++c) picture.at(x, y)[c] = static_cast<std::uint8_t>(colour[c]);
    }
  }
  return picture;
}

// The colours of the corners as a word: top left, top right, bottom left, bottom right.
std::string corners_of(const VideoFrame& frame) {
  std::string word;
  for (const auto& [x, y] : {std::pair{0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}}) {
    const auto p = pixel(frame, static_cast<int>(x * frame.width), static_cast<int>(y * frame.height));
    const bool r = p[0] > 128, g = p[1] > 128, b = p[2] > 128;
    word += r && g && b ? 'W' : r ? 'R' : g ? 'G' : b ? 'B' : '?';
  }
  return word;
}

// What each of EXIF's numbers makes of it (EXIF 2.32, 4.6.4 A: where row 0 and column 0 are shown).
const char* const kShown[9] = {"", "RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};

std::string exif_segment(int orientation, bool big_endian) {
  const auto number = [&](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
      text += static_cast<char>(value >> (8 * (big_endian ? bytes - 1 - i : i)));
    }
    return text;
  };
  std::string tiff = big_endian ? "MM" : "II";
  tiff += number(42, 2) + number(8, 4) + number(1, 2) + number(0x112, 2) + number(3, 2) + number(1, 4) +
          number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
  return tiff;
}

TEST_F(ReaderLook, TheEightOrientationsOfExifAreTurned) {
  const Picture picture = corners(96, 64);
  write_pictures(settings_for("a.jpg", 96, 64), {path("a.jpg")}, {picture});
  const std::string jpeg = contents(path("a.jpg"));
  for (int n = 0; n <= 9; ++n) {
    for (const bool big : {true, false}) {
      const std::string body = std::string("Exif\0\0", 6) + exif_segment(n, big);
      const std::string file =
          file_of("b.jpg", jpeg.substr(0, 2) + "\xff\xe1" + '\0' + static_cast<char>(body.size() + 2) + body +
                               jpeg.substr(2));
      const VideoFrame frame = read_image(file);
      const bool turned = n >= 5 && n <= 8;
      EXPECT_EQ(corners_of(frame), kShown[n >= 1 && n <= 8 ? n : 1]) << n;
      EXPECT_EQ(frame.width, turned ? 64 : 96) << n;
      EXPECT_EQ(frame.height, turned ? 96 : 64) << n;
    }
  }
  // WebP and PNG and TIFF have the same tag in places of their own.
  write_pictures(settings_for("a.png", 96, 64), {path("a.png")}, {picture});
  std::string bytes = contents(path("a.png"));
  const std::string exif = exif_segment(6, true);
  bytes.insert(33, std::string("\0\0\0", 3) + static_cast<char>(exif.size()) + "eXIf" + exif + "????");
  EXPECT_EQ(corners_of(read_image(file_of("e.png", bytes))), kShown[6]);
}

TEST_F(ReaderLook, ADisplayMatrixIsTurned) {
  const std::string image = png("a.png", corners(96, 64));
  const std::string straight =
      ffmpeg("-loop 1 -i '" + image + "' -frames:v 5 -c:v libx264 -qp 4 -pix_fmt yuv444p", "a.mp4");
  // ffmpeg turns by itself, and its versions differ in the sign of `rotate`: what it shows is the reference.
  const std::map<std::string, int> clockwise{
      {kShown[1], 0}, {kShown[6], 90}, {kShown[3], 180}, {kShown[8], 270}};
  std::set<int> seen;
  for (const int degrees : {0, 90, 180, 270}) {
    const std::string file =
        ffmpeg("-i '" + straight + "' -c copy -metadata:s:v rotate=" + std::to_string(degrees), "b.mp4");
    const std::string shown = corners_of(read_image(ffmpeg("-i '" + file + "' -frames:v 1", "shown.png")));
    const VideoReader reader(file);
    const VideoFrame frame = read_image(file);
    EXPECT_EQ(corners_of(frame), shown) << degrees;
    EXPECT_EQ(reader.facts().width, degrees % 180 == 0 ? 96 : 64);
    EXPECT_EQ(reader.facts().rotation, clockwise.at(shown)) << degrees;
    EXPECT_FALSE(reader.facts().mirrored);
    seen.insert(reader.facts().rotation);
  }
  EXPECT_EQ(seen.size(), 4u);
  // Mirrored: the matrix in the track's header, written by hand.
  std::string bytes = contents(straight);
  const std::size_t header = bytes.find("tkhd");
  ASSERT_NE(header, std::string::npos);
  const std::size_t matrix = header + 4 + 40;  // behind version, times, layer and volume
  ASSERT_EQ(bytes.substr(matrix, 4), std::string("\0\1\0\0", 4));
  bytes.replace(matrix, 4, "\xff\xff\0\0", 4);
  const std::string flipped = file_of("f.mp4", bytes);
  EXPECT_EQ(corners_of(read_image(flipped)), kShown[2]);
  EXPECT_TRUE(VideoReader(flipped).facts().mirrored);
}

TEST_F(ReaderLook, OrientationsTakeEveryPixelToItsPlace) {
  const av::FramePtr source = make_frame(3, 2, AV_PIX_FMT_RGB24);
  for (int i = 0; i < 6; ++i) {
    std::fill_n(source->data[0] + i / 3 * source->linesize[0] + i % 3 * 3, 3, static_cast<std::uint8_t>(i + 1));
  }
  const std::vector<std::vector<int>> expected{{},
                                               {1, 2, 3, 4, 5, 6},
                                               {3, 2, 1, 6, 5, 4},
                                               {6, 5, 4, 3, 2, 1},
                                               {4, 5, 6, 1, 2, 3},
                                               {1, 4, 2, 5, 3, 6},
                                               {4, 1, 5, 2, 6, 3},
                                               {6, 3, 5, 2, 4, 1},
                                               {3, 6, 2, 5, 1, 4}};
  EXPECT_EQ(exif_orientation(1).filters(), "");
  for (int n = 2; n <= 8; ++n) {
    FilterGraph graph(exif_orientation(n).filters(), 3, 2, AV_PIX_FMT_RGB24, AV_PIX_FMT_RGB24);
    graph.send(source.get());
    const av::FramePtr out = graph.receive();
    ASSERT_TRUE(out) << n;
    EXPECT_EQ(out->width, n < 5 ? 3 : 2) << n;
    std::vector<int> found;
    for (int i = 0; i < 6; ++i) {
      found.push_back(out->data[0][i / out->width * out->linesize[0] + i % out->width * 3]);
    }
    EXPECT_EQ(found, expected[static_cast<std::size_t>(n)]) << n;
  }
}

TEST_F(ReaderLook, PixelsThatAreNotSquareAreMadeSo) {
  const std::string image = png("a.png", corners(96, 64));
  const std::string file =
      ffmpeg("-i '" + image + "' -vf setsar=4/3 -c:v libx264 -qp 4 -pix_fmt yuv444p", "a.mp4");
  EXPECT_EQ(VideoReader(file).facts().width, 128);
  EXPECT_EQ(VideoReader(file).facts().height, 64);
  EXPECT_NEAR(VideoReader(file).facts().pixel_aspect, 4.0 / 3, 1e-6);
  EXPECT_EQ(corners_of(read_image(file)), "RGBW");
  const std::string tall =
      ffmpeg("-i '" + image + "' -vf setsar=1/2 -c:v libx264 -qp 4 -pix_fmt yuv444p", "b.mp4");
  EXPECT_EQ(read_image(tall).height, 128);
  EXPECT_EQ(read_image(tall).width, 96);
}

TEST_F(ReaderLook, FitsAreWhatTheySay) {
  // A disc in the middle: its shape tells a stretch, its size a cut.
  Picture picture(200, 100);
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 200; ++x) {
      const bool in = (x - 99.5) * (x - 99.5) + (y - 49.5) * (y - 49.5) < 40 * 40;
      for (int c = 0; c < 3; ++c)
        picture.at(x, y)[c] = in ? 255 : static_cast<std::uint8_t>(c == 0 ? 120 : 0);
    }
  }
  const std::string file = png("a.png", picture);
  const auto extent = [](const VideoFrame& frame) {
    int wide = 0, high = 0;
    for (int x = 0; x < frame.width; ++x) wide += pixel(frame, x, frame.height / 2)[1] > 128;
    for (int y = 0; y < frame.height; ++y) high += pixel(frame, frame.width / 2, y)[1] > 128;
    return std::pair{wide, high};
  };
  ReadSettings s;
  s.width = s.height = 100;
  s.background = {0, 0, 200};
  VideoFrame frame = read_image(file, s);  // cover
  EXPECT_EQ(frame.width, 100);
  EXPECT_NEAR(extent(frame).first, 80, 1);
  EXPECT_NEAR(extent(frame).second, 80, 1);
  EXPECT_LE(distance(pixel(frame, 2, 2), {120, 0, 0}), 2);
  s.fit = Fit::contain;
  frame = read_image(file, s);
  EXPECT_NEAR(extent(frame).first, 40, 1);
  EXPECT_NEAR(extent(frame).second, 40, 1);
  EXPECT_EQ(pixel(frame, 50, 10), (std::array{0, 0, 200}));
  EXPECT_EQ(pixel(frame, 50, 90), (std::array{0, 0, 200}));
  EXPECT_LE(distance(pixel(frame, 2, 50), {120, 0, 0}), 2);
  s.fit = Fit::stretch;
  frame = read_image(file, s);
  EXPECT_NEAR(extent(frame).first, 40, 1);
  EXPECT_NEAR(extent(frame).second, 80, 1);
  // One side alone keeps the shape.
  ReadSettings half;
  half.width = 100;
  EXPECT_EQ(read_image(file, half).height, 50);
  // The same from a picture that is turned, and from YUV with halved chroma.
  const std::string video =
      ffmpeg("-i '" + file + "' -vf transpose=2 -c:v libx264 -qp 4 -pix_fmt yuv420p", "a.mp4");
  const std::string turned = ffmpeg("-i '" + video + "' -c copy -metadata:s:v rotate=270", "b.mp4");
  for (const Fit fit : {Fit::cover, Fit::contain, Fit::stretch}) {
    s.fit = Fit::cover;
    s.fit = fit;
    EXPECT_GT(psnr(picture_of(read_image(turned, s)), picture_of(read_image(file, s))), 26) << int(fit);
  }
}

TEST_F(ReaderLook, ShrinkingAveragesInsteadOfSkipping) {
  // Single columns of white: sampling would give stripes, averaging gives an even grey.
  Picture picture(800, 80);
  for (int y = 0; y < 80; ++y) {
    for (int x = 0; x < 800; ++x)
      std::fill_n(picture.at(x, y), 3, static_cast<std::uint8_t>(x % 2 ? 255 : 0));
  }
  ReadSettings s;
  s.width = 90;
  s.height = 9;
  s.fit = Fit::stretch;
  const VideoFrame frame = read_image(png("a.png", picture), s);
  for (int x = 3; x < 87; ++x) EXPECT_NEAR(pixel(frame, x, 4)[0], 127.5, 6) << x;
}

TEST_F(ReaderLook, ExtremeShapesAndSizesAreScaled) {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {3, 5}, {1, 4096}, {4096, 1}, {5000, 20}, {20, 5000}}) {
    const Picture picture = bars(width, height, {{90, 160, 40}});
    const std::string file = png("a.png", picture);
    const std::string video = ffmpeg("-i '" + file + "' -c:v rawvideo -pix_fmt gbrp", "a.nut");
    for (const Fit fit : {Fit::cover, Fit::contain, Fit::stretch}) {
      for (const auto& [w, h] : {std::pair{16, 16}, {640, 360}, {64, 48}}) {
        ReadSettings s;
        s.width = w;
        s.height = h;
        s.fit = fit;
        for (const std::string& from : {file, video}) {
          const VideoFrame frame = read_image(from, s);
          ASSERT_EQ(frame.rgb.size(), static_cast<std::size_t>(w) * h * 3);
          EXPECT_LE(distance(pixel(frame, (w - 1) / 2, (h - 1) / 2), {90, 160, 40}), 2)
              << from.substr(from.size() - 3) << " " << width << "x" << height << " to " << w << "x" << h
              << " " << int(fit);
        }
      }
    }
  }
}

TEST_F(ReaderLook, ASizeThatChangesInTheMiddleIsScaledToTheFirst) {
  for (const char* size : {"96x64", "160x120"}) {
    ffmpeg("-f lavfi -i color=c=red:d=0.4:r=25:s=" + std::string(size) + " -c:v libx264 -bf 0",
           std::string(size) + ".ts");
  }
  const std::string file = file_of("both.ts", contents(path("96x64.ts")) + contents(path("160x120.ts")));
  const std::vector<VideoFrame> frames = read_all(file);
  ASSERT_EQ(frames.size(), 20u);
  for (const VideoFrame& frame : frames) {
    EXPECT_EQ(frame.width, 96);
    EXPECT_EQ(frame.height, 64);
    EXPECT_LE(distance(pixel(frame, 48, 32), {254, 0, 0}), 4);
  }
}

TEST_F(ReaderLook, InterlacedVideoIsReadWithAWarning) {
  const std::string file = ffmpeg(
      "-f lavfi -i testsrc=s=160x96:d=0.4:r=25 -vf setfield=tff -c:v mpeg2video -flags +ildct+ilme -q:v 2",
      "a.ts");
  std::string warnings;
  set_log_sink([&](LogLevel level, const std::string& text) {
    if (level == LogLevel::warning) warnings += text;
  });
  EXPECT_EQ(read_all(file).size(), 10u);
  set_log_sink({});
  EXPECT_THAT(warnings, HasSubstr("is interlaced"));
}

}  // namespace
}  // namespace sora
