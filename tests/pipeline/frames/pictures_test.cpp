// Contact sheets and thumbnails: which frames they show, and that each appears whole or not at all.
#include "pipeline/frames/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "media/av.h"
#include "media/read/media_info.h"
#include "media/rgb_picture.h"
#include "pipeline/frames/time_stamp.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;

// Takes the place of the video's writer: counts frames, and fails on demand.
class CountingWriter : public FrameWriter {
 public:
  explicit CountingWriter(bool fails = false) : fails_(fails) {}
  void write(const std::uint8_t*, std::ptrdiff_t) override { ++written_.frames; }
  Written finish() override {
    if (fails_) throw Error(ErrorKind::io, "test", "the disk is full");
    return written_;
  }

 private:
  bool fails_;
  Written written_;
};

// The colours of a PNG's pixels.
RgbPicture read_png(const fs::path& path) {
  AVFormatContext* opened = nullptr;
  EXPECT_GE(avformat_open_input(&opened, path.c_str(), nullptr, nullptr), 0) << path;
  const av::InputPtr input(opened);
  const AVCodecParameters* parameters = input->streams[0]->codecpar;
  const av::CodecPtr decoder(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_PNG)));
  EXPECT_GE(avcodec_parameters_to_context(decoder.get(), parameters), 0);
  EXPECT_GE(avcodec_open2(decoder.get(), nullptr, nullptr), 0);
  const av::PacketPtr packet(av_packet_alloc());
  const av::FramePtr frame(av_frame_alloc());
  EXPECT_GE(av_read_frame(input.get(), packet.get()), 0);
  EXPECT_GE(avcodec_send_packet(decoder.get(), packet.get()), 0);
  EXPECT_GE(avcodec_receive_frame(decoder.get(), frame.get()), 0);
  EXPECT_EQ(frame->format, AV_PIX_FMT_RGB24);
  return resampled(frame->data[0], frame->linesize[0], frame->width, frame->height, frame->width,
                   frame->height);
}

std::array<int, 3> pixel(const RgbPicture& picture, int x, int y) {
  const std::size_t at = (static_cast<std::size_t>(y) * picture.width + x) * 3;
  return {picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]};
}

class Pictures : public testing::Test {
 protected:
  void SetUp() override {
    plan_.picture.frame_width = plan_.picture.crop_width = plan_.picture.width = 64;
    plan_.picture.frame_height = plan_.picture.crop_height = plan_.picture.height = 32;
    plan_.timeline.fps = 8;
    plan_.request.seed = 7;
  }

  // Frame n is of one colour, its red is n.
  void write_frames(FrameWriter& writer, int detailed = -1) const {
    for (int n = 0; n < plan_.timeline.frames; ++n) {
      RgbPicture frame{64, 32, std::vector<std::uint8_t>(64 * 32 * 3, 100)};
      for (std::size_t i = 0; i < frame.rgb.size(); i += 3) {
        frame.rgb[i] = static_cast<std::uint8_t>(n);
        if (n == detailed && i / 3 % 2 == 0) frame.rgb[i + 1] = 255;
      }
      writer.write(frame.rgb.data(), 64 * 3);
    }
  }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_.path())) found.push_back(entry.path().filename());
    return found;
  }

  const TemporaryFolder folder_;
  Plan plan_;
};

TEST(SheetLayout, SpreadsFramesFromTheFirstToTheLast) {
  EXPECT_THAT(sheet_layout(17, 8, 64, 64).frames,
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16));
  EXPECT_THAT(sheet_layout(5, 8, 64, 64).frames, ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(sheet_layout(1, 8, 64, 64).frames, ElementsAre(0));
}

TEST(SheetLayout, HasNoEmptyPlaceAndStaysSmallAtAnyLength) {
  for (const std::int64_t frames : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 16, 80, 81, 481, 10'000'000}) {
    SCOPED_TRACE(frames);
    const SheetLayout layout = sheet_layout(frames, 8, 1920, 1080);
    EXPECT_EQ(layout.rows() * layout.columns, static_cast<int>(layout.frames.size()));
    EXPECT_EQ(layout.frames.back(), frames - 1);
    EXPECT_TRUE(std::is_sorted(layout.frames.begin(), layout.frames.end()));
    EXPECT_EQ(std::adjacent_find(layout.frames.begin(), layout.frames.end()), layout.frames.end());
    EXPECT_LE(layout.width(), 1980);
  }
  EXPECT_EQ(sheet_layout(80, 8, 64, 64).frames.size(), 16U) << "10 s";
  EXPECT_EQ(sheet_layout(480, 8, 64, 64).frames.size(), 25U) << "a minute";
  EXPECT_EQ(sheet_layout(4800, 8, 64, 64).frames.size(), 36U) << "ten minutes";
}

