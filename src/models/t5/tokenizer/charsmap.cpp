#include "models/t5/tokenizer/charsmap.h"

#include <cstring>

#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kLongestWhole = 5;  // bytes of a cluster that is looked up as a whole

// Units of darts-clone: https://github.com/s-yata/darts-clone
bool has_leaf(std::uint32_t unit) { return ((unit >> 8) & 1) != 0; }
std::uint32_t value(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t label(std::uint32_t unit) { return unit & 0x800000FF; }
std::uint32_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

}  // namespace

Charsmap::Charsmap(std::string_view blob, const std::string& where) {
  if (blob.empty()) return;
  std::uint32_t size = 0;
  if (blob.size() >= sizeof size) std::memcpy(&size, blob.data(), sizeof size);
  if (size == 0 || size % sizeof(std::uint32_t) != 0 || size > blob.size() - sizeof size) {
    throw Error(ErrorKind::data, "tokenizer",
                where + ": its normalization table has " + std::to_string(blob.size()) +
                    " bytes but claims a trie of " + std::to_string(size) + "; the file is damaged");
  }
  units_.resize(size / sizeof(std::uint32_t));
  std::memcpy(units_.data(), blob.data() + sizeof size, size);
  replacements_ = blob.substr(sizeof size + size);
}

bool Charsmap::find(std::string_view key, std::string_view& replacement) const {
  std::size_t node = offset(units_[0]);
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return false;
    node ^= byte;
    if (node >= units_.size() || label(units_[node]) != byte) return false;
    const std::uint32_t unit = units_[node];
    node ^= offset(unit);
    if (node >= units_.size()) return false;
    if (has_leaf(unit)) {
      const std::size_t begin = value(units_[node]);
      if (begin >= replacements_.size()) return false;
      replacement = std::string_view(replacements_).substr(begin);
      replacement = replacement.substr(0, replacement.find('\0'));
      return true;
    }
  }
  return false;
}

std::string Charsmap::normalize(std::string_view text) const {
  if (units_.empty()) return std::string(text);
  const auto points = from_utf8(text);
  if (!points) throw Error(ErrorKind::data, "tokenizer", "the prompt is not valid UTF-8");

  std::string out;
  std::string_view replacement;
  int state = 0;
  for (std::size_t begin = 0; begin < points->size();) {
    std::size_t end = begin + 1;
    while (end < points->size() && !grapheme_break((*points)[end - 1], (*points)[end], state)) ++end;
    const std::string cluster = to_utf8({points->data() + begin, end - begin});
    if (cluster.size() <= kLongestWhole && find(cluster, replacement)) {
      out += replacement;
    } else {
      for (std::size_t i = begin; i < end; ++i) {
        const std::string character = to_utf8({points->data() + i, 1});
        out += find(character, replacement) ? replacement : std::string_view(character);
      }
    }
    begin = end;
  }
  return out;
}

}  // namespace sora
