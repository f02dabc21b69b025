#include "net/hub/listing.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostFiles = 10'000;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 50;
constexpr std::size_t kDeepest = 6;  // folders
constexpr std::size_t kLongestPath = 1000;
constexpr JsonLimits kLimits{64 << 20, 1'000'000};

[[noreturn]] void bad(const std::string& what, const std::string& message) {
  throw Error(ErrorKind::data, "pull", what + ": " + message);
}

Json parsed(const std::string& text, const std::string& what) {
  Json json;
  if (const JsonFault fault = parse_json(text, json, kLimits))
    bad(what, "the hub's answer " + fault.message + "; is HF_ENDPOINT a hub?");
  return json;
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_hexadecimal(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A relative path that stays in its folder, of visible characters.
bool stays_inside(const std::string& path) {
  if (path.empty() || path.size() > kLongestPath || !is_utf8(path) || path.find('\\') != std::string::npos)
    return false;
  if (one_line(path, path.size()) != path) return false;
  std::size_t parts = 0;
  for (std::size_t begin = 0; begin <= path.size(); ++parts) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    begin = end + 1;
  }
  return parts <= kDeepest;
}

bool ends_with_any(const std::string& name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](auto ending) { return name.ends_with(ending); });
}

bool is_wanted(const std::string& path) {
  const bool hidden = path.front() == '.' || path.find("/.") != std::string::npos;
  const std::string name = path.substr(path.rfind('/') + 1);
  return !hidden &&
         (ends_with_any(name, {".safetensors", ".json", ".model", ".txt"}) || name.starts_with("LICENSE"));
}

bool is_pickle(const std::string& path) {
  return ends_with_any(path, {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"});
}

// What is listed of a file; large ones have their true size and hash apart.
HubFile read_file(const Json& entry, const std::string& what) {
  HubFile file;
  file.path = text_of(entry, "path");
  const auto lfs = entry.find("lfs");
  file.by_git = lfs == entry.end() || !lfs->is_object();
  const Json& facts = file.by_git ? entry : *lfs;
  file.digest = text_of(facts, "oid");
  const auto size = facts.find("size");
  const bool has_size =
      size != facts.end() && size->is_number_unsigned() && size->get<std::uint64_t>() < kLargestFile;
  if (!has_size || !is_hexadecimal(file.digest, file.by_git ? 40 : 64))
    bad(what, "the hub lists " + excerpt(file.path) + " without a size and a hash that could be");
  file.bytes = size->get<std::uint64_t>();
  return file;
}

}  // namespace

std::string read_commit(const std::string& json, const std::string& what) {
  const std::string commit = text_of(parsed(json, what), "sha");
  if (!is_hexadecimal(commit, 40)) bad(what, "the hub names no commit; is HF_ENDPOINT a hub?");
  return commit;
}

void read_page(const std::string& json, const std::string& what, HubListing& listing) {
  const Json page = parsed(json, what);
  if (!page.is_array()) bad(what, "the hub's list of files is no list; is HF_ENDPOINT a hub?");
  for (const Json& entry : page) {
    if (text_of(entry, "type") != "file") continue;
    const std::string path = text_of(entry, "path");
    if (!stays_inside(path))
      bad(what,
          "the hub lists a file called \"" + excerpt(path) + "\", which no model has; nothing was fetched");
    listing.pickles += is_pickle(path);
    if (!is_wanted(path)) {
      ++listing.others;
      continue;
    }
    HubFile file = read_file(entry, what);
    const bool twice = std::any_of(listing.files.begin(), listing.files.end(),
                                   [&](const HubFile& other) { return other.path == file.path; });
    if (twice) bad(what, "the hub lists " + excerpt(path) + " twice");
    listing.files.push_back(std::move(file));
    if (listing.files.size() > kMostFiles) bad(what, "the hub lists over 10000 files");
  }
}

}  // namespace sora
