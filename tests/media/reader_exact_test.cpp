// Pixels are read exactly as they were written.
#include "reader_test.h"

namespace sora {
namespace {

using ReaderExact = ReaderTest;

// Every value of every channel, and hard edges.
Picture noise(int width, int height, unsigned seed) {
  Picture picture(width, height);
  for (std::uint8_t& value : picture.rgb) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<std::uint8_t>(seed >> 24);
  }
  return picture;
}

TEST_F(ReaderExact, LosslessFilesGiveTheExactBytes) {
  for (const auto& [width, height] : {std::pair{63, 47}, {1, 1}, {3, 5}, {1, 4096}}) {
    const Picture picture = noise(width, height, 7);
    const std::string image = png("a.png", picture);
    EXPECT_EQ(read_image(image).rgb, picture.rgb) << width << "x" << height;
    const std::string from = "-i '" + image + "' ";
    for (const auto& [arguments, name] : {std::pair{"-c:v ffv1 -pix_fmt bgr0", "a.mkv"},
                                          {"-c:v libx264rgb -qp 0", "a.mp4"},
                                          {"-c:v ffv1 -pix_fmt gbrp", "b.mkv"},
                                          {"-c:v qtrle", "a.mov"},
                                          {"-c:v tiff", "a.tiff"},
                                          {"-c:v bmp", "a.bmp"},
                                          {"-c:v ppm", "a.ppm"},
                                          {"-c:v libwebp -lossless 1 -pix_fmt bgra", "a.webp"},
                                          {"-c:v rawvideo -pix_fmt rgb24", "a.nut"}}) {
      if (std::string(name) == "a.mkv" && width == 1) continue;  // FFV1 with four slices needs four pixels
      if (std::string(name) == "b.mkv" && width == 1) continue;
      if (std::string(name) == "a.mp4" && (width == 1 || height == 1)) continue;  // libx264's own limit
      const std::vector<VideoFrame> frames = read_all(ffmpeg(from + arguments, name));
      ASSERT_EQ(frames.size(), 1u) << name;
      EXPECT_TRUE(frames[0].rgb == picture.rgb) << name << " " << width << "x" << height;
    }
  }
}

// By the book: BT.709, BT.601 and BT.2020 coefficients in doubles, from the decoder's planes.
std::array<int, 3> by_formula(double y, double u, double v, double kr, double kb, bool full) {
  if (!full) {
    y = (y - 16) / 219;
    u = (u - 128) / 224;
    v = (v - 128) / 224;
  } else {
    y = y / 255;
    u = (u - 128) / 255;
    v = (v - 128) / 255;
  }
  const double r = y + 2 * (1 - kr) * v, b = y + 2 * (1 - kb) * u, g = (y - kr * r - kb * b) / (1 - kr - kb);
  const auto code = [](double value) {
    return static_cast<int>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  };
  return {code(r), code(g), code(b)};
}

struct Kind {
  const char* matrix;
  const char* range;
  double kr, kb;
};

TEST_F(ReaderExact, YuvIsConvertedByTheMatrixAndRangeOfTheFile) {
  constexpr int kWidth = 256, kHeight = 64;
  // Planes of raw YUV: luma and chroma ramps over what a stream can hold.
  std::string planes;
  for (int p = 0; p < 3; ++p) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        planes += static_cast<char>(p == 0   ? 16 + x * 219 / 255
                                    : p == 1 ? 64 + y * 2
                                             : 192 - (x + y) * 128 / 320);
      }
    }
  }
  const std::string raw = file_of("a.yuv", planes);
  for (const Kind& kind : {Kind{"bt709", "tv", 0.2126, 0.0722},
                           {"bt709", "pc", 0.2126, 0.0722},
                           {"smpte170m", "tv", 0.299, 0.114},
                           {"bt470bg", "pc", 0.299, 0.114},
                           {"bt2020nc", "tv", 0.2627, 0.0593}}) {
    const std::string file =
        ffmpeg("-f rawvideo -pix_fmt yuv444p -s 256x64 -i '" + raw + "' -c:v libx264 -qp 0 -colorspace " +
                   kind.matrix + " -color_range " + kind.range + " -pix_fmt yuv444p",
               "a.mp4");
    const std::vector<VideoFrame> frames = read_all(file);
    ASSERT_EQ(frames.size(), 1u);
    int most = 0;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const auto sample = [&](int p) {
          return static_cast<std::uint8_t>(planes[p * kWidth * kHeight + y * kWidth + x]);
        };
        const auto expected =
            by_formula(sample(0), sample(1), sample(2), kind.kr, kind.kb, kind.range[0] == 'p');
        most = std::max(most, distance(pixel(frames[0], x, y), expected));
      }
    }
    EXPECT_LE(most, 1) << kind.matrix << " " << kind.range;
    EXPECT_EQ(VideoReader(file).facts().matrix, kind.matrix);
    EXPECT_EQ(VideoReader(file).facts().range, kind.range);
  }
}

