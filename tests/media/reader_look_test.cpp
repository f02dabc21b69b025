// Turning, pixel shape, fitting, transparency, animation and bright colours.
#include <map>
#include <set>

#include "core/log.h"
#include "media/orientation.h"
#include "media/tone_map.h"
#include "reader_test.h"

namespace sora {
namespace {

using testing::HasSubstr;
using ReaderLook = ReaderTest;

const Rgb kRed{255, 0, 0}, kGreen{0, 255, 0}, kBlue{0, 0, 255}, kWhite{255, 255, 255};

// Four corners of four colours show every way of turning and mirroring.
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
  const std::uint8_t source[2 * 3 * 3] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6};  // 3x2
  const std::vector<std::vector<int>> expected{{},
                                               {1, 2, 3, 4, 5, 6},
                                               {3, 2, 1, 6, 5, 4},
                                               {6, 5, 4, 3, 2, 1},
                                               {4, 5, 6, 1, 2, 3},
                                               {1, 4, 2, 5, 3, 6},
                                               {4, 1, 5, 2, 6, 3},
                                               {6, 3, 5, 2, 4, 1},
                                               {3, 6, 2, 5, 1, 4}};
  for (int n = 1; n <= 8; ++n) {
    std::uint8_t out[18] = {};
    const Orientation o = exif_orientation(n);
    orient(o, source, 9, 3, 2, out, o.transpose ? 6 : 9);
    std::vector<int> found;
    for (int i = 0; i < 6; ++i) found.push_back(out[3 * i]);
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
          const Within time(3);
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

TEST_F(ReaderLook, TransparencyIsLaidOverTheBackground) {
  // Left transparent, in the middle half, right opaque; the hidden colour is green, which must not be seen.
  const std::string source =
      "-f lavfi -i \"nullsrc=s=96x32:d=0.04:r=25,format=rgba,geq=r=200:g='if(lt(X,32),255,100)':b=50"
      ":a='if(lt(X,32),0,if(lt(X,64),128,255))'\" -frames:v 1 ";
  ReadSettings s;
  s.background = {0, 0, 250};
  for (const auto& [arguments, name] :
       {std::pair{"-pix_fmt rgba", "a.png"},
        {"-pix_fmt rgba64be", "b.png"},
        {"-c:v qtrle -pix_fmt argb", "a.mov"},
        {"-c:v libwebp -lossless 1", "a.webp"},
        {"-pix_fmt rgba", "a.tiff"},
        {"-c:v ffv1 -pix_fmt bgra", "a.mkv"},
        {"-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le -vf scale=out_color_matrix=bt709", "p.mov"},
        {"-plays 0 -pix_fmt rgba", "a.apng"}}) {
    const std::string file = ffmpeg(source + arguments, name);
    const int bound =
        std::string(name) == "p.mov" ? 40 : 2;  // ProRes: a matrix that no tag names, and its loss
    EXPECT_TRUE(VideoReader(file).facts().has_alpha) << name;
    const VideoFrame frame = read_image(file, s);
    EXPECT_LE(distance(pixel(frame, 16, 16), {0, 0, 250}), bound) << name;
    EXPECT_LE(distance(pixel(frame, 48, 16), {100, 50, 150}), bound) << name;
    EXPECT_LE(distance(pixel(frame, 80, 16), {200, 100, 50}), bound) << name;
    // No fringe of the hidden green where a smaller picture mixes the two.
    s.width = 20;
    s.height = 8;
    s.fit = Fit::stretch;
    const VideoFrame small = read_image(file, s);
    for (int x = 0; x < 20; ++x) EXPECT_LE(pixel(small, x, 4)[1], 104 + bound / 4) << name << " " << x;
    s.width = s.height = 0;
  }
}

// A palette with alpha: a PNG of two colours, made by hand from PNG's own rules through ffmpeg's pal8.
TEST_F(ReaderLook, APaletteMayBeTransparent) {
  const std::string file = ffmpeg(
      "-f lavfi -i \"nullsrc=s=64x32:d=0.04:r=25,format=rgba,geq=r=200:g=100:b=50:a='if(lt(X,32),0,255)'"
      ",split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse\" -frames:v 1 -pix_fmt pal8",
      "a.png");
  ReadSettings s;
  s.background = {10, 250, 10};
  const VideoFrame frame = read_image(file, s);
  EXPECT_EQ(pixel(frame, 8, 16), (std::array{10, 250, 10}));
  EXPECT_LE(distance(pixel(frame, 48, 16), {200, 100, 50}), 3);
}

// GIF's blocks, written out: a canvas of 4x4 with a palette of red, green, blue and white.
class Gif {
 public:
  Gif() {
    bytes_ = "GIF89a";
    bytes_ += std::string("\4\0\4\0\x81\0\0", 7) + std::string("\xff\0\0\0\xff\0\0\0\xff\xff\xff\xff", 12);
  }
  /// A rectangle of one colour; transparent: that colour's number is not drawn.
  void frame(int x, int y, int width, int height, int colour, int disposal, int transparent = -1) {
    bytes_ += std::string("\x21\xf9\4", 3) + static_cast<char>(disposal << 2 | (transparent >= 0 ? 1 : 0)) +
              std::string("\x0a\0", 2) + static_cast<char>(std::max(transparent, 0)) + '\0';
    bytes_ += std::string("\x2c", 1) + static_cast<char>(x) + '\0' + static_cast<char>(y) + '\0' +
              static_cast<char>(width) + '\0' + static_cast<char>(height) + std::string("\0\0\2", 3);
    // Codes of three bits, with a clear code (4) before every pixel so that their length never grows.
    std::vector<int> codes;
    for (int i = 0; i < width * height; ++i) {
      codes.push_back(4);
      codes.push_back(colour);
    }
    codes.push_back(5);
    std::string data;
    unsigned bits = 0;
    int count = 0;
    for (const int code : codes) {
      bits |= static_cast<unsigned>(code) << count;
      for (count += 3; count >= 8; count -= 8, bits >>= 8) data += static_cast<char>(bits & 255);
    }
    if (count > 0) data += static_cast<char>(bits);
    bytes_ += static_cast<char>(data.size()) + data + '\0';
  }
  std::string bytes() const { return bytes_ + ";"; }

 private:
  std::string bytes_;
};

TEST_F(ReaderLook, GifFramesAreDisposedOfAsTheyAsk) {
  Gif gif;
  gif.frame(0, 0, 4, 4, 0, 1);     // red, stays
  gif.frame(0, 0, 2, 2, 1, 2, 0);  // green corner, then cleared
  gif.frame(2, 2, 2, 2, 2, 3);     // blue corner, then as it was before
  gif.frame(2, 0, 2, 2, 3, 1, 3);  // all transparent: nothing is drawn
  ReadSettings s;
  s.background = {1, 2, 3};
  const std::vector<VideoFrame> frames = read_all(file_of("a.gif", gif.bytes()), s);
  ASSERT_EQ(frames.size(), 4u);
  const auto at = [&](std::size_t frame, int x, int y) { return pixel(frames[frame], x, y); };
  const std::array<int, 3> red{255, 0, 0}, green{0, 255, 0}, blue{0, 0, 255}, back{1, 2, 3};
  EXPECT_EQ(at(0, 0, 0), red);
  EXPECT_EQ(at(0, 3, 3), red);
  EXPECT_EQ(at(1, 0, 0), green);
  EXPECT_EQ(at(1, 3, 3), red);
  EXPECT_EQ(at(2, 0, 0), back);  // cleared
  EXPECT_EQ(at(2, 3, 3), blue);
  EXPECT_EQ(at(3, 3, 3), red);  // restored
  EXPECT_EQ(at(3, 3, 0), red);
  EXPECT_EQ(at(3, 0, 0), back);
}

TEST_F(ReaderLook, InkOfAdobesJpegsIsMixedRight) {
  const std::string folder = SORA_TEST_DATA "/media/";
  // By PIL 13.0: cyan, magenta, yellow with a quarter of black, half black; then one coded as YCCK.
  const VideoFrame cmyk = read_image(folder + "cmyk.jpg");
  EXPECT_LE(distance(pixel(cmyk, 4, 4), {0, 255, 255}), 2);
  EXPECT_LE(distance(pixel(cmyk, 12, 4), {255, 0, 255}), 2);
  EXPECT_LE(distance(pixel(cmyk, 4, 12), {191, 191, 0}), 2);
  EXPECT_LE(distance(pixel(cmyk, 12, 12), {127, 127, 127}), 2);
  const VideoFrame ycck = read_image(folder + "ycck.jpg");
  EXPECT_LE(distance(pixel(ycck, 4, 4), {109, 89, 65}), 3);
  EXPECT_LE(distance(pixel(ycck, 12, 4), {101, 100, 102}), 3);
  EXPECT_LE(distance(pixel(ycck, 12, 12), {50, 61, 83}), 3);
  const auto [code, text] = error_of([&] { read_image(folder + "cmyk-unmarked.jpg"); });
  EXPECT_EQ(code, 65);
  EXPECT_THAT(text, HasSubstr("CMYK"));
}

TEST_F(ReaderLook, ImagesOfEveryKindAreRead) {
  const Picture picture = moving_picture(96, 64, 1);
  const std::string from = "-i '" + png("a.png", picture) + "' ";
  for (const auto& [arguments, name, least] : {std::tuple{"-q:v 1", "a.jpg", 34.0},
                                               {"-q:v 1 -pix_fmt yuvj444p", "444.jpg", 38.0},
                                               {"", "a.bmp", 90.0},
                                               {"", "a.tiff", 90.0},
                                               {"-compression_algo lzw", "lzw.tiff", 90.0},
                                               {"", "a.ppm", 90.0},
                                               {"-q:v 95", "a.webp", 32.0},
                                               {"-c:v libjxl -distance 0.5", "a.jxl", 36.0},
                                               {"-f apng", "one.apng", 90.0}}) {
    const std::string file = ffmpeg(from + arguments, name);
    const std::vector<VideoFrame> frames = read_all(file);
    ASSERT_EQ(frames.size(), 1u) << name;
    EXPECT_GE(psnr(picture_of(frames[0]), picture), least) << name;
    ReadSettings s;
    s.fps = 24;
    EXPECT_EQ(read_all(file, s).size(), std::string(name) == "one.apng" ? read_all(file, s).size() : 1u)
        << name;
    EXPECT_EQ(read_last(file, s, 4).size(), 1u) << name;
  }
  // An animated PNG whose mark stands behind a long comment.
  std::string apng = contents(ffmpeg("-f lavfi -i testsrc=s=32x32:d=0.4:r=10", "many.apng"));
  std::string comment(20000, 'x');
  comment = std::string("\0\0\x4e\x22", 4) + "tEXta" + std::string(1, '\0') + comment;
  apng.insert(33, comment + "????");
  EXPECT_EQ(read_all(file_of("late.apng", apng)).size(), 4u);
  // A phone appends a second JPEG to the first.
  const std::string one = contents(path("444.jpg"));
  EXPECT_EQ(read_all(file_of("two.jpg", one + one)).size(), 1u);
}

// BT.2390 keeps what is darker than its knee: grey of 50 cd/m2 stays 50 of 203, by absolute light.
TEST_F(ReaderLook, BrightColoursAreToneMapped) {
  const auto pq = [](double nits) {
    const double y = std::pow(nits / 10000, 2610.0 / 16384);
    return std::pow((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y), 78.84375);
  };
  const auto srgb = [](double light) {
    return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055);
  };
  int warnings = 0;
  set_log_sink([&](LogLevel level, const std::string& text) {
    warnings += level == LogLevel::warning && text.find("HDR") != std::string::npos;
  });
  double last = -1;
  for (const double nits : {0.0, 1.0, 10.0, 50.0, 100.0, 203.0, 500.0, 1000.0, 4000.0}) {
    const int code = 64 + static_cast<int>(std::lround(876 * pq(nits)));
    const std::string file = ffmpeg(
        "-f lavfi -i \"nullsrc=s=64x32:d=0.04:r=25,format=yuv420p10le,geq=lum=" + std::to_string(code) +
            ":cb=512:cr=512,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc\" "
            "-frames:v 1 -c:v libx265 "
            "-x265-params lossless=1:log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
        "a.mp4");
    EXPECT_TRUE(VideoReader(file).facts().hdr);
    const auto found = pixel(read_image(file), 32, 16);
    EXPECT_LE(std::abs(found[0] - found[1]), 1) << nits;
    EXPECT_LE(std::abs(found[0] - found[2]), 1) << nits;
    if (nits <= 50) {
      EXPECT_NEAR(found[1], srgb(nits / 203), 2) << nits;
    }
    EXPECT_GE(found[1], last);
    if (nits == 203) {
      EXPECT_NEAR(found[1], 218, 12);
    }  // compressed, to leave room for highlights
    if (nits >= 1000) {
      EXPECT_GE(found[1], 253);
    }
    last = found[1];
  }
  EXPECT_GT(warnings, 0);
  // HLG: reference white is at 75 % of the signal, 203 cd/m2 on a display of 1000.
  const auto hlg = [&](double signal) {
    const std::string file =
        ffmpeg("-f lavfi -i \"nullsrc=s=64x32:d=0.04:r=25,format=yuv420p10le,geq=lum=" +
                   std::to_string(64 + static_cast<int>(std::lround(876 * signal))) +
                   ":cb=512:cr=512,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace="
                   "bt2020nc\" -frames:v 1 -c:v libx265 "
                   "-x265-params "
                   "lossless=1:log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc",
               "h.mp4");
    return pixel(read_image(file), 32, 16);
  };
  EXPECT_NEAR(hlg(0.75)[1], 218, 12);
  EXPECT_GE(hlg(1.0)[1], 253);
  EXPECT_LE(hlg(0.0)[1], 1);
  // The red of BT.709 as HDR writes it comes back as red.
  const std::string red = ffmpeg(
      "-f lavfi -i color=c=red:s=64x32:d=0.04:r=25 -frames:v 1 -vf "
      "\"format=gbrp,zscale=tin=iec61966-2-1:pin=bt709:min=gbr:rin=full:"
      "t=smpte2084:p=bt2020:m=bt2020nc:r=limited:npl=100,format=yuv444p10le\" -c:v libx265 -x265-params "
      "lossless=1:log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
      "red.mp4");
  const auto found = pixel(read_image(red), 32, 16);
  set_log_sink({});
  EXPECT_GT(found[0], 170);
  EXPECT_LE(found[1], 20);
  EXPECT_LE(found[2], 20);
}

// Wide SDR colours: greys stay what they are, and colours of sRGB, written in the wider primaries, come back.
TEST_F(ReaderLook, WidePrimariesBecomeThoseOfSrgb) {
  for (const Primaries primaries : {Primaries::p3, Primaries::bt2020}) {
    const ToneMap map(Transfer::sdr, primaries, 1000);
    for (int value = 0; value < 256; ++value) {
      const auto code = static_cast<std::uint16_t>(value * 257);
      const std::uint16_t grey[3] = {code, code, code};
      std::uint8_t out[3] = {};
      map.row(grey, out, 1);
      for (const std::uint8_t channel : out) EXPECT_NEAR(channel, value, 1);
    }
  }
  // By CSS Color 4: sRGB's red, green and blue in Display P3.
  const double srgb_in_p3[3][3] = {
      {0.917488, 0.200287, 0.138561}, {0.458402, 0.985265, 0.298295}, {0, 0, 0.959588}};
  const ToneMap p3(Transfer::sdr, Primaries::p3, 1000);
  for (std::size_t i = 0; i < 3; ++i) {
    std::uint16_t in[3];
    for (std::size_t c = 0; c < 3; ++c)
      in[c] = static_cast<std::uint16_t>(std::lround(65535 * srgb_in_p3[i][c]));
    std::uint8_t out[3] = {};
    p3.row(in, out, 1);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(out[c], c == i ? 255 : 0, 2) << i << " " << c;
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
