// Frames through filters of libavfilter.
#pragma once

#include <memory>
#include <string>

#include "media/av.h"

struct AVFilterContext;
struct AVFilterGraph;

namespace sora {

/// One input and one output. Frames keep their times (pts).
class FilterGraph {
 public:
  /// `filters` in ffmpeg's syntax, as in "transpose=cclock,hflip"; frames in: [height, width] of `format`,
  /// out: of `out_format`. Throws Error: unavailable where libavfilter is not installed, internal for filters
  /// that it does not take.
  FilterGraph(const std::string& filters, int width, int height, AVPixelFormat format,
              AVPixelFormat out_format);

  /// The frame is still the caller's, unchanged; nullptr ends the input.
  void send(AVFrame* frame);
  /// The next frame; null when it needs more input, or after the last one.
  av::FramePtr receive();

 private:
  struct Releaser {
    void operator()(AVFilterGraph* graph) const;
  };
  std::unique_ptr<AVFilterGraph, Releaser> graph_;
  AVFilterContext* source_ = nullptr;  // owned by the graph, as is sink_
  AVFilterContext* sink_ = nullptr;
};

}  // namespace sora
