// A video written to a pipe, as the pipe's reader gets it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "core/sha256.h"
#include "media/media_test.h"

namespace sora {
namespace {

using testing::HasSubstr;
using Stream = MediaTest;

// Collects what comes out of a pipe while it is being written.
class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_) != 0) ADD_FAILURE() << "no pipe";
    reader_ = std::thread([this] {
      char buffer[65536];
      for (ssize_t n; (n = ::read(ends_[0], buffer, sizeof buffer)) > 0;) {
        bytes_.append(buffer, static_cast<std::size_t>(n));
        count_ = bytes_.size();
      }
    });
  }
  ~Pipe() {
    if (reader_.joinable()) close();
  }
  Destination destination() const { return {"-", false, ends_[1]}; }
  std::size_t count() const { return count_; }
  const std::string& close() {
    ::close(ends_[1]);
    reader_.join();
    ::close(ends_[0]);
    return bytes_;
  }

 private:
  int ends_[2] = {-1, -1};
  std::thread reader_;
  std::string bytes_;
  std::atomic<std::size_t> count_{0};
};

class LiveFormat : public MediaTest,
                   public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(LiveFormat, CanBeReadFromAPipe) {
  const auto& [format, codec] = GetParam();
  std::vector<Picture> pictures;
  for (int t = 0; t < 24; ++t) pictures.push_back(moving_picture(64, 48, t));
  Pipe pipe;
  VideoSettings s = settings_for("-", 64, 48, 8, format, codec);
  s.metadata["comment"] = "{}";
  const Written written = write_pictures(s, pipe.destination(), pictures);
  const std::string& bytes = pipe.close();
  EXPECT_EQ(written.bytes, bytes.size());
  EXPECT_EQ(written.sha256, sha256_hex(bytes));
  const std::string file = path(std::string("a.") + format);
  std::ofstream(file) << bytes;
  const Decoded decoded = decode(file);
  ASSERT_EQ(decoded.frames.size(), 24u);
  // GIF counts in hundredths of a second, Matroska in thousandths.
  for (int t = 0; t < 24; ++t) EXPECT_NEAR(decoded.times[t], t / 8.0, 0.0051) << t;
  for (int t = 0; t < 24; ++t) EXPECT_GT(psnr(decoded.frames[t], pictures[t]), 25) << t;
}

INSTANTIATE_TEST_SUITE_P(Formats, LiveFormat,
                         testing::Values(std::pair{"mp4", "h264"}, std::pair{"mp4", "hevc"},
                                         std::pair{"mkv", "h264"}, std::pair{"webm", "vp9"},
                                         std::pair{"mp4", "av1"}, std::pair{"mov", "h264"},
                                         std::pair{"gif", "gif"}, std::pair{"y4m", "rawvideo"}),
                         [](const auto& info) {
                           return std::string(info.param.first) + "_" + info.param.second;
                         });

// The whole of a movie fragment: moof and the mdat behind it.
std::size_t whole_fragments(const std::string& bytes) {
  std::size_t count = 0;
  for (std::size_t at = 0; at + 8 <= bytes.size();) {
    std::size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    if (size < 8 || at + size > bytes.size()) break;
    if (bytes.compare(at + 4, 4, "mdat") == 0) ++count;
    at += size;
  }
  return count;
}

TEST_F(Stream, AReaderSeesTheFirstFragmentsLongBeforeTheEnd) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  const auto writer = open_writer(settings_for("-", 64, 48, 8, "mp4"), {"-", false, ends[1]});
  std::string bytes;
  const auto collect = [&] {
    char buffer[65536];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) bytes.append(buffer, n);
  };
  // Two seconds of video: with half a second a fragment, at least two are whole before more frames come.
  for (int t = 0; t < 16; ++t) writer->write(moving_picture(64, 48, t).rgb.data(), 192);
  for (int wait = 0; wait < 30'000 && whole_fragments(bytes) < 2; ++wait) {
    collect();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GE(whole_fragments(bytes), 2u);
  EXPECT_LT(bytes.find("moov"), bytes.find("moof"));
  writer->finish();
  collect();
  EXPECT_GE(whole_fragments(bytes), 4u);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Stream, AReaderThatGoesAwayIsReported) {
  for (const char* format : {"mp4", "mkv", "y4m", "rgb24"}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto handler = std::signal(SIGPIPE, SIG_DFL);  // would end the test
    const auto [code, text] = error_of([&] {
      const auto writer = open_writer(settings_for("-", 64, 48, 8, format), {"-", false, ends[1]});
      ::close(ends[0]);
      const Picture picture = moving_picture(64, 48, 0);
      for (int t = 0; t < 100; ++t) writer->write(picture.rgb.data(), 192);
      writer->finish();
    });
    std::signal(SIGPIPE, handler);
    EXPECT_EQ(code, 141) << format << ": " << text;
    ::close(ends[1]);
  }
}

