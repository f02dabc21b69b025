// Times, sizes, colours and bytes of written videos, checked with libav's decoders and ffprobe.
#include "media/write/video_writer.h"

#include <sched.h>

#include <cmath>
#include <thread>

#include "core/sha256.h"
#include "media/codecs.h"
#include "media/media_test.h"

namespace sora {
namespace {

using testing::HasSubstr;

bool installed(const std::string& codec) {
  for (const EncoderInfo& info : installed_encoders()) {
    if (info.codec == codec) return !info.encoder.empty();
  }
  return codec == "rawvideo";
}

std::vector<Picture> moving_pictures(int width, int height, int count) {
  std::vector<Picture> pictures;
  for (int t = 0; t < count; ++t) pictures.push_back(moving_picture(width, height, t));
  return pictures;
}

struct Case {
  const char* name;
  const char* codec;
  double least_psnr;  // about 3 dB below what was measured
  const char* pix_fmt = nullptr;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " " << c.codec; }

class EveryVideoFormat : public MediaTest, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    if (!installed(GetParam().codec)) GTEST_SKIP() << "no encoder for " << GetParam().codec;
  }
  VideoSettings settings(const std::string& path, double fps) const {
    std::optional<std::string> pix_fmt;
    if (GetParam().pix_fmt) pix_fmt = GetParam().pix_fmt;
    return settings_for(path, 96, 64, fps, {}, std::string(GetParam().codec), pix_fmt);
  }
};

TEST_P(EveryVideoFormat, HoldsEveryFrameAtItsTime) {
  const std::string file = path(std::string("a.") + GetParam().name);
  const std::vector<Picture> pictures = moving_pictures(96, 64, 21);
  const Written written = write_pictures(settings(file, 8), {file}, pictures);
  EXPECT_EQ(written.frames, 21);
  EXPECT_EQ(written.bytes, std::filesystem::file_size(file));
  EXPECT_EQ(written.sha256, sha256_hex(contents(file)));

  const Decoded decoded = decode(file);
  ASSERT_EQ(decoded.frames.size(), 21u);
  // Matroska counts in milliseconds and GIF in hundredths; the others hold n/8 exactly.
  const std::string name = GetParam().name;
  const double unit = name == "gif" ? 0.01 : name == "mkv" || name == "webm" ? 0.001 : 0;
  for (std::size_t n = 0; n < 21; ++n) {
    EXPECT_NEAR(decoded.times[n], static_cast<double>(n) / 8, unit / 2 + 1e-9) << n;
    EXPECT_GT(psnr(decoded.frames[n], pictures[n]), GetParam().least_psnr) << n;
  }
  EXPECT_NEAR(decoded.duration, 21.0 / 8, unit + 1e-6);
}

TEST_P(EveryVideoFormat, GivesTheSameBytesOnOneCoreAndOnAll) {
  const std::vector<Picture> pictures = moving_pictures(96, 64, 12);
  const std::string first = path(std::string("a.") + GetParam().name);
  const std::string second = path(std::string("b.") + GetParam().name);
  const Written all = write_pictures(settings(first, 23.976), {first}, pictures);
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Written alone = write_pictures(settings(second, 23.976), {second}, pictures);
  sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(all.sha256, alone.sha256);
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryVideoFormat,
                         testing::Values(Case{"mp4", "h264", 36}, Case{"mp4", "hevc", 36},
                                         Case{"mp4", "av1", 36}, Case{"mp4", "vp9", 36},
                                         Case{"mov", "h264", 36}, Case{"mkv", "h264", 36},
                                         Case{"mkv", "ffv1", 99}, Case{"mkv", "ffv1", 36, "yuv420p"},
                                         Case{"webm", "vp9", 36}, Case{"webm", "av1", 36},
                                         Case{"mp4", "h264", 35, "yuv444p"},
                                         Case{"mp4", "h264", 36, "yuv420p10le"}, Case{"gif", "gif", 25},
                                         Case{"y4m", "rawvideo", 36}),
                         [](const auto& info) {
                           return std::string(info.param.name) + "_" + info.param.codec +
                                  (info.param.pix_fmt ? "_" + std::string(info.param.pix_fmt) : "");
                         });

