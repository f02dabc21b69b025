// Copied sound with new pictures: the packets are unchanged, and at the right time.
#include <algorithm>
#include <filesystem>
#include <thread>
#include <tuple>

#include "media/reader_test.h"

namespace sora {
namespace {

constexpr double kPacket = 0.03;  // seconds; those of the codecs here are 0.021 to 0.027

struct Packets {
  std::vector<double> times;       // seconds after the first video frame
  std::vector<std::string> bytes;  // hashes
};

class SoundTest : public ReaderTest {
 protected:
  /// A clip of `seconds` at 8 fps with a tone that rises, so that no two packets are equal.
  std::string clip(const std::string& name, double seconds, const std::string& sound) const {
    const std::string length = std::to_string(seconds);
    return ffmpeg("-f lavfi -i testsrc=size=64x48:rate=8:duration=" + length +
                      " -f lavfi -i 'aevalsrc=sin(2*PI*(200+150*t)*t):s=48000:d=" + length +
                      "' -c:v libx264 -pix_fmt yuv420p " + sound,
                  name);
  }

  /// Of a transport stream, whose AAC packets begin with a header of their own.
  static std::vector<std::string> without_adts(const std::string& path) {
    std::istringstream lines(run("ffmpeg -nostdin -v error -i '" + path +
                                 "' -map 0:a -c copy -bsf:a aac_adtstoasc -f framemd5 - | grep -v '^#' | "
                                 "cut -d, -f6 | tr -d ' '"));
    std::vector<std::string> bytes;
    for (std::string line; std::getline(lines, line);) bytes.push_back("MD5:" + line);
    return bytes;
  }

  static Packets packets(const std::string& path) {
    const std::string first =
        run("ffprobe -v error -select_streams v -show_entries frame=pts_time -of csv=p=0 "
            "-read_intervals '%+#1' '" +
            path + "' | head -1");
    std::istringstream lines(
        run("ffprobe -v error -select_streams a -show_entries packet=pts_time,data_hash "
            "-show_data_hash md5 -of csv=p=0 '" +
            path + "'"));
    Packets found;
    for (std::string line; std::getline(lines, line);) {  // a packet with side data takes two lines
      if (line[0] != ',') found.times.push_back(std::stod(line) - std::stod(first));
      if (line.find("MD5:") != std::string::npos) found.bytes.push_back(line.substr(line.find("MD5:")));
    }
    if (std::filesystem::path(path).extension() == ".ts") found.bytes = without_adts(path);
    return found;
  }

  /// What ffmpeg's players would complain of.
  static std::string complaints(const std::string& path) {
    return run("ffmpeg -nostdin -v warning -xerror -i '" + path + "' -f null - 2>&1");
  }

  static VideoSettings settings(const std::string& path, const std::vector<std::string>& sounds) {
    VideoSettings s = settings_for(path, 64, 48);
    s.sounds = sounds;
    return s;
  }

