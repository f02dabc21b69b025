#include "media/filter/avfilter_library.h"

#include <string>

#include "core/shared_library.h"
#include "sora/error.h"

extern "C" {
#include <libavutil/macros.h>
}

namespace sora {
namespace {

constexpr const char* kName = "libavfilter.so." AV_STRINGIFY(LIBAVFILTER_VERSION_MAJOR);
constexpr const char* kPackage = "libavfilter" AV_STRINGIFY(LIBAVFILTER_VERSION_MAJOR);

[[noreturn]] void missing(const std::string& reason) {
  throw Error(ErrorKind::unavailable, "media",
              "libavfilter, which turns pictures and makes GIFs, cannot be opened: " + reason +
                  "; install it, on Debian with: apt-get install " + kPackage);
}

AvfilterLibrary load() {
  const SharedLibrary library({kName}, missing);
  AvfilterLibrary found;
  library.find("avfilter_graph_alloc", found.graph_alloc);
  library.find("avfilter_graph_free", found.graph_free);
  library.find("avfilter_graph_parse2", found.graph_parse);
  library.find("avfilter_graph_config", found.graph_config);
  library.find("avfilter_graph_get_filter", found.graph_get_filter);
  library.find("avfilter_inout_free", found.inout_free);
  library.find("av_buffersrc_add_frame_flags", found.add_frame);
  library.find("av_buffersink_get_frame", found.get_frame);
  return found;
}

}  // namespace

const AvfilterLibrary& avfilter_library() {
  static const AvfilterLibrary library = load();
  return library;
}

}  // namespace sora
