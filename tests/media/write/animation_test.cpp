// Pictures with more than one frame: WebP and AVIF.
#include "core/sha256.h"
#include "media/media_test.h"
#include "media/read/media_info.h"
#include "media/read/video_reader.h"

namespace sora {
namespace {

using testing::HasSubstr;

class Animation : public MediaTest {
 protected:
  static std::vector<Picture> pictures(int count) {
    std::vector<Picture> made;
    for (int t = 0; t < count; ++t) made.push_back(moving_picture(96, 64, t));
    return made;
  }

  std::string written(const std::string& name, int count, double fps = 8) const {
    VideoSettings settings = settings_for(name, 96, 64, fps);
    settings.metadata["comment"] = "{\"prompt\": \"<a> & 'b'\\r\\n 灯台\"}\r\n";
    EXPECT_EQ(write_pictures(settings, {path(name)}, pictures(count)).frames, count);
    return path(name);
  }
};

TEST_F(Animation, SeveralFramesOfAWebpAreOneFile) {
  const std::string file = written("a.webp", 9, 12.5);
  const MediaInfo info = read_media_info(file);
  EXPECT_EQ(info.container, "webp");
  EXPECT_EQ(info.width, 96);
  EXPECT_EQ(info.height, 64);
  EXPECT_EQ(info.frames, 9);
  EXPECT_DOUBLE_EQ(info.duration, 0.72);
  EXPECT_DOUBLE_EQ(info.fps, 12.5);
  EXPECT_EQ(info.metadata.at("comment"), "{\"prompt\": \"<a> & 'b'\\r\\n 灯台\"}\r\n");
  const std::string bytes = contents(file);
  EXPECT_THAT(bytes, HasSubstr("ANIM" + std::string("\6\0\0\0", 4)));
  EXPECT_EQ(bytes.substr(bytes.find("ANIM") + 12, 2), std::string(2, '\0')) << "it repeats without end";
}

TEST_F(Animation, OneFrameOfAWebpIsAStill) {
  const std::string file = written("a.webp", 1);
  EXPECT_EQ(contents(file).find("ANIM"), std::string::npos);
  const MediaInfo info = read_media_info(file);
  EXPECT_EQ(info.width, 96);
  EXPECT_EQ(info.height, 64);
  EXPECT_EQ(info.frames, 1);
  EXPECT_GT(psnr(decode(file).frames.at(0), pictures(1)[0]), 33);
}

TEST_F(Animation, NothingStaysOfAWebpWithoutFrames) {
  open_writer(settings_for("a.webp", 96, 64), {path("a.webp")})->finish();
  EXPECT_TRUE(names().empty());
}

TEST_F(Animation, SeveralFramesOfAnAvifComeBackInTimeAndColour) {
  const std::string file = written("a.avif", 9, 12.5);
  const MediaInfo info = read_media_info(file);
  EXPECT_EQ(info.container, "avif");
  EXPECT_EQ(info.codec, "av1");
  EXPECT_EQ(info.width, 96);
  EXPECT_EQ(info.height, 64);
  EXPECT_EQ(info.frames, 9);
  EXPECT_NEAR(info.fps, 12.5, 0.01);
  EXPECT_EQ(info.metadata.at("comment"), "{\"prompt\": \"<a> & 'b'\\r\\n 灯台\"}\r\n");
  const Decoded decoded = decode(file);
  ASSERT_EQ(decoded.frames.size(), 9u);
  for (int t = 0; t < 9; ++t) EXPECT_GT(psnr(decoded.frames[t], pictures(9)[t]), 33) << t;
  EXPECT_EQ(decoded.matrix, AVCOL_SPC_BT709);
  EXPECT_EQ(decoded.range, AVCOL_RANGE_MPEG);
}

TEST_F(Animation, OneFrameOfAnAvifIsAStill) {
  const std::string file = written("a.avif", 1);
  EXPECT_EQ(contents(file).substr(8, 4), "avif") << "not avis, the brand of sequences";
  const MediaInfo info = read_media_info(file);
  EXPECT_EQ(info.width, 96);
  EXPECT_EQ(info.height, 64);
  EXPECT_EQ(info.frames, 1);
  EXPECT_EQ(info.fps, 0);
  EXPECT_EQ(info.metadata.at("comment"), "{\"prompt\": \"<a> & 'b'\\r\\n 灯台\"}\r\n");
  const VideoFrame frame = read_image(file);
  Picture picture(frame.width, frame.height);
  picture.rgb = frame.rgb;
  EXPECT_GT(psnr(picture, pictures(1)[0]), 33);
}

// The encoder itself would wait for ever.
TEST_F(Animation, AnAvifThatIsGivenUpBeforeItsFirstFrameIsLeftAtOnce) {
  for (const char* name : {"a.avif", "a.webp"}) open_writer(settings_for(name, 128, 96), {path(name)});
  EXPECT_TRUE(names().empty());
}

TEST_F(Animation, NumberedAvifsAreAPictureEach) {
  VideoSettings settings = settings_for("%02d.avif", 96, 64);
  settings.metadata["comment"] = "{}";
  const Written written = write_pictures(settings, {path("%02d.avif")}, pictures(3));
  EXPECT_THAT(names(), testing::ElementsAre("01.avif", "02.avif", "03.avif"));
  EXPECT_EQ(written.frames, 3);
  std::string all;
  for (int t = 0; t < 3; ++t) {
    const std::string file = path(names()[t]);
    all += contents(file);
    EXPECT_EQ(read_media_info(file).frames, 1);
    EXPECT_EQ(read_media_info(file).metadata.at("comment"), "{}");
    const VideoFrame frame = read_image(file);
    Picture picture(frame.width, frame.height);
    picture.rgb = frame.rgb;
    EXPECT_GT(psnr(picture, pictures(3)[t]), 33) << t;
  }
  EXPECT_EQ(written.bytes, all.size());
  EXPECT_EQ(written.sha256, sha256_hex(all));
}

TEST_F(Animation, OfNumberedAvifsThatWereGivenUpNothingStays) {
  {
    const auto writer = open_writer(settings_for("%d.avif", 96, 64), {path("%d.avif")});
    for (int t = 0; t < 3; ++t) writer->write(pictures(3)[t].rgb.data(), std::ptrdiff_t{96} * 3);
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(Animation, AnAvifOfOddSizeHasFullChroma) {
  const Picture picture = moving_picture(97, 65, 0);
  write_pictures(settings_for("a.avif", 97, 65, 1, {}, {}, "yuv444p"), {path("a.avif")}, {picture});
  const MediaInfo info = read_media_info(path("a.avif"));
  EXPECT_EQ(info.width, 97);
  EXPECT_EQ(info.height, 65);
  EXPECT_EQ(error_of([&] { settings_for("b.avif", 97, 65); }).first, 0);
  EXPECT_EQ(error_of([&] { open_writer(settings_for("b.avif", 97, 65), {path("b.avif")}); }).first, 64);
}

TEST_F(Animation, AStreamHasTheSameBytesAsAFile) {
  for (const std::string format : {"webp", "avif"}) {
    const std::string file = written("a." + format, 3);
    const std::string streamed = path("streamed");
    VideoSettings settings = settings_for("-", 96, 64, 8, format);
    settings.metadata["comment"] = "{\"prompt\": \"<a> & 'b'\\r\\n 灯台\"}\r\n";
    std::FILE* pipe = ::popen(("cat > '" + streamed + "'").c_str(), "w");
    ASSERT_NE(pipe, nullptr);
    write_pictures(settings, {"-", false, ::fileno(pipe)}, pictures(3));
    ::pclose(pipe);
    EXPECT_EQ(contents(streamed), contents(file)) << format;
  }
}

TEST_F(Animation, PillowShowsTheFrames) {
  for (const std::string name : {"a.webp", "a.avif"}) {
    written(name, 5);
    const std::string said = run("python3 -c \"from PIL import Image; i = Image.open('" + path(name) +
                                 "'); print(i.size, i.n_frames, 'made by' if b'prompt' in "
                                 "open(i.filename,'rb').read() else '')\" 2>&1");
    if (said.find("Error") != std::string::npos) GTEST_SKIP() << "no Pillow here that reads " << name;
    EXPECT_EQ(said, "(96, 64) 5 made by\n");
  }
}

}  // namespace
}  // namespace sora
