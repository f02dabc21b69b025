#include "pipeline/frames/visible_mark.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace sora {
namespace {

// White letters on a dark ground that lets the picture through.
constexpr std::array<const char*, 7> kLetters{"         ",  //
                                              " ### ### ",  //
                                              " # #  #  ",  //
                                              " ###  #  ",  //
                                              " # #  #  ",  //
                                              " # # ### ",  //
                                              "         "};
constexpr int kColumns = 9;
constexpr int kRows = static_cast<int>(kLetters.size());
constexpr int kPartOfSide = 20;
constexpr int kSmallestSide = 2 * kColumns;

class MarkWriter final : public FrameWriter {
 public:
  MarkWriter(std::unique_ptr<FrameWriter> video, int width, int height)
      : video_(std::move(video)), width_(width), height_(height) {}

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    const auto row = static_cast<std::size_t>(width_) * 3;
    frame_.resize(row * static_cast<std::size_t>(height_));
    for (int y = 0; y < height_; ++y)
      std::memcpy(&frame_[row * static_cast<std::size_t>(y)], rgb + y * stride, row);
    draw_mark(frame_.data(), static_cast<std::ptrdiff_t>(row), width_, height_);
    video_->write(frame_.data(), static_cast<std::ptrdiff_t>(row));
  }

  void begin_sound(std::size_t index) override { video_->begin_sound(index); }
  void end_sound() override { video_->end_sound(); }
  void copy(std::size_t index) override { video_->copy(index); }
  Written finish() override { return video_->finish(); }

 private:
  std::unique_ptr<FrameWriter> video_;
  int width_, height_;
  std::vector<std::uint8_t> frame_;
};

}  // namespace

void draw_mark(std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height) {
  const int side = std::min(width, height);
  if (side < kSmallestSide) return;
  const int scale = std::max(1, side / (kPartOfSide * kRows));
  const int left = width - (kColumns + 1) * scale, top = height - (kRows + 1) * scale;
  for (int y = 0; y < kRows * scale; ++y) {
    const char* letters = kLetters.at(static_cast<std::size_t>(y / scale));
    std::uint8_t* pixel = rgb + (top + y) * stride + static_cast<std::ptrdiff_t>(left) * 3;
    for (int x = 0; x < kColumns * scale; ++x, pixel += 3) {
      const bool letter = letters[x / scale] == '#';
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(letter ? 235 : pixel[c] * 2 / 5);
    }
  }
}

std::unique_ptr<FrameWriter> with_mark(std::unique_ptr<FrameWriter> video, int width, int height) {
  return std::make_unique<MarkWriter>(std::move(video), width, height);
}

}  // namespace sora
