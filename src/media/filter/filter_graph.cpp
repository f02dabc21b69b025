#include "media/filter/filter_graph.h"

#include "media/filter/avfilter_library.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace sora {
namespace {

void check(int code, const std::string& filters) {
  if (code >= 0) return;
  throw Error(code == AVERROR(ENOMEM) ? ErrorKind::unavailable : ErrorKind::internal, "media",
              "libavfilter failed in \"" + filters + "\": " + av::error_text(code));
}

}  // namespace

void FilterGraph::Releaser::operator()(AVFilterGraph* graph) const { avfilter_library().graph_free(&graph); }

FilterGraph::FilterGraph(const std::string& filters, int width, int height, AVPixelFormat format,
                         AVPixelFormat out_format) {
  const AvfilterLibrary& library = avfilter_library();
  graph_.reset(av::allocated(library.graph_alloc()));
  graph_->nb_threads = 1;
  const std::string description =
      "buffer@in=width=" + std::to_string(width) + ":height=" + std::to_string(height) +
      ":pix_fmt=" + av_get_pix_fmt_name(format) + ":time_base=1/1:pixel_aspect=1/1," + filters +
      ",format=pix_fmts=" + av_get_pix_fmt_name(out_format) + ",buffersink@out";
  AVFilterInOut* inputs = nullptr;
  AVFilterInOut* outputs = nullptr;
  const int parsed = library.graph_parse(graph_.get(), description.c_str(), &inputs, &outputs);
  library.inout_free(&inputs);
  library.inout_free(&outputs);
  check(parsed, filters);
  check(library.graph_config(graph_.get(), nullptr), filters);
  source_ = library.graph_get_filter(graph_.get(), "buffer@in");
  sink_ = library.graph_get_filter(graph_.get(), "buffersink@out");
  if (source_ == nullptr || sink_ == nullptr) check(AVERROR_FILTER_NOT_FOUND, filters);
}

void FilterGraph::send(AVFrame* frame) {
  check(avfilter_library().add_frame(source_, frame, AV_BUFFERSRC_FLAG_KEEP_REF), "buffer");
}

av::FramePtr FilterGraph::receive() {
  av::FramePtr frame(av::allocated(av_frame_alloc()));
  const int code = avfilter_library().get_frame(sink_, frame.get());
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return nullptr;
  check(code, "buffersink");
  return frame;
}

}  // namespace sora
