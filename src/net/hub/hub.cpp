#include "net/hub/hub.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/ascii.h"
#include "core/file.h"
#include "core/text.h"
#include "net/hub/listing.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr int kMostRedirects = 10;
constexpr std::uint64_t kMostListing = 64 << 20;  // bytes of an answer of the hub
constexpr int kMostPages = 1000;
constexpr int kListingSeconds = 120;  // for a page of it

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Where huggingface_hub keeps the token of `hf auth login`.
fs::path token_file() {
  if (const std::string path = variable("HF_TOKEN_PATH"); !path.empty()) return path;
  if (const std::string home = variable("HF_HOME"); !home.empty()) return fs::path(home) / "token";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface/token";
  const std::string home = variable("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".cache/huggingface/token";
}

std::string read_token() {
  std::string token = trimmed(variable("HF_TOKEN"));
  std::error_code code;
  if (token.empty() && fs::is_regular_file(token_file(), code))
    token = trimmed(read_text(token_file(), "pull", 4096));
  if (!token.empty() && !is_token(token))
    throw Error(ErrorKind::usage, "pull",
                "HF_TOKEN holds characters that no token has, such as a line break");
  return token;
}

// A name in an address; slashes stay.
std::string quoted(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool plain =
        is_ascii_letter(c) || is_ascii_digit(c) || std::string("-_.~/").find(c) != std::string::npos;
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += "0123456789ABCDEF"[byte >> 4];
      result += "0123456789ABCDEF"[byte & 15];
    }
  }
  return result;
}

}  // namespace

Hub::Hub(std::function<bool()> stop) : endpoint_(variable("HF_ENDPOINT")), stop_(std::move(stop)) {
  if (endpoint_.empty()) endpoint_ = "https://huggingface.co";
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
  const auto address = parse_address(endpoint_);
  if (!address || address->path.find_first_of("?#") != std::string::npos) {
    throw Error(ErrorKind::usage, "pull", "HF_ENDPOINT is no address of the kind https://huggingface.co");
  }
  address_ = *address;
  const std::string offline = ascii_lower(variable("HF_HUB_OFFLINE"));
  if (offline == "1" || offline == "true" || offline == "yes" || offline == "on")
    throw Error(ErrorKind::unavailable, "pull",
                "HF_HUB_OFFLINE is set, and fetching needs the network; unset it");
  token_ = read_token();
}

// A token goes to the hub alone, through encryption or on this machine.
HttpRequest Hub::request_for(const std::string& url) const {
  HttpRequest request;
  request.url = url;
  const auto address = parse_address(url);
  if (!address) throw Error(ErrorKind::data, "pull", excerpt(url) + " is no address that a hub gives");
  if (address->origin == address_.origin && is_private(*address)) request.secret = token_;
  request.redirects = kMostRedirects;
  request.stop = stop_;
  return request;
}

void Hub::fail(const std::string& what, const HttpAnswer& answer) const {
  const std::string status = std::to_string(answer.status);
  using Fault = HttpAnswer::Fault;
  if (answer.fault == Fault::stopped)
    throw Error(ErrorKind::interrupted, "pull", "interrupted; run it again to go on from there");
  if (answer.status == 401 || answer.status == 403) {
    throw Error(ErrorKind::refused, "pull",
                what + ": " + address_.origin + " wants to know who asks (status " + status +
                    "); is the name right? Accept the model's terms on its page, and set HF_TOKEN");
  }
  if (answer.status == 404)
    throw Error(ErrorKind::no_input, "pull", what + ": there is no such thing at " + address_.origin);
  if (answer.fault == Fault::too_large) throw Error(ErrorKind::data, "pull", what + ": " + answer.problem);
  const std::string problem = answer.problem.empty() ? "status " + status : answer.problem;
  throw Error(ErrorKind::io, "pull", what + ": " + problem + "; run it again to go on");
}

HttpAnswer Hub::ask(const std::string& url, const std::string& what) const {
  HttpRequest request = request_for(url);
  request.most_bytes = kMostListing;
  request.seconds = kListingSeconds;
  HttpAnswer answer = http(request);
  if (answer.fault != HttpAnswer::Fault::none || answer.status != 200) fail(what, answer);
  return answer;
}

HubListing Hub::listing(const std::string& repository, const std::string& revision) const {
  const std::string base = endpoint_ + "/api/models/" + quoted(repository);
  std::string branch = quoted(revision);
  for (std::size_t at; (at = branch.find('/')) != std::string::npos;) branch.replace(at, 1, "%2F");
  HubListing listing;
  listing.repository = repository;
  listing.commit = read_commit(ask(base + "/revision/" + branch, repository).body, repository);
  std::string page = base + "/tree/" + listing.commit + "?recursive=true";
  for (int pages = 0; !page.empty(); ++pages) {
    if (pages == kMostPages)
      throw Error(ErrorKind::data, "pull", repository + ": the hub's list of files does not end");
    const HttpAnswer answer = ask(page, repository);
    read_page(answer.body, repository, listing);
    page = answer.next.starts_with('/') ? address_.origin + answer.next : answer.next;
  }
  return listing;
}

HttpRequest Hub::file_request(const HubListing& listing, const HubFile& file, std::uint64_t begin) const {
  HttpRequest request = request_for(endpoint_ + "/" + quoted(listing.repository) + "/resolve/" +
                                    listing.commit + "/" + quoted(file.path));
  request.begin = begin;
  request.most_bytes = file.bytes - begin;  // a server that sends more than it lists would fill the disk
  return request;
}

}  // namespace sora