TEST(SheetLayout, KeepsTheShapeOfTheVideo) {
  const SheetLayout landscape = sheet_layout(16, 8, 1920, 1080);
  EXPECT_EQ(landscape.tile_width, 320);
  EXPECT_EQ(landscape.tile_height, 180);
  EXPECT_EQ(sheet_layout(16, 8, 1080, 1920).tile_height, 320);
  EXPECT_EQ(sheet_layout(16, 8, 64, 48).tile_width, 64) << "nothing is enlarged";
  EXPECT_EQ(sheet_layout(1, 8, 1920, 1080).width(), 1920) << "a still is shown as it is";
}

TEST(TimeStamp, IsAsExactAsTheVideoIsShort) {
  EXPECT_EQ(time_stamp(0, 2), "0:00.0");
  EXPECT_EQ(time_stamp(20 / 8.0, 5), "0:02.5");
  EXPECT_EQ(time_stamp(59.96, 59.99), "0:59.9");
  EXPECT_EQ(time_stamp(65, 600), "1:05");
  EXPECT_EQ(time_stamp(3725, 7200), "1:02:05");
}

TEST(TimeStamp, StandsInTheCornerAndLeavesTheRestAlone) {
  RgbPicture picture{64, 48, std::vector<std::uint8_t>(64 * 48 * 3, 100)};
  draw_stamp(picture, "7.1");
  std::vector<std::string> drawn;
  for (int y = 40; y < 48; ++y) {
    std::string row;
    for (int x = 0; x < 12; ++x)
      row += pixel(picture, x, y)[0] == 255 ? '#' : pixel(picture, x, y)[0] == 0 ? ' ' : 'o';
    drawn.push_back(row);
  }
  EXPECT_THAT(drawn, ElementsAre("oooooooooooo",  //
                                 "           o",  //
                                 " ###    #  o",  //
                                 "   #   ##  o",  //
                                 "  #     #  o",  //
                                 "  #     #  o",  //
                                 "  #  # ### o",  //
                                 "           o"));
  EXPECT_EQ(std::count(picture.rgb.begin(), picture.rgb.end(), 100), (64 * 48 - 11 * 7) * 3);
  RgbPicture small{64, 32, std::vector<std::uint8_t>(64 * 32 * 3, 100)};
  draw_stamp(small, "7.1");
  EXPECT_EQ(std::count(small.rgb.begin(), small.rgb.end(), 100), 64 * 32 * 3);
}

TEST_F(Pictures, ASheetShowsItsFramesInOrder) {
  plan_.timeline.frames = 33;
  plan_.request.contact_sheet = path("sheet.png");
  const auto writer = with_pictures(plan_, std::make_unique<CountingWriter>());
  write_frames(*writer);
  EXPECT_EQ(writer->finish().frames, 33);
  const RgbPicture sheet = read_png(path("sheet.png"));
  EXPECT_EQ(sheet.width, 4 * 64 + 5 * 4);
  EXPECT_EQ(sheet.height, 4 * 32 + 5 * 4);
  for (int i = 0; i < 16; ++i) {
    const int x = 4 + i % 4 * 68, y = 4 + i / 4 * 36;
    EXPECT_THAT(pixel(sheet, x, y), ElementsAre(i * 32 / 15, 100, 100)) << i;
    EXPECT_THAT(pixel(sheet, x + 63, y + 31), ElementsAre(i * 32 / 15, 100, 100)) << i;
    EXPECT_EQ(pixel(sheet, x - 1, y), pixel(sheet, 0, 0)) << "the gap";
  }
  EXPECT_EQ(read_media_info(path("sheet.png")).metadata["comment"].substr(0, 13), "{\"generator\":");
}

