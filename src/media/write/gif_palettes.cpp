#include "media/write/gif_palettes.h"

#include <algorithm>

namespace sora {
namespace {

constexpr const char* kFilters =
    "split[a][b];[a]palettegen=stats_mode=full[palette];[b][palette]paletteuse=dither=sierra2_4a";

}  // namespace

GifPalettes::GifPalettes(int width, int height, std::size_t most_bytes)
    : width_(width),
      height_(height),
      most_frames_(std::max<std::size_t>(
          1, most_bytes / (4 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height)))) {}

void GifPalettes::add(AVFrame& frame, const Take& take) {
  if (!graph_) graph_ = std::make_unique<FilterGraph>(kFilters, width_, height_, kFormat, AV_PIX_FMT_PAL8);
  graph_->send(&frame);
  if (++frames_ == most_frames_) finish(take);
}

void GifPalettes::finish(const Take& take) {
  if (!graph_) return;
  graph_->send(nullptr);
  while (av::FramePtr frame = graph_->receive()) take(*frame);
  graph_.reset();
  frames_ = 0;
}

}  // namespace sora