using VideoWriter = MediaTest;

TEST_F(VideoWriter, OneHundredAndSixtyFramesAtEightPerSecondLastTwentySeconds) {
  const std::string file = path("a.mp4");
  write_pictures(settings_for(file, 64, 48, 8), {file}, moving_pictures(64, 48, 160));
  const Decoded decoded = decode(file);
  EXPECT_EQ(decoded.frames.size(), 160u);
  EXPECT_DOUBLE_EQ(decoded.duration, 20.0);
  EXPECT_DOUBLE_EQ(decoded.times.front(), 0);
  EXPECT_DOUBLE_EQ(decoded.times.back(), 159.0 / 8);
  EXPECT_DOUBLE_EQ(decoded.last_frame_duration, 1.0 / 8);
  if (run("which ffprobe").empty()) GTEST_SKIP() << "no ffprobe here; libav agreed";
  EXPECT_EQ(
      run("ffprobe -v error -count_frames -show_entries "
          "stream=nb_frames,nb_read_frames,duration,r_frame_rate,color_range,color_space -of csv=p=0 '" +
          file + "'"),
      "tv,bt709,8/1,20.000000,160,160\n");
}

TEST_F(VideoWriter, ADecimalRateIsItsExactFraction) {
  const std::string file = path("a.mp4");
  write_pictures(settings_for(file, 64, 48, 23.976), {file}, moving_pictures(64, 48, 24));
  const Decoded decoded = decode(file);
  ASSERT_EQ(decoded.times.size(), 24u);
  for (int n = 0; n < 24; ++n) EXPECT_DOUBLE_EQ(decoded.times[n], n * 1001.0 / 24000) << n;
  EXPECT_NEAR(decoded.duration, 1.001, 1e-6);
}

TEST_F(VideoWriter, ASingleFrameIsAVideo) {
  const std::string file = path("a.mp4");
  write_pictures(settings_for(file, 64, 48, 8), {file}, moving_pictures(64, 48, 1));
  const Decoded decoded = decode(file);
  EXPECT_EQ(decoded.frames.size(), 1u);
  EXPECT_NEAR(decoded.duration, 1.0 / 8, 1e-6);
}

TEST_F(VideoWriter, TheIndexOfAnMp4StandsBeforeItsFrames) {
  const std::string file = path("a.mp4");
  write_pictures(settings_for(file, 64, 48), {file}, moving_pictures(64, 48, 10));
  const std::string bytes = contents(file);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST_F(VideoWriter, AGifOfTwentySecondsLastsTwentySeconds) {
  // 12.5 hundredths a frame: the delays must alternate, to the last.
  const std::string file = path("a.gif");
  write_pictures(settings_for(file, 32, 32, 8), {file}, moving_pictures(32, 32, 160));
  EXPECT_NEAR(decode(file).duration, 20.0, 1e-6);
}

const std::vector<Rgb> kPatches{{255, 0, 0},   {0, 255, 0},   {0, 0, 255},     {255, 255, 0},
                                {0, 255, 255}, {255, 0, 255}, {128, 128, 128}, {255, 255, 255},
                                {0, 0, 0},     {200, 120, 60}};

// The middle of every bar, as far from its neighbours' chroma as can be.
void expect_colours(const Picture& picture, int tolerance) {
  for (std::size_t i = 0; i < kPatches.size(); ++i) {
    const int x = static_cast<int>((2 * i + 1) * picture.width / (2 * kPatches.size()));
    const std::uint8_t* p = picture.at(x, picture.height / 2);
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(p[c], kPatches[i][c], tolerance) << "bar " << i << " channel " << c;
    }
  }
}

