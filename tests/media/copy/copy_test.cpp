// Copied frames of clips and frames of the encoder in one stream that plays.
#include <fstream>
#include <iterator>
#include <tuple>

#include "media/copy/parameter_sets.h"
#include "media/reader_test.h"

namespace sora {
namespace {

class CopyTest : public ReaderTest {
 protected:
  std::string clip(const std::string& name, const std::string& arguments, int frames = 16) const {
    return ffmpeg(
        "-f lavfi -i testsrc=size=64x48:rate=8 -frames:v " + std::to_string(frames) + " " + arguments, name);
  }
  VideoSettings settings(const std::string& path, const std::vector<std::string>& copies) const {
    VideoSettings s = settings_for(path, 64, 48);
    s.copies = copies;
    return s;
  }
  static void write(FrameWriter& writer, int frames, int height = 48) {
    for (int i = 0; i < frames; ++i) writer.write(moving_picture(64, height, i).rgb.data(), 64 * 3);
  }
  static std::string complaints(const std::string& path) {
    return run("ffmpeg -nostdin -v warning -xerror -i '" + path + "' -f null - 2>&1");
  }
  /// Hashes of the decoded frames, in the order of showing.
  static std::vector<std::string> frames(const std::string& path) {
    std::istringstream lines(run("ffmpeg -nostdin -v error -i '" + path + "' -map 0:v -f framemd5 - 2>&1"));
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line[0] != '#') found.push_back(line.substr(line.rfind(',') + 1));
    }
    return found;
  }
  static void expect_at(const std::vector<std::string>& whole, std::size_t from,
                        const std::vector<std::string>& part) {
    ASSERT_GE(whole.size(), from + part.size());
    for (std::size_t i = 0; i < part.size(); ++i) EXPECT_EQ(whole[from + i], part[i]) << from + i;
  }
  static void expect_steady(const std::string& path, std::size_t count) {
    const Decoded decoded = decode(path);
    ASSERT_EQ(decoded.times.size(), count);
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_NEAR(decoded.times[i], static_cast<double>(i) / 8, 0.002) << i;
  }
};

constexpr const char* kDelayed = "-c:v libx264 -pix_fmt yuv420p -bf 3 -g 6";
constexpr const char* kUndelayed = "-c:v libx264 -pix_fmt yuv420p -bf 0 -preset ultrafast";
constexpr const char* kBaseline = "-c:v libx264 -pix_fmt yuv420p -profile:v baseline";

TEST_F(CopyTest, FramesBeforeAndAfterAreThoseOfTheClip) {
  for (const auto& [arguments, in, out, before] :
       {std::tuple{kDelayed, "a.mp4", "out.mp4", true}, std::tuple{kDelayed, "b.mkv", "out.mp4", false},
        std::tuple{kDelayed, "c.mov", "out.mkv", true}, std::tuple{kUndelayed, "d.mp4", "out.mp4", true},
        std::tuple{kUndelayed, "e.mp4", "out.mkv", false}, std::tuple{kBaseline, "f.mp4", "out.mp4", true}}) {
    SCOPED_TRACE(std::string(arguments) + " " + in + " " + out + (before ? " before" : " after"));
    const std::string source = clip(in, arguments);
    {
      auto writer = open_writer(settings(path(out), {source}), {path(out), true});
      if (before) writer->copy(0);
      write(*writer, 12);
      if (!before) writer->copy(0);
      EXPECT_EQ(writer->finish().frames, 28);
    }
    EXPECT_EQ(complaints(path(out)), "");
    expect_at(frames(path(out)), before ? 0 : 12, frames(source));
    expect_steady(path(out), 28);
  }
}

TEST_F(CopyTest, TheFramesBetweenAreThoseOfTheEncoder) {
  const std::string source = clip("in.mp4", kDelayed);
  {
    auto writer = open_writer(settings(path("out.mp4"), {source, source}), {path("out.mp4")});
    writer->copy(0);
    write(*writer, 12);
    writer->copy(1);
    EXPECT_EQ(writer->finish().frames, 44);
  }
  EXPECT_EQ(complaints(path("out.mp4")), "");
  const std::vector<std::string> was = frames(source), is = frames(path("out.mp4"));
  expect_at(is, 0, was);
  expect_at(is, 28, was);
  expect_steady(path("out.mp4"), 44);
  const Decoded decoded = decode(path("out.mp4"));
  for (int i = 0; i < 12; ++i)
    EXPECT_GT(psnr(decoded.frames[static_cast<std::size_t>(16 + i)], moving_picture(64, 48, i)), 30) << i;
}