// Chroma of half the size lies on the left pixel's column (MPEG) or between the two (JPEG, MPEG-1): a ramp in
// it shows by its values where it was taken to be.
TEST_F(ReaderExact, ChromaSamplesLieWhereTheFormatPutsThem) {
  constexpr int kWidth = 128, kHeight = 32;
  for (const auto& [location, shift] : {std::pair{"left", 0.0}, {"center", 0.5}}) {
    std::string planes(kWidth * kHeight, static_cast<char>(126));
    for (int y = 0; y < kHeight / 2; ++y) {
      for (int x = 0; x < kWidth / 2; ++x) planes += static_cast<char>(80 + x);
    }
    planes += std::string(kWidth * kHeight / 4, static_cast<char>(128));
    const std::string raw = file_of("a.yuv", planes);
    const std::string file =
        ffmpeg("-f rawvideo -pix_fmt yuv420p -s 128x32 -i '" + raw +
                   "' -c:v libx264 -qp 0 -colorspace bt709 -color_range tv "
                   "-chroma_sample_location " +
                   location + " -bsf:v h264_metadata=chroma_sample_loc_type=" + (shift == 0 ? "0" : "1"),
               "a.mp4");
    const std::vector<VideoFrame> frames = read_all(file);
    double sum = 0;
    for (int x = 16; x < 112; ++x) {
      const double u = 80 + (x - shift) / 2;
      const auto expected = by_formula(126, u, 128, 0.2126, 0.0722, false);
      sum += pixel(frames.at(0), x, 16)[2] - expected[2];
      EXPECT_LE(distance(pixel(frames[0], x, 16), expected), 2) << location << " " << x;
    }
    EXPECT_NEAR(sum / 96, 0, 0.35)
        << location;  // half a pixel off would be 0.5 of a level of u, 1.06 of blue
  }
}

// What the writer makes of a picture, the reader must give back: no shift of colour by matrix or range, and
// none of place by chroma. Flat saturated bars, whose middles compression leaves alone.
TEST_F(ReaderExact, WhatTheWriterMadeComesBackWithoutAShift) {
  const std::vector<Rgb> colours{{255, 0, 0},   {0, 255, 0},     {0, 0, 255}, {255, 255, 0},   {0, 255, 255},
                                 {255, 0, 255}, {255, 255, 255}, {0, 0, 0},   {128, 128, 128}, {200, 30, 90}};
  struct Case {
    const char* name;
    int height;
    int bound;      // of a bar's middle, levels
    double smooth;  // least PSNR of a smooth moving picture
  };
  for (const Case& c : {Case{"a.mp4", 96, 3, 40},
                        {"b.mp4", 720, 3, 40},
                        {"a.mkv", 96, 3, 40},
                        {"a.webm", 96, 4, 38},
                        {"a.mov", 96, 3, 40},
                        {"a.jpg", 96, 3, 38},
                        {"a.png", 96, 0, 99},
                        {"a.y4m", 720, 2, 40}}) {
    const int width = 320;
    const std::string name = c.name;
    const Picture picture = bars(width, c.height, colours);
    write_pictures(settings_for(name, width, c.height), {path(name)}, {picture});
    const VideoFrame frame = read_image(path(name));
    ASSERT_EQ(frame.width, width);
    for (std::size_t i = 0; i < colours.size(); ++i) {
      const int x = static_cast<int>(i) * 32 + 16;
      EXPECT_LE(distance(pixel(frame, x, c.height / 2), colours[i]), c.bound) << name << " bar " << i;
    }
    const Picture moving = moving_picture(width, c.height, 3);
    write_pictures(settings_for(name, width, c.height), {path(name), true}, {moving});
    const double found = psnr(picture_of(read_image(path(name))), moving);
    RecordProperty(name, std::to_string(found));
    EXPECT_GE(found, c.smooth) << name;
  }
}

