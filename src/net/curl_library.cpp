#include "net/curl_library.h"

#include <string>

#include "core/shared_library.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void missing(const std::string& reason) {
  throw Error(
      ErrorKind::unavailable, "network",
      "libcurl cannot be opened: " + reason + "; install it, on Debian with: apt-get install libcurl4");
}

CurlLibrary load() {
  const SharedLibrary library({"libcurl.so.4", "libcurl-gnutls.so.4"}, missing);
  CurlLibrary curl;
  library.find("curl_global_init", curl.global_init);
  library.find("curl_easy_init", curl.easy_init);
  library.find("curl_easy_setopt", curl.easy_setopt);
  library.find("curl_easy_perform", curl.easy_perform);
  library.find("curl_easy_getinfo", curl.easy_getinfo);
  library.find("curl_easy_strerror", curl.easy_strerror);
  library.find("curl_easy_cleanup", curl.easy_cleanup);
  library.find("curl_slist_append", curl.slist_append);
  library.find("curl_slist_free_all", curl.slist_free_all);
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) missing("it cannot be started");
  return curl;
}

}  // namespace

const CurlLibrary& curl_library() {
  static const CurlLibrary curl = load();
  return curl;
}

}  // namespace sora
