// edit, --reference and --control with a tiny Wan-VACE of random weights: what lies outside of a mask stays
// the clip's, pixel by pixel, and mistakes are found before any work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "error_of.h"
#include "media/read/video_reader.h"
#include "media/write/video_writer.h"
#include "pipeline/tiny_model.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Colour = std::function<int(int t, int x, int y, int c)>;
using test::expect_error;
using testing::HasSubstr;

constexpr int kWidth = 70, kHeight = 50;  // no multiples of what the network makes

class EditTest : public testing::Test {
 protected:
  EditTest() : request_(lossless_request(folder_ / "out.mkv")) {
    const fs::path model = folder_ / "vace";
    fs::create_directories(model);
    for (const char* part :
         {"model_index.json", "scheduler", "text_encoder", "tokenizer", "transformer", "vae"})
      fs::copy(test_data() / "vace" / part, model / part, fs::copy_options::recursive);
    std::ofstream(model / "sora-gen.json") << R"({"native_frames": 9, "fps": 8})";
    request_.model = model.string();
    request_.prompt = "a red ball";
    request_.no_watermark = true;
    request_.verb = "edit";
    request_.input = clip("clip.mkv", 7);
  }

  std::string video(const std::string& name, int frames, int width, int height, const Colour& colour) {
    VideoSettings settings;
    settings.width = settings.source_width = width;
    settings.height = settings.source_height = height;
    settings.fps = 8;
    settings.container = "matroska";
    settings.codec = "ffv1";
    settings.pix_fmt = "bgr0";
    const std::string path = (folder_ / name).string();
    auto writer = open_writer(settings, {path, true, 1});
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * height * 3);
    for (int t = 0; t < frames; ++t) {
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          for (int c = 0; c < 3; ++c)
            rgb[static_cast<std::size_t>((y * width + x) * 3 + c)] =
                static_cast<std::uint8_t>(colour(t, x, y, c));
        }
      }
      writer->write(rgb.data(), static_cast<std::ptrdiff_t>(width) * 3);
    }
    writer->finish();
    return path;
  }

  std::string clip(const std::string& name, int frames) {
    return video(name, frames, kWidth, kHeight, [](int t, int x, int y, int c) {
      return static_cast<int>(128 + 100 * std::sin((x - 2 * t + 9 * c + y) / 10.0));
    });
  }

  // White from x = 20 to 39 and y = 10 to 29, moved by `step` pixels each frame.
  std::string mask(const std::string& name, int frames, int step, int width = kWidth, int height = kHeight) {
    return video(name, frames, width, height, [step](int t, int x, int y, int) {
      return x >= 20 + step * t && x < 40 + step * t && y >= 10 && y < 30 ? 255 : 0;
    });
  }

  Plan plan() { return make_plan(request_); }
  std::vector<VideoFrame> made() {
    generator_.run(plan());
    return read_first(*request_.output, {}, 1000);
  }

  // Compares each frame with the clip's, where inside(t, x, y) is false; counts the others that differ.
  static void expect_kept(const std::vector<VideoFrame>& frames, const std::vector<VideoFrame>& clip,
                          int left, int top, const std::function<bool(int, int, int)>& inside) {
    ASSERT_EQ(frames.size(), clip.size());
    std::size_t changed = 0, differ = 0;
    for (std::size_t t = 0; t < clip.size(); ++t) {
      for (int y = 0; y < clip[t].height; ++y) {
        for (int x = 0; x < clip[t].width; ++x) {
          const std::uint8_t* a =
              &frames[t].rgb[static_cast<std::size_t>(((y + top) * frames[t].width + x + left) * 3)];
          const std::uint8_t* b = &clip[t].rgb[static_cast<std::size_t>((y * clip[t].width + x) * 3)];
          const bool same = std::equal(a, a + 3, b);
          (inside(static_cast<int>(t), x, y) ? changed : differ) += same ? 0 : 1;
        }
      }
    }
    EXPECT_EQ(differ, 0U) << "pixels outside of the mask";
    EXPECT_GT(changed, clip.size() * 50);
  }

  std::vector<VideoFrame> input() const { return read_first(*request_.input, {}, 1000); }

  TemporaryFolder folder_;
  Generator generator_;
  Request request_;
};

TEST_F(EditTest, OutsideOfAMovingMaskTheFileHasTheClipsPixels) {
  request_.mask = mask("mask.mkv", 7, 3);
  expect_kept(made(), input(), 0, 0,
              [](int t, int x, int y) { return x >= 20 + 3 * t && x < 40 + 3 * t && y >= 10 && y < 30; });
  request_.no_composite = true;
  const auto frames = made(), clip = input();
  EXPECT_FALSE(std::equal(frames[0].rgb.begin(), frames[0].rgb.begin() + 30, clip[0].rgb.begin()));
}

TEST_F(EditTest, ABoxIsMadeAnewInItsTime) {
  request_.box = {"4,6,20,30@0.25-0.625"};  // frames 2, 3 and 4 at 8 a second
  expect_kept(made(), input(), 0, 0,
              [](int t, int x, int y) { return t >= 2 && t < 5 && x >= 4 && x < 24 && y >= 6 && y < 36; });
}