TEST_F(CopyTest, Vp9AndAv1NeedNoHeader) {
  constexpr const char* kVp9 = "-c:v libvpx-vp9 -pix_fmt yuv420p -deadline realtime";
  constexpr const char* kSvt = "-c:v libsvtav1 -pix_fmt yuv420p -preset 10 -g 6 -vf crop=48:48,scale=64:64";
  constexpr const char* kAom = "-c:v libaom-av1 -pix_fmt yuv420p -cpu-used 8 -g 6";
  for (const auto& [arguments, codec, height, in, out] :
       {std::tuple{kVp9, "vp9", 48, "a.webm", "out.webm"}, std::tuple{kSvt, "av1", 64, "b.mp4", "out.mp4"},
        std::tuple{kAom, "av1", 48, "c.mkv", "out.mp4"}, std::tuple{kAom, "av1", 48, "d.mp4", "out.mkv"}}) {
    SCOPED_TRACE(std::string(arguments) + " " + in + " " + out);
    const std::string source = clip(in, arguments);
    {
      VideoSettings s = settings_for(path(out), 64, height, 8, {}, codec);
      s.copies = {source, source};
      auto writer = open_writer(s, {path(out), true});
      writer->copy(0);
      write(*writer, 6, height);
      writer->copy(1);
      EXPECT_EQ(writer->finish().frames, 38);
    }
    EXPECT_EQ(complaints(path(out)), "");
    const std::vector<std::string> was = frames(source), is = frames(path(out));
    expect_at(is, 0, was);
    expect_at(is, 22, was);
    expect_steady(path(out), 38);
  }
}

TEST_F(CopyTest, WhatCannotBeCopiedSaysWhyAndLeavesNothingBehind) {
  const auto refused = [&](const std::string& source, const std::string& why) {
    const auto [code, text] =
        error_of([&] { open_writer(settings(path("out.mp4"), {source}), {path("out.mp4")}); });
    EXPECT_EQ(code, 65) << text;
    EXPECT_THAT(text, testing::HasSubstr(why));
    EXPECT_THAT(text, testing::HasSubstr("leave --copy out"));
    EXPECT_FALSE(std::filesystem::exists(path("out.mp4")));
  };
  refused(clip("a.mp4", "-c:v mpeg4"), "they are mpeg4");
  refused(clip("b.mp4", "-c:v libx264 -pix_fmt yuv420p -s 32x32"), "32x32");
  refused(clip("c.mp4", "-c:v libx264 -pix_fmt yuv444p"), "yuv444p");
  refused(clip("d.mp4", "-c:v libx264 -pix_fmt yuv420p -r 10"), "steady");
  refused(clip("e.ts", kUndelayed), "no single header");
  // From the middle of a group on: by an edit list, which a copy would not keep.
  const std::string whole = clip("f.mp4", kDelayed, 24);
  const std::string cut = ffmpeg("-ss 0.4 -i '" + whole + "' -c copy", "g.mp4");
  refused(cut, "copied");
  const auto [code, text] = error_of([&] {
    open_writer(settings(path("out.mp4"), {clip("h.mp4", kBaseline), clip("i.mp4", kDelayed)}),
                {path("out.mp4")});
  });
  EXPECT_EQ(code, 65) << text;
  EXPECT_THAT(text, testing::HasSubstr("parameter sets"));
}

TEST(ParameterSets, DamagedHeadersAreNone) {
  // libx264's header for 64x48 yuv420p; profile 100, one set of each kind.
  const Bytes good{1,    0x64, 0x00, 0x0a, 0xff, 0xe1, 0x00, 0x05, 0x67, 0x64,
                   0x00, 0x0a, 0xac, 0x01, 0x00, 0x04, 0x68, 0xeb, 0xe3, 0xcb};
  const auto sets = read_avcc(good.data(), good.size());
  ASSERT_TRUE(sets.has_value());
  EXPECT_EQ(sets->sequence.size(), 1u);
  EXPECT_EQ(free_number(*sets), 1);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(read_avcc(good.data(), size).has_value()) << size;
  const Bytes written = write_avcc(*sets, 1, 8);
  EXPECT_EQ(Bytes(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(good.size())), good);
  EXPECT_EQ(written.size(), good.size() + 4) << "a high profile";
}

constexpr std::size_t kSequenceAt = 6;  // byte of the length of the first set
Bytes avcc_with(const Bytes& sequence, const Bytes& picture) {
  Bytes header{1, 0x64, 0x00, 0x0a, 0xff, 0xe1};
  for (const Bytes* unit : {&sequence, &picture}) {
    if (unit == &picture) header.push_back(1);
    header.push_back(static_cast<std::uint8_t>(unit->size() >> 8));
    header.push_back(static_cast<std::uint8_t>(unit->size()));
    header.insert(header.end(), unit->begin(), unit->end());
  }
  return header;
}

