// Which frame is shown at which time, and that the end of a file is found without decoding all of it.
#include <sys/resource.h>

#include <cstring>

#include "core/log.h"
#include "media/reader_test.h"

namespace sora {
namespace {

using testing::HasSubstr;

constexpr int kFrames = 150;

// The number of a frame is written into the picture as ten black or white blocks, which survive any codec.
Picture numbered(int n) {
  Picture picture(160, 32);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 160; ++x) {
      const bool on = (n >> (x / 16) & 1) != 0;
      std::fill_n(picture.at(x, y), 3, static_cast<std::uint8_t>(on ? 235 : 20));
    }
  }
  return picture;
}

int number_of(const VideoFrame& frame) {
  int n = 0;
  for (int bit = 0; bit < 10; ++bit) {
    const int x = (bit * 16 + 8) * frame.width / 160;
    if (pixel(frame, x, frame.height / 2)[1] > 128) n |= 1 << bit;
  }
  return n;
}

std::vector<int> numbers(const std::vector<VideoFrame>& frames) {
  std::vector<int> found;
  for (const VideoFrame& frame : frames) found.push_back(number_of(frame));
  return found;
}

std::vector<int> range(int from, int to) {
  std::vector<int> out;
  for (int i = from; i < to; ++i) out.push_back(i);
  return out;
}

class ReaderTime : public ReaderTest {
 protected:
  /// 150 numbered frames at 30 a second, lossless and with every frame a key frame.
  std::string source(int frames = kFrames) const {
    const std::string file = path("source" + std::to_string(frames) + ".mkv");
    if (std::filesystem::exists(file)) return file;
    VideoSettings s = settings_for(file, 160, 32, 30, {}, "ffv1");
    std::vector<Picture> pictures;
    for (int n = 0; n < frames; ++n) pictures.push_back(numbered(n));
    write_pictures(s, {file}, pictures);
    return file;
  }
};

// The frames that a rate gives, by the plain definition and from a full decode.
std::vector<int> by_definition(const std::vector<VideoFrame>& all, const std::vector<double>& times) {
  std::vector<int> found;
  for (const double time : times) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (std::abs(all[i].time - time) < std::abs(all[best].time - time) - 0.0011) best = i;
    }
    found.push_back(number_of(all[best]));
  }
  return found;
}

struct Structure {
  const char* name;
  const char* arguments;
  int frames = kFrames;
  int first = 0;
};

class Structures : public ReaderTime, public testing::WithParamInterface<Structure> {};

TEST_P(Structures, TheEndsAreExactToTheFrame) {
  const Structure& structure = GetParam();
  std::string warnings;
  set_log_sink([&](LogLevel level, const std::string& text) {
    if (level >= LogLevel::warning) warnings += text + "\n";
  });
  const std::string file = ffmpeg("-i '" + source() + "' " + structure.arguments, structure.name);
  const std::vector<VideoFrame> all = read_all(file);
  ASSERT_EQ(numbers(all), range(structure.first, structure.first + structure.frames));
  EXPECT_EQ(all.front().time, 0);
  for (std::size_t i = 1; i < all.size(); ++i) ASSERT_GT(all[i].time, all[i - 1].time);

  const int end = structure.first + structure.frames;
  for (const int n : {1, 5, 33}) {
    EXPECT_EQ(numbers(read_last(file, {}, n)), range(end - n, end)) << n;
    EXPECT_EQ(numbers(read_first(file, {}, n)), range(structure.first, structure.first + n)) << n;
  }
  for (const double fps : {16.0, 48.0}) {
    ReadSettings s;
    s.fps = fps;
    std::vector<double> first, last;
    for (int k = 0; k < 9; ++k) {
      first.push_back(k / fps);
      last.push_back(all.back().time - (8 - k) / fps);
    }
    EXPECT_EQ(numbers(read_first(file, s, 9)), by_definition(all, first)) << fps;
    EXPECT_EQ(numbers(read_last(file, s, 9)), by_definition(all, last)) << fps;
    EXPECT_EQ(number_of(read_last(file, s, 9).back()), end - 1) << fps;
  }
  // From a time in the middle, by the index, the same frames come as from the start.
  for (const double at : {0.1, 2.5, 3.99}) {
    ReadSettings s;
    s.start = at;
    s.end = at + 0.5;
    std::vector<int> expected;
    for (const VideoFrame& frame : all) {
      if (frame.time >= at - 1e-6 && frame.time < at + 0.5 - 1e-6) expected.push_back(number_of(frame));
    }
    EXPECT_EQ(numbers(read_all(file, s)), expected) << at;
  }
  set_log_sink({});
  EXPECT_EQ(warnings, "");
}