TEST_F(ReaderExact, DeepSamplesAreRoundedNotCut) {
  const std::string image = png("a.png", moving_picture(96, 64, 2));
  const Picture original = picture_of(read_image(image));
  const std::string from = "-i '" + image + "' ";
  // Least PSNR: sampling of chroma loses some; depth loses nothing.
  for (const auto& [arguments, name, least] :
       {std::tuple{"-pix_fmt rgb48be", "16.png", 50.0},
        {"-c:v libx264 -qp 0 -pix_fmt yuv444p10le -colorspace bt709 -vf scale=out_color_matrix=bt709",
         "10.mp4", 50.0},
        {"-c:v libx264 -qp 0 -pix_fmt yuv420p10le -colorspace bt709 -vf scale=out_color_matrix=bt709",
         "420.mp4", 40.0},
        {"-c:v libx264 -qp 0 -pix_fmt yuv422p -colorspace bt709 -vf scale=out_color_matrix=bt709", "422.mp4",
         42.0},
        {"-c:v libx265 -x265-params lossless=1:log-level=none -pix_fmt yuv420p12le -colorspace bt709 -vf "
         "scale=out_color_matrix=bt709",
         "12.mp4", 40.0},
        {"-c:v prores_ks -profile:v 4 -pix_fmt yuv444p10le -vf "
         "scale=out_color_matrix=bt709,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709",
         "p.mov", 40.0},
        {"-c:v ffv1 -pix_fmt gbrp16le", "g.mkv", 50.0},
        {"-c:v v210 -color_primaries bt709 -color_trc bt709 -colorspace bt709 -vf "
         "scale=out_color_matrix=bt709",
         "v.mov", 40.0},
        {"-c:v libx264 -qp 0 -pix_fmt yuvj420p -colorspace bt709 -vf "
         "scale=out_color_matrix=bt709:out_range=pc",
         "j.mp4", 40.0}}) {
    const VideoFrame frame = read_image(ffmpeg(from + arguments, name));
    const double found = psnr(picture_of(frame), original);
    EXPECT_GE(found, least) << name;
  }
}

TEST_F(ReaderExact, GreyStaysGrey) {
  Picture ramp(256, 16);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 256; ++x) std::fill_n(ramp.at(x, y), 3, static_cast<std::uint8_t>(x));
  }
  const std::string from = "-i '" + png("a.png", ramp) + "' ";
  for (const auto& [arguments, name, bound] : {std::tuple{"-pix_fmt gray", "8.png", 0},
                                               {"-pix_fmt gray16be", "16.png", 1},
                                               {"-pix_fmt ya8", "ya.png", 0},
                                               {"-pix_fmt gray -q:v 1", "g.jpg", 2},
                                               {"-pix_fmt gray -c:v ffv1", "g.mkv", 1},
                                               {"-pix_fmt gray -c:v libx264 -qp 0", "g.mp4", 1},
                                               {"-pix_fmt yuv420p -c:v libx264 -qp 0", "y.mp4", 1},
                                               {"-pix_fmt gray10le -c:v libx264 -qp 0", "g10.mp4", 1}}) {
    const VideoFrame frame = read_image(ffmpeg(from + arguments, name));
    int most = 0;
    for (int x = 0; x < 256; ++x) most = std::max(most, distance(pixel(frame, x, 8), {x, x, x}));
    EXPECT_LE(most, bound) << name;
  }
}

}  // namespace
}  // namespace sora
