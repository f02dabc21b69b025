#include "net/curl_library.h"

#include <dlfcn.h>

#include <string>

#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void missing(const std::string& reason) {
  throw Error(
      ErrorKind::unavailable, "network",
      "libcurl cannot be opened: " + reason + "; install it, on Debian with: apt-get install libcurl4");
}

void* open_library() {
  for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
    if (void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return handle;
  }
  const char* reason = ::dlerror();
  missing(reason != nullptr ? reason : "not found");
}

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr) missing(std::string("it has no ") + name);
}

CurlLibrary load() {
  void* library = open_library();
  CurlLibrary curl;
  find(library, "curl_global_init", curl.global_init);
  find(library, "curl_easy_init", curl.easy_init);
  find(library, "curl_easy_setopt", curl.easy_setopt);
  find(library, "curl_easy_perform", curl.easy_perform);
  find(library, "curl_easy_getinfo", curl.easy_getinfo);
  find(library, "curl_easy_strerror", curl.easy_strerror);
  find(library, "curl_easy_cleanup", curl.easy_cleanup);
  find(library, "curl_slist_append", curl.slist_append);
  find(library, "curl_slist_free_all", curl.slist_free_all);
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) missing("it cannot be started");
  return curl;
}

}  // namespace

const CurlLibrary& curl_library() {
  static const CurlLibrary curl = load();
  return curl;
}

}  // namespace sora