TEST_F(EditTest, ALongClipIsMadeInWindows) {
  request_.input = clip("long.mkv", 21);
  request_.mask = mask("mask.mkv", 21, 1);
  EXPECT_GT(plan().timeline.windows.size(), 1U);
  expect_kept(made(), input(), 0, 0,
              [](int t, int x, int y) { return x >= 20 + t && x < 40 + t && y >= 10 && y < 30; });
}

TEST_F(EditTest, TheFrameGrowsAroundAClip) {
  request_.outpaint = "96x60";
  const auto frames = made();
  ASSERT_EQ(frames.front().width, 96);
  ASSERT_EQ(frames.front().height, 60);
  expect_kept(frames, input(), 13, 5, [](int, int x, int y) {  // a pixel of blending at the clip's edge
    return x < 1 || y < 1 || x >= kWidth - 1 || y >= kHeight - 1;
  });
  request_.outpaint = "16:9";
  EXPECT_EQ(plan().picture.width, 90);
  EXPECT_EQ(plan().picture.height, 50);
}

TEST_F(EditTest, ALargeClipKeepsItsPixelsWhereTheNetworkMakesASmallerOne) {
  std::ofstream(fs::path(request_.model) / "sora-gen.json")
      << R"({"native_frames": 9, "fps": 8, "native_width": 48, "native_height": 32})";
  request_.box = {"10,10,30,30"};
  EXPECT_TRUE(plan().picture.enlarged);
  expect_kept(made(), input(), 0, 0,
              [](int, int x, int y) { return x >= 10 && x < 40 && y >= 10 && y < 40; });
}

TEST_F(EditTest, WrongMasksAreErrorsOfTheirFiles) {
  request_.mask = mask("small.mkv", 7, 0, 64, 48);
  expect_error([&] { plan(); }, ErrorKind::data, "is 64x48, expected 70x50, the size of");
  request_.mask = video("black.mkv", 2, kWidth, kHeight, [](int, int, int, int) { return 0; });
  expect_error([&] { plan(); }, ErrorKind::data, "has no white in it");
  request_.mask = video("white.mkv", 2, kWidth, kHeight, [](int, int, int, int) { return 255; });
  expect_error([&] { plan(); }, ErrorKind::data, "is all white");
}

TEST_F(EditTest, WrongBoxesAndFramesAreErrorsOfUsage) {
  const auto box = [&](const std::string& text, const std::string& message) {
    request_.box = {text};
    expect_error([&] { plan(); }, ErrorKind::usage, message);
  };
  box("60,10,20,20", "reaches beyond the picture, which is 70x50");
  box("2147483647,10,20,20", "reaches beyond the picture");
  box("0,0,70,50", "covers the whole picture all the time");
  box("1,2,3", "is no box, expected X,Y,W,H");
  box("1,2,0,3", "has no area");
  box("1,2,3,4@9", "has no frame of the video");
  box("1,2,3,4@2-1", "ends before it begins");
  box("1,2,3,4@x", "has the time \"x\"");
  request_.box.clear();
  expect_error([&] { plan(); }, ErrorKind::usage, "edit needs what is to be made anew");
  request_.outpaint = "7:5";
  expect_error([&] { plan(); }, ErrorKind::usage, "has that shape already");
  request_.outpaint = "wide";
  expect_error([&] { plan(); }, ErrorKind::usage, "expected an aspect such as 16:9");
}

TEST_F(EditTest, AModelWithoutAControlBranchSaysWhatIsNeeded) {
  request_.mask = mask("mask.mkv", 7, 0);
  request_.model = (test_data() / "pipeline/wan21").string();
  expect_error([&] { plan(); }, ErrorKind::usage, "edit needs a model with a control branch (VACE)");
  request_.verb = "generate";
  request_.input.reset();
  request_.mask.reset();
  request_.reference = {"face.png"};
  expect_error([&] { plan(); }, ErrorKind::usage, "--reference needs a model with a control branch (VACE)");
}

TEST_F(EditTest, AControlVideoGivesSizeRateAndLength) {
  request_.verb = "generate";
  request_.control = *request_.input;
  request_.control_kind = "edges";
  request_.input.reset();
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.picture.width, kWidth);
  EXPECT_EQ(plan.timeline.frames, 7);
  EXPECT_EQ(plan.timeline.model_fps, 8);
  EXPECT_EQ(made().size(), 7U);
  request_.reference = std::vector<std::string>(5, *request_.control);
  expect_error([&] { make_plan(request_); }, ErrorKind::usage, "--reference is given 5 times");
}

TEST_F(EditTest, OtherVerbsWorkWithSuchAModel) {
  const std::string picture = clip("picture.mkv", 1);
  request_.verb = "animate";
  request_.image = picture;
  request_.input.reset();
  request_.frames = 12;
  request_.res = "64x48";
  EXPECT_EQ(made().size(), 12U);
  request_.image.reset();
  request_.res.reset();
  request_.verb = "extend";
  request_.input = clip("clip.mkv", 7);
  request_.frames = 5;
  EXPECT_EQ(made().size(), 12U);
}

}  // namespace
}  // namespace sora