INSTANTIATE_TEST_SUITE_P(
    Files, Structures,
    testing::Values(
        Structure{"intra.mp4", "-c:v libx264 -g 1"}, Structure{"b.mp4", "-c:v libx264 -g 60 -bf 3"},
        Structure{"onegop.mp4", "-c:v libx264 -g 999 -bf 8 -x264-params b-pyramid=2"},
        Structure{"open.mp4", "-c:v libx264 -g 24 -bf 3 -x264-params open-gop=1"},
        Structure{"open.mkv", "-c:v libx264 -g 24 -bf 3 -x264-params open-gop=1"},
        Structure{"b.mkv", "-c:v libx264 -g 40 -bf 3"},
        Structure{"cra.mp4", "-c:v libx265 -g 24 -bf 4 -x265-params log-level=none:open-gop=1:keyint=24"},
        Structure{"hevc.mkv", "-c:v libx265 -x265-params log-level=none:keyint=50"},
        Structure{"b.ts", "-c:v libx264 -g 24 -bf 3"},
        Structure{"open.ts", "-c:v libx264 -g 24 -bf 3 -x264-params open-gop=1"},
        Structure{"mpeg2.ts", "-c:v mpeg2video -g 15 -bf 2 -q:v 2"},
        Structure{"mpeg2.mpg", "-c:v mpeg2video -g 15 -bf 2 -q:v 2"},
        Structure{"mpeg4.avi", "-c:v mpeg4 -g 30 -q:v 2"},
        Structure{"b.avi", "-c:v mpeg4 -bf 2 -g 30 -q:v 2"},
        Structure{"vp9.webm", "-c:v libvpx-vp9 -g 50 -deadline realtime -cpu-used 8 -crf 20 -b:v 0"},
        Structure{"altref.webm",
                  "-c:v libvpx-vp9 -g 128 -auto-alt-ref 1 -lag-in-frames 16 -cpu-used 5 -crf 20 -b:v 0"},
        Structure{"vp8.webm", "-c:v libvpx -g 50 -deadline realtime -cpu-used 8 -crf 4 -b:v 1M"},
        Structure{"frag.mp4", "-c:v libx264 -g 24 -movflags frag_keyframe+empty_moov"},
        Structure{"flv.flv", "-c:v libx264 -g 24 -bf 2"}, Structure{"raw.h264", "-c:v libx264 -g 24 -bf 3"},
        Structure{"raw.hevc", "-c:v libx265 -x265-params log-level=none:keyint=24"},
        Structure{"live.mkv", "-c:v libx264 -g 24 -live 1"}, Structure{"a.nut", "-c:v libx264 -g 24 -bf 3"},
        Structure{"late.mp4", "-c:v libx264 -g 24 -bf 3 -output_ts_offset 7.3"},
        Structure{"late.mkv", "-c:v libx264 -g 24 -bf 3 -output_ts_offset 7.3"},
        Structure{"late.ts", "-c:v libx264 -g 24 -bf 3 -output_ts_offset 95000"},
        Structure{"negative.mp4", "-c:v libx264 -g 24 -bf 3 -use_editlist 0 -avoid_negative_ts disabled"},
        Structure{"gif.gif", ""}, Structure{"anim.apng", ""}, Structure{"a.y4m", "-pix_fmt yuv420p"},
        Structure{"a.ogg", "-c:v libtheora -g 30 -q:v 8"},
        Structure{"a.mxf", "-c:v mpeg2video -g 15 -q:v 2 -r 30"},
        Structure{"a.wmv", "-c:v wmv2 -g 30 -q:v 2"},
        Structure{"mjpeg.mov", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

// A cut without re-encoding: the file holds frames before the edit list's start, which are not shown.
TEST_F(ReaderTime, AnEditListHidesWhatLiesBeforeIt) {
  const std::string whole = ffmpeg("-i '" + source() + "' -c:v libx264 -g 48 -bf 3", "whole.mp4");
  const std::string file = ffmpeg("-ss 2.1 -i '" + whole + "' -c copy", "cut.mp4");
  const std::vector<VideoFrame> all = read_all(file);
  ASSERT_EQ(numbers(all), range(63, kFrames));
  EXPECT_EQ(all.front().time, 0);
  EXPECT_EQ(numbers(read_last(file, {}, 5)), range(kFrames - 5, kFrames));
  EXPECT_EQ(numbers(read_last(file, {}, 1000)), range(63, kFrames));
  EXPECT_EQ(numbers(read_first(file, {}, 3)), range(63, 66));
}

TEST_F(ReaderTime, AVariableRateIsResampledByTimeStamps) {
  // Of every ten frames the last six are left out: 30 frames a second and then a pause, again and again.
  for (const char* name : {"vfr.mkv", "vfr.mp4"}) {
    const std::string file = ffmpeg("-i '" + source() +
                                        "' -vf \"select='lt(mod(n,10),4)'\" -vsync vfr -c:v libx264 "
                                        "-g 24 -bf 2",
                                    name);
    const std::vector<VideoFrame> all = read_all(file);
    ASSERT_EQ(all.size(), 60u);
    EXPECT_TRUE(VideoReader(file).facts().variable_frame_rate) << name;
    ReadSettings s;
    s.fps = 24;
    std::vector<double> times;
    for (int k = 0; k < 100; ++k) times.push_back(k / 24.0);
    EXPECT_EQ(numbers(read_first(file, s, 100)), by_definition(all, times));
    times.clear();
    for (int k = 0; k < 20; ++k) times.push_back(all.back().time - (19 - k) / 24.0);
    EXPECT_EQ(numbers(read_last(file, s, 20)), by_definition(all, times));
  }
  EXPECT_FALSE(
      VideoReader(ffmpeg("-i '" + source() + "' -c:v libx264", "cfr.mp4")).facts().variable_frame_rate);
}

TEST_F(ReaderTime, AConstantRateGivesAsManyFramesAsTheDurationHolds) {
  const std::string file = ffmpeg("-i '" + source() + "' -c:v libx264", "a.mp4");
  for (const auto& [fps, count] :
       {std::pair{30.0, 150}, {15.0, 75}, {16.0, 80}, {24.0, 120}, {60.0, 300}, {7.0, 35}}) {
    ReadSettings s;
    s.fps = fps;
    const std::vector<VideoFrame> frames = read_all(file, s);
    EXPECT_EQ(static_cast<int>(frames.size()), count) << fps;
    for (std::size_t k = 0; k < frames.size(); ++k) EXPECT_NEAR(frames[k].time, k / fps, 1e-9);
  }
  ReadSettings same;
  same.fps = 30;
  EXPECT_EQ(numbers(read_all(file, same)), range(0, kFrames));
}

TEST_F(ReaderTime, MoreFramesThanThereAreGivesThoseThereAre) {
  const std::string file = ffmpeg("-i '" + source() + "' -c:v libx264 -g 30 -bf 3", "a.mp4");
  constexpr int kMany = 1'000'000'000;
  EXPECT_EQ(numbers(read_last(file, {}, kMany)), range(0, kFrames));
  EXPECT_EQ(numbers(read_first(file, {}, kMany)), range(0, kFrames));
  ReadSettings s;
  s.fps = 15;
  const std::vector<VideoFrame> last = read_last(file, s, kMany);
  EXPECT_EQ(last.size(), 75u);  // of times that count back from frame 149: 149, 147, ... 1
  EXPECT_EQ(number_of(last.front()), 1);
  EXPECT_EQ(number_of(last.back()), kFrames - 1);
}

TEST_F(ReaderTime, SeekingGoesForthAndBack) {
  const std::string file = ffmpeg("-i '" + source() + "' -c:v libx264 -g 30 -bf 3", "a.mp4");
  VideoReader reader(file);
  VideoFrame frame;
  for (const int n : {120, 3, 149, 77, 0, 60}) {
    reader.seek(n / 30.0);
    ASSERT_TRUE(reader.next(frame)) << n;
    EXPECT_EQ(number_of(frame), n);
  }
  reader.seek(1000);
  EXPECT_FALSE(reader.next(frame));
  reader.seek(0);
  ASSERT_TRUE(reader.next(frame));
  EXPECT_EQ(number_of(frame), 0);
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

// An hour at 30 frames a second, of which a full decode takes half a minute. What it takes is recorded here,
// and held to a limit by scripts/bench/long_files.py.
TEST_F(ReaderTime, TheEndsOfALongFileAreItsTrueEnds) {
  const std::string part =
      ffmpeg("-i '" + source() + "' -c:v libx264 -g 30 -bf 2 -preset ultrafast", "part.mp4");
  for (const char* name : {"long.mp4", "long.mkv", "long.ts"}) {
    const std::string file = ffmpeg("-stream_loop 719 -i '" + part + "' -c copy", name);
    const double before = processor_seconds();
    ReadSettings s;
    s.fps = 16;
    const std::vector<VideoFrame> frames = read_last(file, s, 5);
    RecordProperty(name, std::to_string(processor_seconds() - before));
    ASSERT_EQ(frames.size(), 5u);
    EXPECT_EQ(number_of(frames.back()), kFrames - 1) << name;
    EXPECT_GT(frames.back().time, 3599) << name;
    EXPECT_EQ(read_first(file, s, 5).size(), 5u);
    std::filesystem::remove(file);
  }
}

// The last frame lies where decoding ends, whatever the header claims.
TEST_F(ReaderTime, ADurationThatLiesDoesNotHideTheEnd) {
  const std::string file = ffmpeg("-i '" + source() + "' -c:v libx264 -g 30 -bf 2", "a.mkv");
  std::string bytes = contents(file);
  // Matroska's Duration: id 4489, size 88, a double in milliseconds.
  const std::size_t at = bytes.find("\x44\x89\x88");
  ASSERT_NE(at, std::string::npos);
  for (const double claimed : {1.0, 1500.0, 60'000.0, 36'000'000.0}) {
    std::uint64_t bits;
    std::memcpy(&bits, &claimed, 8);
    for (int i = 0; i < 8; ++i) bytes[at + 3 + i] = static_cast<char>(bits >> (56 - 8 * i));
    const std::string lie = file_of("lie.mkv", bytes);
    EXPECT_EQ(numbers(read_last(lie, {}, 5)), range(kFrames - 5, kFrames)) << claimed;
    EXPECT_EQ(read_all(lie).size(), 150u);
  }
}

TEST_F(ReaderTime, AFileThatIsCutOffGivesItsFramesAndThenTheTime) {
  struct Case {
    const char* name;
    const char* arguments;
  };
  for (const Case& c : {Case{"a.mp4", "-c:v libx264 -g 24 -movflags faststart"},
                        {"a.mkv", "-c:v libx264 -g 24"},
                        {"f.mp4", "-c:v libx264 -g 24 -movflags frag_keyframe+empty_moov"},
                        {"a.avi", "-c:v mpeg4 -q:v 1"},
                        {"a.gif", ""},
                        {"a.y4m", "-pix_fmt yuv420p"}}) {
    const std::string bytes = contents(ffmpeg("-i '" + source() + "' " + c.arguments, c.name));
    for (const double part : {0.5, 0.66, 0.78}) {
      const std::string cut = file_of(std::string("cut-") + c.name, bytes.substr(0, bytes.size() * part));
      std::vector<VideoFrame> frames;
      const auto [code, text] = error_of([&] {
        VideoReader reader(cut);
        for (VideoFrame frame; reader.next(frame);) frames.push_back(frame);
      });
      EXPECT_EQ(code, 65) << c.name << " " << part << ": " << text;
      EXPECT_THAT(text, HasSubstr("ends in the middle, at ")) << c.name;
      EXPECT_THAT(text, HasSubstr(" s")) << c.name;
      ASSERT_GT(frames.size(), 10u) << c.name;
      ASSERT_LT(frames.size(), 150u) << c.name << " " << part;
      EXPECT_EQ(numbers(frames), range(0, static_cast<int>(frames.size()))) << c.name << " " << part;
      EXPECT_EQ(error_of([&] { read_last(cut, {}, 3); }).first, 65) << c.name;
      EXPECT_EQ(numbers(read_first(cut, {}, 3)), range(0, 3)) << c.name;
    }
  }
}

// A transport stream has no length of its own: what is there is the video.
TEST_F(ReaderTime, AStreamWithoutALengthEndsWhereItEnds) {
  const std::string bytes = contents(ffmpeg("-i '" + source() + "' -c:v libx264 -g 24 -bf 2", "a.ts"));
  const std::string cut = file_of("cut.ts", bytes.substr(0, bytes.size() / 2));
  const std::vector<VideoFrame> frames = read_all(cut);
  EXPECT_GT(frames.size(), 40u);
  EXPECT_LT(frames.size(), 120u);
}

TEST_F(ReaderTime, DamageInTheMiddleIsAWarningAndTheRestIsRead) {
  std::string bytes = contents(ffmpeg("-i '" + source() + "' -c:v libx264 -g 24 -bf 2", "a.ts"));
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 3000; ++i)
    bytes[i] = static_cast<char>(i * 7919 >> 3);
  const std::string damaged = file_of("damaged.ts", bytes);
  int warnings = 0;
  set_log_sink([&](LogLevel level, const std::string& text) {
    warnings += level == LogLevel::warning && text.find("is damaged") != std::string::npos;
  });
  const std::vector<VideoFrame> frames = read_all(damaged);
  set_log_sink({});
  EXPECT_GT(frames.size(), 100u);
  EXPECT_EQ(number_of(frames.back()), kFrames - 1);
  EXPECT_EQ(warnings, 1);
}

TEST_F(ReaderTime, OneFrameIsAVideoToo) {
  const std::string one = source(1);
  for (const char* name : {"a.mp4", "a.mkv", "a.gif", "a.avi"}) {
    const std::string file = ffmpeg("-i '" + one + "'", name);
    EXPECT_EQ(read_all(file).size(), 1u) << name;
    ReadSettings s;
    s.fps = 30;
    // A GIF of one frame says that it lasts a tenth of a second.
    EXPECT_EQ(read_all(file, s).size(), std::string(name) == "a.gif" ? 3u : 1u) << name;
    EXPECT_EQ(read_last(file, s, 5).size(), 1u) << name;
    EXPECT_EQ(read_last(file, {}, 5).size(), 1u) << name;
  }
}

}  // namespace
}  // namespace sora
