// Files that are not videos, claim to be something else, or need too much: one clear error each. Time and
// memory are measured by scripts/stress/media.py.
#include <sys/stat.h>

#include <cstring>
#include <functional>

#include "media/read/media_info.h"
#include "media/reader_test.h"

namespace sora {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using ReaderHostile = ReaderTest;

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

/// Reading it is an error of that exit code whose text names the file and contains `part`.
void refused(const std::string& file, int code, const std::string& part) {
  const auto [found, text] = error_of([&] { read_all(file); });
  EXPECT_EQ(found, code) << file << ": " << text;
  EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, HasSubstr(file));
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST_F(ReaderHostile, PlaylistsAndScriptsAreNotFollowed) {
  const std::string secret = file_of("secret.txt", "root:x:0:0");
  const std::string video = ffmpeg("-f lavfi -i testsrc=s=64x48:d=0.2:r=25 -c:v libx264", "real.ts");
  const std::string mpd =
      "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
      "mediaPresentationDuration=\"PT1S\" "
      "profiles=\"urn:mpeg:dash:profile:isoff-main:2011\"><Period><AdaptationSet "
      "mimeType=\"video/mp4\"><Representation "
      "id=\"1\" bandwidth=\"1\"><BaseURL>file:" +
      video + "</BaseURL></Representation></AdaptationSet></Period></MPD>\n";
  for (const auto& [name, text] : {
           std::pair<std::string, std::string>{
               "hls.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + video + "\n#EXT-X-ENDLIST\n"},
           {"hls.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"},
           {"http.mp4",
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"},
           {"concat.mp4", "ffconcat version 1.0\nfile '" + video + "'\n"},
           {"passwd.mp4", "ffconcat version 1.0\nfile file:///etc/passwd\n"},
           {"dash.mp4", mpd},
           {"a.mpd", mpd},
           {"sdp.mp4",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP "
            "96\na=rtpmap:96 H264/90000\n"},
       }) {
    refused(file_of(name, text), 65, "playlist or script");
  }
  for (const auto& [name, text] : {
           std::pair<std::string, std::string>{"plain.m3u", video + "\n"},
           {"concat.txt", "file '" + video + "'\n"},
           {"a.ref.mp4", "rtsptext\nrtsp://127.0.0.1:9/x\n"},
           {"lavfi.mp4", "lavfi:testsrc"},
           {"subtitle.mp4", "1\n00:00:00,000 --> 00:00:01,000\nhello\n"},
       }) {
    refused(file_of(name, text), 65, "");
  }
}

TEST_F(ReaderHostile, FilesOfOtherKindsAreRefused) {
  for (const auto& [name, bytes] : {
           std::pair<std::string, std::string>{"text.mp4", "hello, this is no video\n"},
           {"svg.png",
            "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">"
            "<image href=\"file:///etc/passwd\"/></svg>"},
           {"plain.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"},
           {"a.pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"},
           {"a.zip", std::string("PK\3\4\24\0\0\0\0\0", 10) + std::string(60, 'x')},
           {"html.mp4", "<!DOCTYPE html><html><body>404 Not Found</body></html>"},
           {"zeros.mp4", std::string(100000, '\0')},
           {"ones.mp4", std::string(100000, '\xff')},
           {"one.byte", "G"},
           {"json.mov", "{\"prompt\": \"a\"}"},
           {"elf.mkv", std::string("\x7f"
                                   "ELF\2\1\1\0",
                                   8) +
                           std::string(500, '\1')},
       }) {
    refused(file_of(name, bytes), 65, "");
  }
  refused(file_of("empty.mp4", ""), 65, "is empty");
  refused(path("missing.mp4"), 66, "cannot be opened");
  refused(folder_.path().string(), 65, "is not a regular file");
  refused("/dev/zero", 65, "is not a regular file");
  const std::string fifo = path("fifo.mp4");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  refused(fifo, 65, "is not a regular file");
  const auto [code, text] = error_of([&] { read_media_info(fifo); });
  EXPECT_EQ(code, 65) << text;
}

TEST_F(ReaderHostile, SoundAloneIsNoVideo) {
  const std::string cover = png("cover.png", moving_picture(32, 32, 0));
  const std::string sine = "-f lavfi -i sine=d=0.5 ";
  refused(ffmpeg(sine, "a.m4a"), 65, "has sound but no video");
  refused(ffmpeg(sine + "-c:a pcm_s16le", "a.mkv"), 65, "has sound but no video");
  refused(
      ffmpeg(sine + "-i '" + cover + "' -map 0 -map 1 -c:v png -disposition:v:0 attached_pic", "song.m4a"),
      65, "has sound but no video");
  refused(ffmpeg(sine, "a.wav"), 65, "not supported");
  refused(ffmpeg(sine, "a.mp3"), 65, "not supported");
}

TEST_F(ReaderHostile, AWrongExtensionDoesNotMatter) {
  const Picture picture = moving_picture(64, 48, 0);
  for (const auto& [name, wrong] : {std::pair{"a.png", "a.mp4"},
                                    {"a.jpg", "a.gif"},
                                    {"a.mp4", "a.png"},
                                    {"a.gif", "a.jpg"},
                                    {"a.mkv", "a.txt"},
                                    {"a.webp", "a.m3u8"},
                                    {"a.mov", "noname"}}) {
    write_pictures(settings_for(name, 64, 48), {path(name), true}, {picture});
    const std::string bytes = contents(path(name));
    EXPECT_EQ(read_all(file_of(wrong, bytes)).size(), 1u) << name << " as " << wrong;
  }
  // A name that looks like a protocol, an option or a pattern is a name.
  for (const char* name :
       {"http:a.mp4", "concat:a|b.mp4", "-i.mp4", "%03d.mp4", "a b'\"$(x).mp4", "ü🌊.mp4"}) {
    write_pictures(settings_for("a.mp4", 64, 48), {path("plain.mp4"), true}, {picture});
    EXPECT_EQ(read_all(file_of(name, contents(path("plain.mp4")))).size(), 1u) << name;
  }
}

// Every image format may claim to be huge in a few bytes.
TEST_F(ReaderHostile, ClaimsOfHugeSizesAreRefusedBeforeDecoding) {
  write_pictures(settings_for("a.png", 32, 32), {path("a.png")}, {moving_picture(32, 32, 0)});
  std::string png = contents(path("a.png"));
  for (const auto& [width, height] :
       {std::pair{60000u, 60000u}, {16385u, 1u}, {0x7fffffffu, 0x7fffffffu}, {16000u, 16000u}}) {
    png.replace(16, 8, big_endian(width, 4) + big_endian(height, 4));
    refused(file_of("bomb.png", png), 65, "expected at most 16384 pixels a side and 100 megapixels");
  }
  write_pictures(settings_for("a.jpg", 32, 32), {path("a.jpg")}, {moving_picture(32, 32, 0)});
  std::string jpeg = contents(path("a.jpg"));
  jpeg.replace(jpeg.find("\xff\xc0") + 5, 4, big_endian(65000, 2) + big_endian(65000, 2));
  refused(file_of("bomb.jpg", jpeg), 65, "is 65000x65000");
  refused(file_of("bomb.gif",
                  "GIF89a" + little_endian(65000, 2) + little_endian(65000, 2) + std::string("\0\0\0;", 4)),
          65, "is 65000x65000");
  refused(file_of("bomb.bmp", "BM" + little_endian(1000, 4) + std::string(4, '\0') + little_endian(54, 4) +
                                  little_endian(40, 4) + little_endian(60000, 4) + little_endian(60000, 4) +
                                  little_endian(1, 2) + little_endian(24, 2) + std::string(100, '\0')),
          65, "is 60000x60000");
  refused(file_of("bomb.webp", "RIFF" + little_endian(1000, 4) + "WEBPVP8X" + little_endian(10, 4) +
                                   std::string(4, '\0') + little_endian(16383999, 3) +
                                   little_endian(16383999, 3) + std::string(978, '\0')),
          65, "expected at most");
  const auto entry = [](int tag, std::uint32_t value) {
    return little_endian(tag, 2) + little_endian(4, 2) + little_endian(1, 4) + little_endian(value, 4);
  };
  refused(file_of("bomb.tiff", std::string("II*\0", 4) + little_endian(8, 4) + little_endian(2, 2) +
                                   entry(0x100, 60000) + entry(0x101, 60000) + std::string(4, '\0')),
          65, "is 60000x60000");
  refused(file_of("bomb.ppm", "P6\n60000 60000\n255\n" + std::string(100, 'x')), 65, "");
  refused(file_of("bomb.y4m", "YUV4MPEG2 W60000 H60000 F25:1 C420jpeg\nFRAME\n" + std::string(100, 'x')), 65,
          "");
  // In the track's header, and in the stream itself.
  std::string mov = contents(ffmpeg("-f lavfi -i testsrc=s=64x48:d=0.2:r=25 -c:v mjpeg", "a.mov"));
  const std::size_t entry_at = mov.find("jpeg", mov.find("stsd"));
  mov.replace(entry_at + 4 + 24, 4, big_endian(60000, 2) + big_endian(60000, 2));
  refused(file_of("bomb.mov", mov), 65, "is 60000x60000");
}

// The container says nothing of the size, and the decoder finds it in the stream.
TEST_F(ReaderHostile, AStreamBeyondTheLimitIsRefused) {
  const std::string file = ffmpeg(
      "-f lavfi -i color=c=black:s=12000x9000:d=0.04:r=25 -frames:v 1 -c:v libx264 -preset ultrafast "
      "-threads 1",
      "huge.h264");
  refused(file, 65, "");
}

// Many pixels in few bytes, within the limits: read, or refused, without a surprise.
TEST_F(ReaderHostile, AHighlyCompressedImageIsReadWithinTheLimits) {
  const std::string file =
      ffmpeg("-f lavfi -i color=c=black:s=8000x8000:d=0.04:r=25 -frames:v 1 -pix_fmt gray", "black.png");
  EXPECT_LT(std::filesystem::file_size(file), 100'000u);
  ReadSettings s;
  s.width = 64;
  s.height = 64;
  EXPECT_EQ(pixel(read_image(file, s), 32, 32), (std::array{0, 0, 0}));
}

TEST_F(ReaderHostile, ClaimsOfADurationAreHeldToALimit) {
  std::string bytes = contents(ffmpeg("-f lavfi -i testsrc=s=64x48:d=0.4:r=25 -c:v libx264", "a.mkv"));
  const std::size_t at = bytes.find("\x44\x89\x88");
  ASSERT_NE(at, std::string::npos);
  const double years = 1e3 * 3600 * 24 * 365 * 50;
  std::uint64_t bits;
  std::memcpy(&bits, &years, 8);
  bytes.replace(at + 3, 8, big_endian(bits, 8));
  refused(file_of("years.mkv", bytes), 65, "claims to last 438000 hours, expected at most 168");
  // A single frame that is shown weeks later: its time is refused when it comes, and no frame is made up
  // before.
  const std::string late = ffmpeg(
      "-f lavfi -i testsrc=s=64x48:d=0.4:r=25 -vf setpts='if(lt(N,5),N,N+20000000)' -enc_time_base 1/25 "
      "-c:v libx264 -bf 0 -vsync passthrough",
      "late.mkv");
  const auto [code, text] = error_of([&] { read_all(late); });
  EXPECT_EQ(code, 65) << text;
}

TEST_F(ReaderHostile, ThousandsOfStreamsAreRefused) {
  // Tracks repeated within one moov.
  const std::string bytes =
      contents(ffmpeg("-f lavfi -i testsrc=s=64x48:d=0.04:r=25 -frames:v 1 -c:v libx264", "a.mp4"));
  const std::size_t moov = bytes.find("moov") - 4, trak = bytes.find("trak") - 4;
  const auto size = [&](std::size_t at) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return n;
  };
  std::string track = bytes.substr(trak, size(trak)), more;
  for (int i = 0; i < 5000; ++i) more += track;
  std::string many = bytes;
  many.insert(trak, more);
  many.replace(moov, 4, big_endian(size(moov) + more.size(), 4));
  refused(file_of("many.mp4", many), 65, "streams");
}

TEST_F(ReaderHostile, AnIndexThatLiesGivesAnErrorOrFewerFrames) {
  const std::string good =
      contents(ffmpeg("-f lavfi -i testsrc=s=64x48:d=1:r=25 -c:v libx264 -g 5", "a.mp4"));
  for (const char* box :
       {"stsz", "stco", "stsc", "stts", "ctts", "stss", "mdhd", "mvhd", "tkhd", "avcC", "elst"}) {
    const std::size_t at = good.find(box);
    ASSERT_NE(at, std::string::npos) << box;
    for (const char fill : {'\0', '\x7f', '\xff'}) {
      for (const int skip : {4, 8, 12}) {
        std::string bytes = good;
        for (int i = 0; i < 8; ++i) bytes[at + 4 + skip - 4 + i] = fill;
        int frames = 0;
        const auto [code, text] = error_of([&] {
          VideoReader reader(file_of("lie.mp4", bytes));
          for (VideoFrame frame; frames < 1000 && reader.next(frame); ++frames) {
          }
        });
        EXPECT_THAT(code, AnyOf(0, 65)) << box << " " << int(fill) << " " << skip << ": " << text;
        EXPECT_LE(frames, 100) << box;
        const int last = error_of([&] { read_last(path("lie.mp4"), {}, 3); }).first;
        EXPECT_THAT(last, AnyOf(0, 65)) << box;
      }
    }
  }
}

// Cut anywhere, and with any byte changed, a file gives frames or one error, and neither hangs nor crashes.
class Mangled : public ReaderTest, public testing::WithParamInterface<const char*> {};

TEST_P(Mangled, AnyCutAndAnyChangeIsSurvived) {
  const std::string name = GetParam();
  std::string arguments = "-f lavfi -i testsrc=s=64x48:d=0.4:r=25";
  for (const char* image : {".png", ".jpg", ".webp", ".tiff"}) {
    if (name.ends_with(image)) arguments += " -frames:v 1";
  }
  if (name.ends_with("y4m")) arguments += " -pix_fmt yuv420p";
  const std::string file = ffmpeg(arguments, name);
  const std::string good = contents(file);
  ASSERT_GT(good.size(), 100u);
  const std::string bad = path("bad-" + name);
  const auto survive = [&](const std::string& bytes, const std::string& what) {
    std::ofstream(bad, std::ios::binary) << bytes;
    const auto [code, text] = error_of([&] {
      int frames = 0;
      VideoReader reader(bad);
      for (VideoFrame frame; frames < 100 && reader.next(frame); ++frames) {
      }
    });
    EXPECT_THAT(code, AnyOf(0, 65)) << name << " " << what << ": " << text;
    const int info = error_of([&] { read_media_info(bad); }).first;
    EXPECT_THAT(info, AnyOf(0, 65)) << name << " " << what;
  };
  for (std::size_t n = 0; n < 24; ++n)
    survive(good.substr(0, good.size() * n / 24), "cut " + std::to_string(n));
  for (std::size_t n = 0; n < 12; ++n) survive(good.substr(0, n * 4), "first " + std::to_string(n));
  unsigned seed = 12345;
  for (int n = 0; n < 32; ++n) {
    std::string bytes = good;
    for (int changes = 0; changes < 4; ++changes) {
      seed = seed * 1664525u + 1013904223u;
      // Headers stand at the ends, and are where a change does most.
      const std::size_t reach = n % 2 ? bytes.size() : std::min<std::size_t>(bytes.size(), 600);
      const std::size_t at = (seed >> 8) % reach;
      bytes[n % 4 == 2 ? bytes.size() - 1 - at : at] = static_cast<char>(seed >> 24);
    }
    survive(bytes, "change " + std::to_string(n));
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Mangled,
                         testing::Values("a.mp4", "a.mkv", "a.webm", "a.avi", "a.mov", "a.ts", "a.gif",
                                         "a.apng", "a.png", "a.jpg", "a.webp", "a.tiff", "a.y4m", "a.flv",
                                         "a.avif"),
                         [](const auto& info) { return std::string(info.param).substr(2); });

TEST_F(ReaderHostile, AnimatedWebpIsRefusedWithAWayOut) {
  const std::string file = ffmpeg("-f lavfi -i testsrc=s=64x48:d=0.4:r=10 -c:v libwebp_anim", "a.webp");
  refused(file, 65, "animated WebP");
  refused(file, 65, "save('OUT.png', save_all=True)");
  const MediaInfo info = read_media_info(file);  // which does not decode it
  EXPECT_EQ(info.width, 64);
  EXPECT_EQ(info.height, 48);
  EXPECT_EQ(info.frames, 4);
}

TEST_F(ReaderHostile, AVideoOfNoFramesIsRefused) {
  std::string y4m = "YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420jpeg\n";
  refused(file_of("none.y4m", y4m), 65, "no frame");
  const std::string header_only = contents(ffmpeg(
      "-f lavfi -i testsrc=s=64x48:d=0.4:r=25 -c:v libx264 -movflags empty_moov+frag_keyframe", "f.mp4"));
  const std::size_t moof = header_only.find("moof") - 4;
  refused(file_of("none.mp4", header_only.substr(0, moof)), 65, "");
}

TEST_F(ReaderHostile, SettingsThatMakeNoSenseAreWrongUsage) {
  const std::string file = png("a.png", moving_picture(32, 32, 0));
  for (const auto& change : std::vector<std::function<void(ReadSettings&)>>{
           [](ReadSettings& s) { s.width = -1; }, [](ReadSettings& s) { s.width = 100000; },
           [](ReadSettings& s) { s.fps = -2; }, [](ReadSettings& s) { s.fps = std::nan(""); },
           [](ReadSettings& s) { s.start = 2, s.end = 1; }, [](ReadSettings& s) { s.start = -1; }}) {
    ReadSettings s;
    change(s);
    const auto [code, text] = error_of([&] { read_image(file, s); });
    EXPECT_EQ(code, 64) << text;
  }
  EXPECT_TRUE(read_first(file, {}, 0).empty());
  EXPECT_TRUE(read_last(file, {}, 0).empty());
}

}  // namespace
}  // namespace sora