TEST(ParameterSets, UnitsThatAreNoSetsOfTheirListAreRefused) {
  const Bytes sequence{0x67, 0x64, 0x00, 0x0a, 0xac}, picture{0x68, 0xeb};
  const auto reads = [](const Bytes& first, const Bytes& second) {
    const Bytes header = avcc_with(first, second);
    return read_avcc(header.data(), header.size()).has_value();
  };
  EXPECT_TRUE(reads(sequence, picture));
  EXPECT_FALSE(reads({0x78, 0xb2, 0xc0}, picture)) << "of another type, and too short";
  EXPECT_FALSE(reads({0x78, 0x40, 0xc0}, picture));
  EXPECT_FALSE(reads({0x67, 0x64, 0x00, 0x0a}, picture)) << "without a number";
  EXPECT_FALSE(reads({0x67, 0x64, 0x00, 0x0a, 0x00, 0x00}, picture)) << "a number that never ends";
  EXPECT_FALSE(reads({0x67, 0x64, 0x00, 0x0a, 0x04, 0x20}, picture)) << "number 32";
  EXPECT_FALSE(reads({0xe7, 0x64, 0x00, 0x0a, 0xac}, picture)) << "the first bit is set";
  EXPECT_FALSE(reads(picture, sequence));
  EXPECT_FALSE(reads(sequence, sequence));
  EXPECT_FALSE(reads(sequence, {0x68}));
  EXPECT_FALSE(reads({}, picture)) << "empty";
  EXPECT_FALSE(reads(sequence, {}));
  Bytes header = avcc_with(sequence, picture);
  header[kSequenceAt] = 0xff;
  EXPECT_FALSE(read_avcc(header.data(), header.size())) << "a length beyond the end";
}

TEST(ParameterSets, AHeaderCountsNoMoreThanItHasRoomFor) {
  ParameterSets sets;
  for (int number = 0; number < 31; ++number)
    sets.sequence.push_back({0x67, 0x64, 0x00, 0x0a, 0x04, static_cast<std::uint8_t>(number)});
  EXPECT_FALSE(free_number(sets)) << "31 is the most that it can count";
  sets.sequence.resize(1);
  sets.picture.resize(255, {0x68, 0xeb});
  EXPECT_FALSE(free_number(sets));
}

TEST(ParameterSets, HeadersOfAv1EndWhereTheirUnitsDo) {
  const Bytes good{0x81, 0x00, 0x0c, 0x00, 0x0a, 0x0b, 0,    0,   0,
                   0x24, 0xcf, 0x7f, 0x0d, 0xbf, 0xff, 0x38, 0x18};
  const auto is_header = [](const Bytes& bytes) { return is_av1_header(bytes.data(), bytes.size()); };
  EXPECT_TRUE(is_header(good));
  EXPECT_TRUE(is_header({good.begin(), good.begin() + 4})) << "without units";
  EXPECT_TRUE(is_header({good.begin() + 4, good.end()})) << "units alone";
  for (std::ptrdiff_t size = 1; size < static_cast<std::ptrdiff_t>(good.size()); ++size) {
    if (size != 4) EXPECT_FALSE(is_header({good.begin(), good.begin() + size})) << size;
  }
  EXPECT_FALSE(is_header({0x82, 0x00, 0x0c, 0x00})) << "of another version";
  EXPECT_FALSE(
      is_header({0x81, 0x00, 0x0c, 0x00, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
}

// Writes over a file, `skip` bytes behind where `find` stands in it.
std::string with_bytes(const std::string& path, const std::string& find, const Bytes& bytes,
                       std::size_t skip) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t at = text.find(find);
  EXPECT_NE(at, std::string::npos) << path << ": " << find;
  file.clear();
  file.seekp(static_cast<std::streamoff>(at + find.size() + skip));
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

TEST_F(CopyTest, DamagedHeadersAreBadData) {
  int made = 0;
  const auto refused = [&](const std::string& codec, const std::string& source) {
    VideoSettings s = settings_for(path("out.mp4"), 64, 48, 8, {}, codec);
    s.copies = {source};
    const auto [code, text] = error_of([&] { open_writer(s, {path("out.mp4")}); });
    EXPECT_EQ(code, 65) << source << ": " << text;
    EXPECT_FALSE(std::filesystem::exists(path("out.mp4")));
  };
  const auto h264 = [&](std::size_t skip, const Bytes& bytes) {
    refused("h264", with_bytes(clip("h" + std::to_string(made++) + ".mp4", kUndelayed), "avcC", bytes, skip));
  };
  // Behind the name: 6 bytes, the length of the sequence set, and the set.
  h264(8, {0x78});                          // another type
  h264(6, {0x00, 0x03, 0x78, 0xb2, 0xc0});  // a short one of another type; what follows it is none
  h264(6, {0x00, 0x00});
  h264(6, {0xff, 0xff});
  const auto av1 = [&](std::size_t skip, const Bytes& bytes) {
    constexpr const char* kAom = "-c:v libaom-av1 -pix_fmt yuv420p -cpu-used 8 -g 6";
    refused("av1", with_bytes(clip("a" + std::to_string(made++) + ".mp4", kAom, 2), "av1C", bytes, skip));
  };
  av1(0, {0x82});
  av1(4, {0x0a, 0x7f});  // a length beyond the end
}

}  // namespace
}  // namespace sora