struct ColourCase {
  const char* file;
  const char* codec;
  int tolerance;  // levels; 8-bit limited-range YCbCr alone rounds by up to 2, the encoder adds the rest
  bool enlarge;
};
void PrintTo(const ColourCase& c, std::ostream* out) { *out << c.file << " " << c.codec; }

class Colours : public MediaTest, public testing::WithParamInterface<ColourCase> {};

TEST_P(Colours, ComeBackAsTheyWere) {
  const ColourCase& c = GetParam();
  if (!installed(c.codec)) GTEST_SKIP() << "no encoder for " << c.codec;
  const std::string file = path(c.file);
  VideoSettings s = settings_for(file, 320, 64, 8, {}, std::string(c.codec));
  s.crf = 10;
  if (c.enlarge) s.width *= 4, s.height *= 4;
  const bool still = std::string(c.codec) == "png" || std::string(c.codec) == "mjpeg";
  write_pictures(s, {file}, std::vector<Picture>(still ? 1 : 3, bars(320, 64, kPatches)));
  const Decoded decoded = decode(file);
  ASSERT_FALSE(decoded.frames.empty());
  EXPECT_EQ(decoded.frames.back().width, s.width);
  EXPECT_EQ(decoded.frames.back().height, s.height);
  expect_colours(decoded.frames.back(), c.tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Colours,
    testing::Values(ColourCase{"a.mp4", "h264", 4, false}, ColourCase{"a.mp4", "h264", 4, true},
                    ColourCase{"a.webm", "vp9", 4, false}, ColourCase{"a.mp4", "av1", 4, false},
                    ColourCase{"a.mp4", "hevc", 4, false}, ColourCase{"a.mkv", "ffv1", 0, false},
                    ColourCase{"a.mkv", "ffv1", 2, true}, ColourCase{"a.png", "png", 0, false},
                    ColourCase{"a.png", "png", 2, true}, ColourCase{"a.jpg", "mjpeg", 4, false},
                    ColourCase{"a.gif", "gif", 0, false}));

TEST_F(VideoWriter, Bt709LimitedRangeIsTagged) {
  for (const char* name : {"a.mp4", "a.mkv", "a.mov", "a.webm"}) {
    const std::string file = path(name);
    write_pictures(settings_for(file, 64, 48), {file}, moving_pictures(64, 48, 2));
    const Decoded decoded = decode(file);
    EXPECT_EQ(decoded.matrix, AVCOL_SPC_BT709) << name;
    EXPECT_EQ(decoded.range, AVCOL_RANGE_MPEG) << name;
    if (std::string(name) == "a.webm") continue;  // VP9's own header has no more than that
    EXPECT_EQ(decoded.primaries, AVCOL_PRI_BT709) << name;
    EXPECT_EQ(decoded.transfer, AVCOL_TRC_BT709) << name;
    EXPECT_EQ(decoded.chroma, AVCHROMA_LOC_LEFT) << name;
  }
}

// A chroma sample stands on the left pixel of its pair. On a picture that changes linearly from left to
// right, sample i therefore has the chroma of pixel 2i, not of the place between 2i and 2i + 1.
TEST_F(VideoWriter, ChromaSamplesStandOnTheLeftPixel) {
  Picture ramp(128, 16);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 128; ++x) {
      ramp.at(x, y)[2] = static_cast<std::uint8_t>(2 * x);
    }
  }
  const std::string file = path("a.mkv");
  write_pictures(settings_for(file, 128, 16, 8, {}, "ffv1", "yuv420p"), {file}, {ramp});
  const Decoded decoded = decode(file);
  ASSERT_EQ(decoded.planes.size(), 1u);
  double error_left = 0, error_middle = 0;
  for (int i = 8; i < 56; ++i) {
    const double u = decoded.planes[0][1][static_cast<std::size_t>(4) * 64 + i];
    const auto of_pixel = [](double x) { return 128 + 112.0 / 255 * 2 * x; };  // Cb of (0, 0, b) is b / 2
    error_left += u - of_pixel(2 * i);
    error_middle += u - of_pixel(2 * i + 0.5);
  }
  // Half a pixel is 0.44 levels here; rounding averages out over 48 samples.
  EXPECT_NEAR(error_left / 48, 0, 0.1);
  EXPECT_NEAR(error_middle / 48, -0.44, 0.1);
}

