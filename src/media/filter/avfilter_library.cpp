#include "media/filter/avfilter_library.h"

#include <dlfcn.h>

#include <string>

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

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr) missing(std::string("it has no ") + name);
}

AvfilterLibrary load() {
  void* library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    missing(reason != nullptr ? reason : "not found");
  }
  AvfilterLibrary found;
  find(library, "avfilter_graph_alloc", found.graph_alloc);
  find(library, "avfilter_graph_free", found.graph_free);
  find(library, "avfilter_graph_parse2", found.graph_parse);
  find(library, "avfilter_graph_config", found.graph_config);
  find(library, "avfilter_graph_get_filter", found.graph_get_filter);
  find(library, "avfilter_inout_free", found.inout_free);
  find(library, "av_buffersrc_add_frame_flags", found.add_frame);
  find(library, "av_buffersink_get_frame", found.get_frame);
  return found;
}

}  // namespace

const AvfilterLibrary& avfilter_library() {
  static const AvfilterLibrary library = load();
  return library;
}

}  // namespace sora
