// Transparency, palettes, animation, printing inks, depths and bright colours.
#include "core/log.h"
#include "media/read/media_info.h"
#include "media/read/tone_map.h"
#include "media/reader_test.h"
#include "places.h"

namespace sora {
namespace {

using testing::HasSubstr;
using ReaderColour = ReaderTest;

TEST_F(ReaderColour, TransparencyIsLaidOverTheBackground) {
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
TEST_F(ReaderColour, APaletteMayBeTransparent) {
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

TEST_F(ReaderColour, GifFramesAreDisposedOfAsTheyAsk) {
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

TEST_F(ReaderColour, InkOfAdobesJpegsIsMixedRight) {
  const std::string folder = test_data() / "media/";
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

TEST_F(ReaderColour, ImagesOfEveryKindAreRead) {
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
  EXPECT_NE(read_media_info(file_of("many.apng", apng)).frames, 1) << "they are not one picture";
  apng.insert(33, comment + "????");
  EXPECT_EQ(read_all(file_of("late.apng", apng)).size(), 4u);
  // A phone appends a second JPEG to the first.
  const std::string one = contents(path("444.jpg"));
  EXPECT_EQ(read_all(file_of("two.jpg", one + one)).size(), 1u);
}

// BT.2390 keeps what is darker than its knee: grey of 50 cd/m2 stays 50 of 203, by absolute light.
TEST_F(ReaderColour, BrightColoursAreToneMapped) {
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
TEST_F(ReaderColour, WidePrimariesBecomeThoseOfSrgb) {
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

}  // namespace
}  // namespace sora
