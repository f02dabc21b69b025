#include "net/http.h"

#include <algorithm>
#include <array>
#include <exception>
#include <memory>

#include "core/text.h"
#include "net/curl_library.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kMostOfError = 64 << 10;  // bytes of the body of an answer that is an error
constexpr std::size_t kMostHeaders = 256 << 10;
constexpr long kConnectSeconds = 20;
constexpr long kSlowest = 1000, kPatience = 60;  // bytes a second, and for how many seconds that is borne

struct Transfer {
  const CurlLibrary& curl;
  const HttpRequest& request;
  CURL* handle;
  HttpAnswer answer;
  std::uint64_t bytes = 0;  // of the body
  std::size_t header_bytes = 0;
  std::exception_ptr thrown;  // by the sink; not to pass through C

  int status() const {
    long status = 0;
    curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  bool take(std::string_view piece) {
    bytes += piece.size();
    const int now = status();
    const bool wanted = now == 200 || now == 206;
    if (!wanted) {
      answer.body.append(piece.substr(0, kMostOfError - std::min(answer.body.size(), kMostOfError)));
      return true;
    }
    if (bytes > request.most_bytes) {
      answer.fault = HttpAnswer::Fault::too_large;
      return false;
    }
    if (!request.sink) {
      answer.body.append(piece);
      return true;
    }
    try {
      request.sink(piece);
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
    return true;
  }

  bool header(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > kMostHeaders) {
      answer.fault = HttpAnswer::Fault::too_large;
      return false;
    }
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) answer.location.clear(), answer.next.clear();  // of the answer before it
    if (colon == std::string_view::npos) return true;
    const std::string name = ascii_lower(std::string(line.substr(0, colon)));
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (name == "location") answer.location = value;
    if (name == "link") {
      const std::size_t open = value.find('<'), close = value.find('>');
      if (open == 0 && close != std::string_view::npos &&
          value.find("rel=\"next\"", close) != std::string_view::npos)
        answer.next = value.substr(1, close - 1);
    }
    return true;
  }
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->take({data, size * count}) ? size * count : 0;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->header({data, size * count}) ? size * count : 0;
}

int on_progress(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& stop = static_cast<Transfer*>(transfer)->request.stop;
  return stop && stop() ? 1 : 0;
}

// Calls of easy_setopt() go through a pointer, so that each value must have the very type that is expected.
void set_limits(const CurlLibrary& curl, CURL* handle, const HttpRequest& request) {
  const auto number = [&](CURLoption option, long value) { curl.easy_setopt(handle, option, value); };
  const bool encrypted = request.url.starts_with("https");
#if LIBCURL_VERSION_NUM >= 0x075500  // 7.85
  curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, encrypted ? "https" : "http");
  curl.easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, encrypted ? "https" : "http,https");
#else
  number(CURLOPT_PROTOCOLS, encrypted ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
  number(CURLOPT_REDIR_PROTOCOLS, encrypted ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
  number(CURLOPT_FOLLOWLOCATION, request.redirects > 0 ? 1 : 0);
  number(CURLOPT_MAXREDIRS, request.redirects);
  number(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  number(CURLOPT_NOSIGNAL, 1);
  number(CURLOPT_NETRC, CURL_NETRC_IGNORED);
  number(CURLOPT_NOPROGRESS, 0);
  if (request.seconds > 0) {
    number(CURLOPT_TIMEOUT, request.seconds);
  } else {
    number(CURLOPT_LOW_SPEED_LIMIT, kSlowest);
    number(CURLOPT_LOW_SPEED_TIME, kPatience);
  }
}

HttpAnswer::Fault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpAnswer::Fault::none;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpAnswer::Fault::too_slow;
    case CURLE_ABORTED_BY_CALLBACK:
      return HttpAnswer::Fault::stopped;
    case CURLE_RANGE_ERROR:
    case CURLE_BAD_DOWNLOAD_RESUME:
      return HttpAnswer::Fault::no_ranges;
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_UNSUPPORTED_PROTOCOL:  // of a redirect; that of the address itself was looked at before
      return HttpAnswer::Fault::redirect;
    default:
      return HttpAnswer::Fault::connection;
  }
}