// A pipe that is full, and whose reader takes nothing.
class FullPipe {
 public:
  FullPipe() {
    if (::pipe2(ends_, O_NONBLOCK) != 0) ADD_FAILURE() << "no pipe";
    const std::string zeros(4096, '\0');
    while (::write(ends_[1], zeros.data(), zeros.size()) > 0) {
    }
    ::fcntl(ends_[1], F_SETFL, 0);  // as programs are given one
  }
  ~FullPipe() {
    for (const int end : ends_) ::close(end);
  }
  int end() const { return ends_[1]; }

 private:
  int ends_[2] = {-1, -1};
};

TEST_F(Stream, AReaderThatIsStuckDoesNotHoldUpAStop) {
  for (const char* format : {"mp4", "y4m"}) {
    const FullPipe pipe;
    Destination to{"-", false, pipe.end()};
    to.stop = [] { return true; };
    const Picture picture = moving_picture(64, 48, 0);
    const auto [code, text] = error_of([&] {
      const auto writer = open_writer(settings_for("-", 64, 48, 8, format), to);
      for (int t = 0; t < 100; ++t) writer->write(picture.rgb.data(), 192);
      writer->finish();
    });
    EXPECT_EQ(code, 130) << format << ": " << text;
    EXPECT_THAT(text, HasSubstr("nobody read standard output")) << format;
  }
}

TEST_F(Stream, AFullDeviceIsReported) {
  for (const char* format : {"mp4", "mkv", "webm", "gif", "y4m", "rgb24", "png"}) {
    const auto [code, text] = error_of([&] {
      write_pictures(settings_for("-", 64, 48, 8, format), {"/dev/full"}, {moving_picture(64, 48, 0)});
    });
    EXPECT_EQ(code, 74) << format << ": " << text;
    EXPECT_THAT(text, HasSubstr("No space left on device")) << format;
  }
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST_F(Stream, AnImageGoesToAPipe) {
  Pipe pipe;
  const Picture picture = moving_picture(64, 48, 0);
  write_pictures(settings_for("-", 64, 48, 8, "png"), pipe.destination(), {picture});
  std::ofstream(path("a.png")) << pipe.close();
  EXPECT_EQ(decode(path("a.png")).frames.at(0).rgb, picture.rgb);
}

TEST_F(Stream, ANamedPipeIsWrittenAsAStream) {
  const std::string fifo = path("fifo.y4m");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = contents(fifo); });
  const Written written = write_pictures(settings_for(fifo, 64, 48), {fifo}, {moving_picture(64, 48, 0)});
  reader.join();
  EXPECT_EQ(written.sha256, sha256_hex(got));
  EXPECT_EQ(got.substr(0, 9), "YUV4MPEG2");
}

TEST_F(Stream, ANamedPipeThatNobodyOpensDoesNotHoldUpAStop) {
  const std::string fifo = path("fifo.mp4");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Destination to{fifo};
  int asked = 0;
  to.stop = [&] { return ++asked > 1; };
  const auto [code, text] = error_of([&] { open_writer(settings_for(fifo, 64, 48), to); });
  EXPECT_EQ(code, 130);
  EXPECT_THAT(text, HasSubstr("stopped while nobody read " + fifo));
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

TEST_F(Stream, ANamedPipeWaitsForItsReader) {
  const std::string fifo = path("fifo.y4m");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::string got;
  std::thread reader;
  Destination to{fifo};
  to.stop = [&] {  // asked for the first time when there is no reader
    if (!reader.joinable()) reader = std::thread([&] { got = contents(fifo); });
    return false;
  };
  const Written written = write_pictures(settings_for(fifo, 64, 48), to, {moving_picture(64, 48, 0)});
  reader.join();
  EXPECT_EQ(written.sha256, sha256_hex(got));
}

}  // namespace
}  // namespace sora