  static void write(FrameWriter& writer, int frames) {
    for (int i = 0; i < frames; ++i) writer.write(moving_picture(64, 48, i).rgb.data(), 64 * 3);
  }
};

TEST_F(SoundTest, IsCopiedUpToTheFrameWhereItEnds) {
  for (const auto& [sound, in, out] :
       {std::tuple{"-c:a aac", "a.mp4", "ab.mp4"}, std::tuple{"-c:a aac", "b.mkv", "b.mp4"},
        std::tuple{"-c:a aac", "c.ts", "c.mp4"}, std::tuple{"-c:a aac", "d.ts", "d.mkv"},
        std::tuple{"-c:a aac", "e.mp4", "e.mkv"}, std::tuple{"-c:a libopus", "f.mkv", "f.mkv.mp4"},
        std::tuple{"-c:a libopus", "g.mkv", "gg.mkv"}, std::tuple{"-c:a libopus", "h.mkv", "h.webm"},
        std::tuple{"-c:a libmp3lame", "i.mp4", "i.mov"}, std::tuple{"-c:a flac", "j.mkv", "jj.mkv"},
        std::tuple{"-c:a pcm_s16le", "k.mov", "kk.mov"}, std::tuple{"-c:a ac3", "l.mkv", "l.mp4"},
        std::tuple{"-c:a libvorbis", "m.mkv", "m.webm"}, std::tuple{"-c:a alac", "n.mov", "n.mp4"}}) {
    SCOPED_TRACE(std::string(sound) + " " + in + " " + out);
    const std::string source = clip(in, 2, sound);
    {
      auto writer = open_writer(settings(path(out), {source}), {path(out)});
      writer->begin_sound(0);
      write(*writer, 12);
      writer->end_sound();
      write(*writer, 12);
      EXPECT_EQ(writer->finish().frames, 24);
    }
    EXPECT_EQ(complaints(path(out)), "");
    const Packets was = packets(source), is = packets(path(out));
    ASSERT_GT(is.times.size(), 10u);
    EXPECT_NEAR(is.times.back(), 1.5, kPacket + 0.1) << "FLAC's packets are longer";
    EXPECT_LT(is.times.back(), 1.5);
    const auto start = std::find(was.bytes.begin(), was.bytes.end(), is.bytes.front());
    ASSERT_NE(start, was.bytes.end());
    const auto skipped = static_cast<std::size_t>(start - was.bytes.begin());
    EXPECT_LE(skipped, 2u) << "what was heard before the first picture";
    // Opus begins 6.5 ms before its first sample, and Matroska has no time before 0.
    const double tolerance = std::string(sound).find("opus") != std::string::npos ? 0.0075 : 0.002;
    for (std::size_t i = 0; i < is.times.size(); ++i) {
      EXPECT_EQ(is.bytes[i], was.bytes.at(i + skipped)) << i;
      EXPECT_NEAR(is.times[i], was.times.at(i + skipped), tolerance) << i;
    }
    EXPECT_NEAR(decode(path(out)).times.front(), 0, 1e-6) << "the first picture is at time 0";
    EXPECT_EQ(decode(path(out)).frames.size(), 24u);
  }
}

TEST_F(SoundTest, BeginsLaterWithItsClip) {
  for (const char* name : {"out.mp4", "out.mkv", "out.mov"}) {
    SCOPED_TRACE(name);
    const std::string source = clip("in.mp4", 2, "-c:a aac");
    auto writer = open_writer(settings(path(name), {source}), {path(name)});
    write(*writer, 12);
    writer->begin_sound(0);
    write(*writer, 16);
    writer->end_sound();
    writer->finish();
    EXPECT_EQ(complaints(path(name)), "");
    const Packets was = packets(source), is = packets(path(name));
    ASSERT_EQ(is.bytes, was.bytes);
    for (std::size_t i = 0; i < is.times.size(); ++i)
      EXPECT_NEAR(is.times[i], was.times[i] + 1.5, 0.002) << i;
  }
}

TEST_F(SoundTest, OfTwoClipsHasSilenceBetween) {
  const std::string a = clip("a.mp4", 1, "-c:a aac"), b = clip("b.mp4", 1.5, "-c:a aac");
  auto writer = open_writer(settings(path("out.mp4"), {a, b}), {path("out.mp4")});
  writer->begin_sound(0);
  write(*writer, 8);
  writer->end_sound();
  write(*writer, 8);
  writer->begin_sound(1);
  write(*writer, 12);
  writer->end_sound();
  writer->finish();
  EXPECT_EQ(complaints(path("out.mp4")), "");
  const Packets of_b = packets(b), is = packets(path("out.mp4"));
  // Both tones begin alike: the later one is meant.
  const auto second = std::find(is.bytes.rbegin(), is.bytes.rend(), of_b.bytes[5]);
  ASSERT_NE(second, is.bytes.rend());
  EXPECT_NEAR(is.times[static_cast<std::size_t>(is.bytes.rend() - second) - 1], of_b.times[5] + 2, 0.002);
  for (std::size_t i = 1; i < is.times.size(); ++i)
    EXPECT_LT(is.times[i] - is.times[i - 1], 0.044) << i << ": a gap";
  const std::string gap = run("ffmpeg -nostdin -v error -ss 1.1 -t 0.8 -i '" + path("out.mp4") +
                              "' -map 0:a -af volumedetect -f null - -loglevel info 2>&1 | grep max_volume");
  EXPECT_THAT(gap, testing::AnyOf(testing::HasSubstr("-91"), testing::HasSubstr("-inf"))) << "silence";
}

TEST_F(SoundTest, GoesIntoAStreamToo) {
  const std::string source = clip("a.mp4", 2, "-c:a aac");
  for (const char* container : {"mp4", "matroska"}) {
    SCOPED_TRACE(container);
    const std::string pipe = path("pipe"), out = path(std::string("out.") + container);
    ASSERT_EQ(run("mkfifo '" + pipe + "' && echo made"), "made\n");
    std::thread reader([&] { run("cat '" + pipe + "' > '" + out + "'"); });
    VideoSettings s = settings_for("-", 64, 48, 8, container);
    s.sounds = {source};
    auto writer = open_writer(s, {pipe});
    writer->begin_sound(0);
    write(*writer, 16);
    writer->end_sound();
    writer->finish();
    writer.reset();
    reader.join();
    run("rm '" + pipe + "'");
    EXPECT_EQ(complaints(out), "");
    EXPECT_GT(packets(out).times.size(), 80u);
    EXPECT_NEAR(packets(out).times.front(), 0, kPacket);
  }
}

TEST_F(SoundTest, TheSameInputsGiveTheSameBytes) {
  const std::string source = clip("a.mp4", 1, "-c:a aac");
  std::string digest;
  for (const char* name : {"1.mp4", "2.mp4"}) {
    auto writer = open_writer(settings(path(name), {source}), {path(name)});
    writer->begin_sound(0);
    write(*writer, 8);
    writer->end_sound();
    const std::string sha = writer->finish().sha256;
    EXPECT_TRUE(digest.empty() || sha == digest);
    digest = sha;
  }
}

}  // namespace
}  // namespace sora
