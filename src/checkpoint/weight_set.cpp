#include "checkpoint/weight_set.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::string_view kEnding = ".safetensors";
constexpr std::size_t kMostShards = 10'000;

// What stands in a file's name between the stem and ".safetensors": a variant, and the shard's number.
struct Name {
  std::string variant;
  int shard = 0, of = 0;  // 0: it is not a shard
};

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() && text.size() == 5 ? std::optional(value)
                                                                                     : std::nullopt;
}

// "-00001-of-00003" at the front or at the back of `text`, which it is removed from.
bool take_shard(std::string& text, Name& name) {
  constexpr std::size_t kLength = 15;
  for (const bool at_front : {true, false}) {
    if (text.size() < kLength) return false;
    const std::size_t at = at_front ? 0 : text.size() - kLength;
    const std::string_view part = std::string_view(text).substr(at, kLength);
    if (part[0] != '-' || part.substr(6, 4) != "-of-") continue;
    const auto shard = number_of(part.substr(1, 5)), of = number_of(part.substr(10, 5));
    if (!shard || !of) continue;
    name.shard = *shard;
    name.of = *of;
    text.erase(at, kLength);
    return true;
  }
  return false;
}

bool is_variant(std::string_view text) {
  return text.empty() ||
         (text.size() > 1 && text[0] == '.' && text.find_first_of("./ ", 1) == std::string_view::npos);
}

// NAME, NAME-00001-of-00003, NAME.fp16, NAME.fp16-00001-of-00003 or NAME-00001-of-00003.fp16.
std::optional<Name> parse(const std::string& file, const std::string& stem) {
  if (!file.starts_with(stem) || !file.ends_with(kEnding) || file.size() < stem.size() + kEnding.size())
    return {};
  std::string middle = file.substr(stem.size(), file.size() - stem.size() - kEnding.size());
  Name name;
  (void)take_shard(middle, name);
  if (!is_variant(middle)) return {};
  name.variant = middle.empty() ? "" : middle.substr(1);
  return name;
}

int rank_of(const std::string& variant) {
  constexpr std::array kOrder{"", "fp16", "bf16", "fp32"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), variant) - kOrder.begin());
}

struct Found {
  fs::path whole, index;
  std::map<int, fs::path> shards;
  int of = 0;
};

WeightSet set_of(const fs::path& folder, const Found& found) {
  if (!found.whole.empty()) return {{found.whole}, {}};
  if (!found.index.empty()) return {{}, found.index};
  WeightSet set;
  for (int i = 1; i <= found.of; ++i) {
    const auto shard = found.shards.find(i);
    if (shard == found.shards.end()) {
      throw Error(ErrorKind::data, "checkpoint",
                  folder.string() + ": has " + std::to_string(found.shards.size()) + " of " +
                      std::to_string(found.of) + " shards; number " + std::to_string(i) +
                      " is missing, copy it again");
    }
    set.files.push_back(shard->second);
  }
  return set;
}

}  // namespace

WeightSet find_weights(const fs::path& folder, const std::string& stem) {
  std::map<std::pair<int, std::string>, Found> variants;
  const auto at = [&](const std::string& variant) -> Found& { return variants[{rank_of(variant), variant}]; };
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const std::string file = entry.path().filename().string();
    // diffusers puts the variant behind "index".
    const std::string index = stem + std::string(kEnding) + ".index";
    if (file.starts_with(index) && file.ends_with(".json")) {
      const std::string middle = file.substr(index.size(), file.size() - index.size() - 5);
      if (is_variant(middle)) at(middle.empty() ? "" : middle.substr(1)).index = entry.path();
      continue;
    }
    const auto name = parse(file, stem);
    if (!name) continue;
    if (name->of == 0) {
      at(name->variant).whole = entry.path();
    } else if (name->shard >= 1 && name->shard <= name->of && name->of <= static_cast<int>(kMostShards)) {
      Found& found = at(name->variant);
      found.shards[name->shard] = entry.path();
      found.of = std::max(found.of, name->of);
    }
  }
  return variants.empty() ? WeightSet() : set_of(folder, variants.begin()->second);
}

}  // namespace sora
