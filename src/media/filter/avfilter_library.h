// libavfilter, opened when something is first filtered: a program that is linked to it starts 31 ms later,
// for the many libraries behind it, and most runs filter nothing.
#pragma once

#include <cstdint>  // libav wants its macros

extern "C" {
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace sora {

/// The functions of libavfilter that are used here.
struct AvfilterLibrary {
  decltype(&avfilter_graph_alloc) graph_alloc = nullptr;
  decltype(&avfilter_graph_free) graph_free = nullptr;
  decltype(&avfilter_graph_parse2) graph_parse = nullptr;
  decltype(&avfilter_graph_config) graph_config = nullptr;
  decltype(&avfilter_graph_get_filter) graph_get_filter = nullptr;
  decltype(&avfilter_inout_free) inout_free = nullptr;
  decltype(&av_buffersrc_add_frame_flags) add_frame = nullptr;
  decltype(&av_buffersink_get_frame) get_frame = nullptr;
};

/// Opens the libavfilter that belongs to the libavcodec this was built for. Throws Error (unavailable) where
/// it is not installed.
const AvfilterLibrary& avfilter_library();

}  // namespace sora
