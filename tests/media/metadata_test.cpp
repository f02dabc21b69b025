#include "media/media_test.h"
#include "media/read/media_info.h"

namespace sora {
namespace {

using testing::HasSubstr;

// Quotes, newlines, other scripts, and more bytes than a 16-bit length can hold.
std::string long_comment() {
  std::string text =
      "{\"prompt\": \"a \\\"light\\\"house = 灯台 🌊;\\n#\", \"seed\": 18446744073709551615, \"x\": \"";
  return text + std::string(70000, 'x') + "\"}";
}

class Metadata : public MediaTest, public testing::WithParamInterface<const char*> {};

TEST_P(Metadata, TheCommentComesBackByteForByte) {
  const std::string file = path(GetParam());
  VideoSettings s = settings_for(file, 64, 48);
  s.metadata["comment"] = long_comment();
  write_pictures(s, {file}, {moving_picture(64, 48, 0)});
  EXPECT_EQ(read_metadata(file)["comment"], long_comment());
  EXPECT_EQ(decode(file).frames.size(), 1u);  // and the pictures are still there
}

INSTANTIATE_TEST_SUITE_P(Files, Metadata,
                         testing::Values("a.mp4", "a.mkv", "a.webm", "a.mov", "a.png", "a.jpg", "a.gif",
                                         "a.webp", "a.avif"));

using MediaInfoTest = MediaTest;

TEST_F(MediaInfoTest, OtherKeysSurviveToo) {
  for (const char* name : {"a.mp4", "a.mkv", "a.webm", "a.mov", "a.png"}) {
    VideoSettings s = settings_for(name, 64, 48);
    s.metadata = {{"comment", "{}"}, {"title", "Storm"}, {"sora_gen_version", "0.1.0"}};
    write_pictures(s, {path(name)}, {moving_picture(64, 48, 0)});
    const auto found = read_metadata(path(name));
    for (const auto& [key, value] : s.metadata) {
      ASSERT_EQ(found.count(key), 1u) << name << " " << key;
      EXPECT_EQ(found.at(key), value) << name << " " << key;
    }
  }
}

TEST_F(MediaInfoTest, FfprobeShowsTheComment) {
  if (run("which ffprobe").empty()) GTEST_SKIP() << "no ffprobe here";
  for (const char* name : {"a.mp4", "a.mkv", "a.mov"}) {
    VideoSettings s = settings_for(name, 64, 48);
    s.metadata["comment"] = "{\"seed\": 7}";
    write_pictures(s, {path(name)}, {moving_picture(64, 48, 0)});
    EXPECT_THAT(run("ffprobe -v error -show_format '" + path(name) + "'"), HasSubstr("{\"seed\": 7}"))
        << name;
  }
}

TEST_F(MediaInfoTest, SizeRateAndLengthAreRead) {
  const std::vector<Picture> pictures(16, moving_picture(64, 48, 0));
  write_pictures(settings_for("a.mp4", 64, 48, 12.5), {path("a.mp4")}, pictures);
  const MediaInfo info = read_media_info(path("a.mp4"));
  EXPECT_EQ(info.codec, "h264");
  EXPECT_EQ(info.width, 64);
  EXPECT_EQ(info.height, 48);
  EXPECT_EQ(info.frames, 16);
  EXPECT_DOUBLE_EQ(info.fps, 12.5);
  EXPECT_NEAR(info.duration, 1.28, 1e-6);
  for (const char* name : {"a.png", "a.jpg"}) {
    write_pictures(settings_for(name, 70, 48), {path(name)}, {moving_picture(70, 48, 0)});
    EXPECT_EQ(read_media_info(path(name)).width, 70) << name;
    EXPECT_EQ(read_media_info(path(name)).height, 48) << name;
  }
}

TEST_F(MediaInfoTest, FilesThatAreNoMediaAreRefused) {
  EXPECT_EQ(error_of([&] { read_media_info(path("none.mp4")); }).first, 66);
  std::ofstream(path("text.mp4")) << "hello";
  EXPECT_EQ(error_of([&] { read_media_info(path("text.mp4")); }).first, 65);
  // Playlists name other files and hosts; libav would follow them.
  std::ofstream(path("list.mp4"))
      << "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n";
  EXPECT_EQ(error_of([&] { read_media_info(path("list.mp4")); }).first, 65);
  std::ofstream(path("concat.mp4")) << "ffconcat version 1.0\nfile /etc/passwd\n";
  EXPECT_EQ(error_of([&] { read_media_info(path("concat.mp4")); }).first, 65);
}

TEST_F(MediaInfoTest, ATruncatedImageGivesWhatIsFoundWithoutHarm) {
  for (const char* name : {"a.png", "a.jpg", "a.gif", "a.webp", "a.avif"}) {
    VideoSettings s = settings_for(name, 32, 32);
    s.metadata["comment"] = "{\"seed\": 7}";
    write_pictures(s, {path(name)}, {moving_picture(32, 32, 0)});
    const std::string whole = contents(path(name));
    const std::string cut = path(std::string("cut-") + name);
    for (std::size_t length = 8; length < whole.size(); length += 1 + length / 16) {
      std::ofstream(cut) << whole.substr(0, length);
      const auto [code, text] = error_of([&] { read_media_info(cut); });
      EXPECT_TRUE(code == 0 || code == 65) << name << " at " << length << ": " << text;
    }
  }
}

}  // namespace
}  // namespace sora