std::string problem_of(const Transfer& transfer, CURLcode code, const char* said) {
  switch (transfer.answer.fault) {
    case HttpAnswer::Fault::none:
      return {};
    case HttpAnswer::Fault::too_large:
      return "the answer is over " + bytes_text(transfer.request.most_bytes);
    case HttpAnswer::Fault::redirect:
      return "it sends on to " + excerpt(transfer.answer.location) + ", which is not followed";
    default:
      return one_line(*said != '\0' ? said : transfer.curl.easy_strerror(code), kLongestExcerpt * 2);
  }
}

}  // namespace

HttpAnswer http(const HttpRequest& request) {
  if (!parse_address(request.url))
    throw Error(ErrorKind::usage, "network",
                excerpt(request.url) + " is no address of the kind https://host/path");
  const CurlLibrary& curl = curl_library();
  const std::unique_ptr<CURL, decltype(curl.easy_cleanup)> owner(curl.easy_init(), curl.easy_cleanup);
  CURL* handle = owner.get();
  if (handle == nullptr) throw Error(ErrorKind::unavailable, "network", "libcurl has not enough memory");
  Transfer transfer{curl, request, handle, {}, 0, 0, {}};
  std::array<char, CURL_ERROR_SIZE> said{};
  curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, said.data());
  curl.easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl.easy_setopt(handle, CURLOPT_USERAGENT, "sora-gen/" SORA_GEN_VERSION);
  curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
  curl.easy_setopt(handle, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
  curl.easy_setopt(handle, CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  curl.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl.easy_setopt(handle, CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
  set_limits(curl, handle, request);
  if (request.post) {
    curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.post->size()));
    curl.easy_setopt(handle, CURLOPT_POSTFIELDS, request.post->c_str());
  }
  if (request.begin > 0)
    curl.easy_setopt(handle, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(request.begin));
  if (!request.secret.empty()) {  // not as a header, which would go along with a redirect to elsewhere
    curl.easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl.easy_setopt(handle, CURLOPT_XOAUTH2_BEARER, request.secret.c_str());
  }
  curl_slist* list = nullptr;
  for (const std::string& header : request.headers) list = curl.slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> headers(list, curl.slist_free_all);
  if (list != nullptr) curl.easy_setopt(handle, CURLOPT_HTTPHEADER, list);

  const CURLcode code = curl.easy_perform(handle);
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  transfer.answer.status = transfer.status();
  if (transfer.answer.fault == HttpAnswer::Fault::none) transfer.answer.fault = fault_of(code);
  transfer.answer.problem = problem_of(transfer, code, said.data());
  return transfer.answer;
}

std::optional<HttpAddress> parse_address(const std::string& url) {
  HttpAddress address;
  const std::size_t colon = url.find("://");
  if (colon == std::string::npos) return {};
  address.scheme = ascii_lower(url.substr(0, colon));
  if (address.scheme != "http" && address.scheme != "https") return {};
  const bool visible = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible || url.find_first_of("\"\\<>^`{|}") != std::string::npos) return {};
  const std::size_t begin = colon + 3, end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string place = ascii_lower(url.substr(begin, end - begin));
  if (place.empty() || place.find('@') != std::string::npos) return {};
  const std::size_t port = place.find(':', place.front() == '[' ? place.find(']') : 0);
  address.host = place.substr(0, port);
  if (address.host.empty()) return {};
  address.origin = address.scheme + "://" + place;
  address.path = url.substr(end);
  return address;
}

bool is_private(const HttpAddress& address) {
  return address.scheme == "https" || address.host == "localhost" || address.host == "127.0.0.1" ||
         address.host == "[::1]";
}

bool is_token(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace sora