TEST_F(VideoWriter, EnlargingTenTimesIsSmoothAndStaysInPlace) {
  const std::string file = path("a.png");
  VideoSettings s = settings_for(file, 96, 64);
  s.width = 960, s.height = 640;
  write_pictures(s, {file}, {moving_picture(96, 64, 3)});
  const Picture large = decode(file).frames.at(0);
  // The same formula at the large size, with pixel centres in the same places, away from the border.
  double worst = 0;
  for (int y = 60; y < 580; ++y) {
    for (int x = 60; x < 900; ++x) {
      const double u = 6.0 * ((x + 0.5) / 10 - 0.5) / 96, v = 6.0 * ((y + 0.5) / 10 - 0.5) / 64;
      const double expected[3] = {127.5 + 120 * std::sin(u + 0.6), 127.5 + 120 * std::sin(v - 0.3),
                                  127.5 + 120 * std::sin(u + v + 0.45)};
      for (int c = 0; c < 3; ++c) worst = std::max(worst, std::abs(large.at(x, y)[c] - expected[c]));
    }
  }
  // One level is the rounding of the input; nearest-neighbour blocks would be off by 5, half a pixel
  // of shift by 4.
  EXPECT_LT(worst, 3);
}

TEST_F(VideoWriter, RowsMayBeFartherApartThanTheirLength) {
  const Picture picture = moving_picture(64, 48, 0);
  std::vector<std::uint8_t> padded(static_cast<std::size_t>(48) * 256, 77);
  for (int y = 0; y < 48; ++y) std::copy_n(picture.at(0, y), 192, &padded[static_cast<std::size_t>(y) * 256]);
  const auto writer = open_writer(settings_for("a.png", 64, 48), {path("a.png")});
  writer->write(padded.data(), 256);
  writer->finish();
  EXPECT_EQ(decode(path("a.png")).frames.at(0).rgb, picture.rgb);
}

TEST_F(VideoWriter, RawFramesAreTheFramesThemselves) {
  const std::vector<Picture> pictures = moving_pictures(30, 21, 3);
  const Written written = write_pictures(settings_for("-", 30, 21, 8, "rgb24"), {path("a.rgb")}, pictures);
  std::string expected;
  for (const Picture& p : pictures) expected.append(p.rgb.begin(), p.rgb.end());
  EXPECT_EQ(contents(path("a.rgb")), expected);
  EXPECT_EQ(written.sha256, sha256_hex(expected));
}

TEST_F(VideoWriter, OddSizesAndWrongQualitiesAreRefusedBeforeAnyFile) {
  VideoSettings s = settings_for("a.mp4", 127, 96);
  auto [code, text] = error_of([&] { open_writer(s, {path("a.mp4")}); });
  EXPECT_EQ(code, 64);
  EXPECT_THAT(text, HasSubstr("127x96"));
  s = settings_for("a.mp4", 128, 96);
  s.crf = 99;
  std::tie(code, text) = error_of([&] { open_writer(s, {path("a.mp4")}); });
  EXPECT_EQ(code, 64);
  EXPECT_THAT(text, HasSubstr("0 to 51"));
  s.crf = 18;
  s.preset = "no-such-preset";
  std::tie(code, text) = error_of([&] { open_writer(s, {path("a.mp4")}); });
  EXPECT_EQ(code, 69);
  EXPECT_TRUE(names().empty());
}

TEST(Codecs, AnEncoderThatIsNotInstalledIsNamedWithTheOthers) {
  const auto [code, text] = error_of([] { encoder_for("vp12", 64, 64); });
  EXPECT_EQ(code, 69);
  EXPECT_THAT(text, HasSubstr("vp12"));
  EXPECT_THAT(text, HasSubstr("png"));
}

}  // namespace
}  // namespace sora
