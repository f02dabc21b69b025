// libcurl, opened when something is first fetched: a program that is linked to it starts 10 ms later, for
// some thirty further libraries, and most runs fetch nothing.
#pragma once

#include <curl/curl.h>

namespace sora {

/// The functions of libcurl that are used here, by their own names without "curl_".
struct CurlLibrary {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

/// Opens libcurl.so.4, of OpenSSL or else of GnuTLS. Throws Error (unavailable) where neither is installed.
const CurlLibrary& curl_library();

}  // namespace sora