TEST_F(Pictures, ASheetOfAnExtendedClipShowsTheWholeFile) {
  plan_.timeline.frames = 13;
  plan_.request.verb = "extend";
  plan_.inputs.video.emplace();
  plan_.inputs.video->frames = 20;
  plan_.inputs.video->fps = plan_.timeline.fps;
  plan_.inputs.video->steady_rate = true;
  plan_.request.contact_sheet = path("sheet.png");
  const auto writer = with_pictures(plan_, std::make_unique<CountingWriter>());
  plan_.timeline.frames = 33;
  write_frames(*writer);
  writer->finish();
  const RgbPicture sheet = read_png(path("sheet.png"));
  EXPECT_THAT(pixel(sheet, 4 + 3 * 68, 4 + 3 * 36), ElementsAre(32, 100, 100));
}

TEST_F(Pictures, AClipThatIsShorterThanItSaysHasAThumbnailAndAShorterSheet) {
  plan_.timeline.frames = 1;
  plan_.request.verb = "extend";
  plan_.inputs.video.emplace();
  plan_.inputs.video->duration = 1000;
  plan_.request.contact_sheet = path("sheet.png");
  plan_.request.thumbnail = path("thumbnail.png");
  const auto writer = with_pictures(plan_, std::make_unique<CountingWriter>());
  plan_.timeline.frames = 3;
  write_frames(*writer);
  writer->finish();
  EXPECT_EQ(pixel(read_png(path("thumbnail.png")), 5, 5)[0], 0);
  EXPECT_EQ(pixel(read_png(path("sheet.png")), 4, 4)[0], 0);
}

TEST_F(Pictures, AThumbnailIsTheMiddleFrameUnlessAnotherShowsMore) {
  plan_.timeline.frames = 33;
  plan_.request.overwrite = true;
  plan_.request.thumbnail = path("thumbnail.png");
  const auto red_of_thumbnail = [&](int detailed) {
    const auto writer = with_pictures(plan_, std::make_unique<CountingWriter>());
    write_frames(*writer, detailed);
    writer->finish();
    return pixel(read_png(path("thumbnail.png")), 5, 5)[0];
  };
  EXPECT_EQ(red_of_thumbnail(16), 16);
  EXPECT_EQ(red_of_thumbnail(8), 8);
}

TEST_F(Pictures, AStillIsItsOwnSheetAndThumbnail) {
  plan_.timeline.frames = 1;
  plan_.request.contact_sheet = path("sheet.png");
  plan_.request.thumbnail = path("thumbnail.png");
  const auto writer = with_pictures(plan_, std::make_unique<CountingWriter>());
  write_frames(*writer);
  writer->finish();
  for (const char* name : {"sheet.png", "thumbnail.png"}) {
    const RgbPicture picture = read_png(path(name));
    EXPECT_EQ(picture.width, 64);
    EXPECT_EQ(picture.height, 32);
    EXPECT_THAT(pixel(picture, 0, 0), ElementsAre(0, 100, 100));
  }
}

TEST_F(Pictures, NothingIsLeftOfARunThatFails) {
  plan_.timeline.frames = 4;
  plan_.request.contact_sheet = path("sheet.jpg");
  plan_.request.thumbnail = path("thumbnail.webp");
  {
    const auto writer = with_pictures(plan_, std::make_unique<CountingWriter>(true));
    write_frames(*writer);
    EXPECT_THROW(writer->finish(), Error);
  }
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(Pictures, ANameThatCannotBeWrittenIsFoundBeforeTheFirstFrame) {
  plan_.timeline.frames = 4;
  plan_.request.contact_sheet = path("no such folder/sheet.jpg");
  EXPECT_THROW(with_pictures(plan_, std::make_unique<CountingWriter>()), Error);
}

TEST_F(Pictures, ANamedPipeThatNobodyReadsDoesNotHoldUpAStop) {
  plan_.timeline.frames = 4;
  plan_.request.thumbnail = path("pipe.png");
  ASSERT_EQ(::mkfifo(plan_.request.thumbnail->c_str(), 0600), 0);
  Destination like;
  like.stop = [] { return true; };
  EXPECT_THROW(with_pictures(plan_, std::make_unique<CountingWriter>(), like), Error);
}

}  // namespace
}  // namespace sora
