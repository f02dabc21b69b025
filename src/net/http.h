// One HTTP request, with a limit on everything that the other end decides: size, time, redirects, protocols.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sora {

struct HttpRequest {
  std::string url;                     ///< http:// or https://
  std::vector<std::string> headers;    ///< "Accept: application/json"
  std::optional<std::string> post;     ///< a body to send; else it is a GET
  std::string secret;                  ///< a bearer token; it goes to the host of `url` alone
  int redirects = 0;                   ///< how many are followed; more are an error
  std::uint64_t most_bytes = 1 << 20;  ///< of the answer
  int seconds = 0;                     ///< for all of it; 0: as long as bytes keep coming
  std::uint64_t begin = 0;             ///< the first byte that is wanted

  /// Takes the body piece by piece, of an answer with status 200 or 206 alone; empty: HttpAnswer::body has
  /// it.
  std::function<void(std::string_view piece)> sink;
  std::function<bool()> stop;  ///< asked now and then; true ends the transfer
};

struct HttpAnswer {
  /// What went wrong on the way, in which case the rest may be half: no connection, one that ended early,
  /// a limit that was passed, a server that cannot begin in the middle.
  enum class Fault { none, connection, too_large, too_slow, redirect, stopped, no_ranges };
  Fault fault = Fault::none;
  std::string problem;  ///< in words; empty when there is none

  int status = 0;        ///< 0: there was no answer
  std::string body;      ///< of an error, its first 64 kB
  std::string location;  ///< of a redirect that was not followed
  std::string next;      ///< the address in a header Link with rel="next"
};

/// Sends the request and reads the answer. Throws Error: usage for an address that is none, unavailable where
/// libcurl is not installed, and whatever the sink throws. All else is told in the answer.
HttpAnswer http(const HttpRequest& request);

/// The parts of an address, lower-case but for the path. Nothing where it is no http:// or https:// address
/// of visible ASCII characters, or has a user's name in it.
struct HttpAddress {
  std::string scheme;  ///< http or https
  std::string host;    ///< without the port
  std::string origin;  ///< scheme://host[:port], for messages and to compare
  std::string path;    ///< from the first slash after it; may be empty
};
std::optional<HttpAddress> parse_address(const std::string& url);

/// Whether a secret may go there: encrypted, or to this machine.
bool is_private(const HttpAddress& address);

/// A token as it may stand in a header: visible ASCII characters.
bool is_token(const std::string& text);

}  // namespace sora
