#include "media/copy/parameter_sets.h"

#include <algorithm>

namespace sora {
namespace {

constexpr int kSequence = 7, kPicture = 8, kSlice = 1, kIdr = 5;  // nal_unit_type
constexpr int kMostNumbers = 32;                                  // of sequence parameter sets
constexpr int kMostPictureNumbers = 256;
constexpr std::size_t kMostSequence = 31, kMostPicture = 255;  // as many as an "avcC" can have
constexpr std::size_t kLeastSequence = 5;  // bytes: type, profile, constraints, level, and a number
constexpr std::size_t kLeastPicture = 2;

int type_of(const Bytes& unit) { return unit.empty() ? 0 : unit[0] & 0x1f; }

// The type follows the first bit, which must be zero.
bool is_of(int type, const Bytes& unit) {
  const std::size_t least = type == kSequence ? kLeastSequence : kLeastPicture;
  return unit.size() >= least && (unit[0] & 0x80) == 0 && type_of(unit) == type;
}

// The bits of a NAL unit from some byte on, without the bytes that prevent start codes.
class Bits {
 public:
  Bits(const Bytes& unit, std::size_t skip) {
    for (std::size_t i = 0; i < unit.size(); ++i) {
      if (i >= 2 && unit[i] == 3 && unit[i - 1] == 0 && unit[i - 2] == 0) continue;
      if (i >= skip) bytes_.push_back(unit[i]);
    }
  }

  int bit() {
    const std::size_t byte = at_ / 8;
    if (byte >= bytes_.size()) return 1;  // ends every number
    const int value = bytes_[byte] >> (7 - at_ % 8) & 1;
    ++at_;
    return value;
  }
  /// Exp-Golomb, 9.1; -1 for a value that no set can have.
  int number() {
    int zeros = 0;
    while (bit() == 0) {
      if (++zeros > 16) return -1;
    }
    int value = 1;
    for (int i = 0; i < zeros; ++i) value = value * 2 + bit();
    return value - 1;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

// seq_parameter_set_id follows profile, constraints and level; pic_parameter_set_id is the first number.
int number_of(const Bytes& unit) { return Bits(unit, type_of(unit) == kSequence ? 4 : 1).number(); }

// Whether a unit is a set of that type, with a number that such sets have.
bool is_set(int type, const Bytes& unit) {
  if (!is_of(type, unit)) return false;
  const int number = number_of(unit);
  return number >= 0 && number < (type == kSequence ? kMostNumbers : kMostPictureNumbers);
}

bool add(std::vector<Bytes>& to, const std::vector<Bytes>& from) {
  for (const Bytes& unit : from) {
    const auto same = std::find_if(to.begin(), to.end(),
                                   [&](const Bytes& other) { return number_of(other) == number_of(unit); });
    if (same == to.end()) {
      to.push_back(unit);
    } else if (*same != unit) {
      return false;
    }
  }
  return true;
}

// Whether the bytes are a sequence of OBUs with their sizes (AV1 specification, 5.3).
bool are_obus(const std::uint8_t* data, std::size_t size) {
  constexpr int kForbidden = 0x80, kExtension = 4, kHasSize = 2;
  for (std::size_t at = 0; at < size;) {
    const int header = data[at++];
    if ((header & kForbidden) != 0 || (header & kHasSize) == 0) return false;
    if ((header & kExtension) != 0) ++at;
    std::uint64_t length = 0;  // leb128, of eight bytes at most
    for (int shift = 0;; shift += 7) {
      if (at >= size || shift > 49) return false;
      length |= static_cast<std::uint64_t>(data[at] & 0x7f) << shift;
      if ((data[at++] & 0x80) == 0) break;
    }
    if (length > size - at) return false;
    at += static_cast<std::size_t>(length);
  }
  return true;
}

}  // namespace

std::optional<ParameterSets> read_avcc(const std::uint8_t* data, std::size_t size) {
  if (size < 7 || data[0] != 1 || (data[4] & 3) != 3) return {};
  ParameterSets sets;
  std::size_t at = 5;
  const auto read = [&](std::vector<Bytes>& units, int type, int count) {
    for (int i = 0; i < count; ++i) {
      if (at + 2 > size) return false;
      const std::size_t length = static_cast<std::size_t>(data[at]) * 256 + data[at + 1];
      at += 2;
      if (length == 0 || at + length > size) return false;
      units.emplace_back(data + at, data + at + length);
      at += length;
      if (!is_set(type, units.back())) return false;
    }
    return true;
  };
  if (!read(sets.sequence, kSequence, data[at++] & 0x1f) || at >= size) return {};
  if (!read(sets.picture, kPicture, data[at++]) || sets.sequence.empty() || sets.picture.empty()) return {};
  return sets;
}

ParameterSets read_nal_units(const std::uint8_t* data, std::size_t size) {
  ParameterSets sets;
  for (std::size_t at = 0; at + 4 <= size;) {
    const std::size_t length = static_cast<std::size_t>(data[at]) << 24 |
                               static_cast<std::size_t>(data[at + 1]) << 16 |
                               static_cast<std::size_t>(data[at + 2]) << 8 | data[at + 3];
    at += 4;
    if (length > size - at) break;
    Bytes unit(data + at, data + at + length);
    at += length;
    if (is_set(kSequence, unit))
      sets.sequence.push_back(std::move(unit));
    else if (is_set(kPicture, unit))
      sets.picture.push_back(std::move(unit));
  }
  return sets;
}

bool add_sets(ParameterSets& to, const ParameterSets& from) {
  return add(to.sequence, from.sequence) && add(to.picture, from.picture);
}

std::optional<int> free_number(const ParameterSets& sets) {
  if (sets.sequence.size() >= kMostSequence || sets.picture.size() >= kMostPicture) return {};
  for (int number = 0; number < kMostNumbers; ++number) {
    const auto has = [&](const Bytes& unit) { return number_of(unit) == number; };
    if (std::none_of(sets.sequence.begin(), sets.sequence.end(), has) &&
        std::none_of(sets.picture.begin(), sets.picture.end(), has))
      return number;
  }
  return {};
}

Bytes write_avcc(const ParameterSets& sets, int chroma_format_idc, int bit_depth) {
  std::uint8_t profile = 0, constraints = 0xff, level = 0;
  for (const Bytes& unit : sets.sequence) {
    profile = std::max(profile, unit.at(1));
    constraints = static_cast<std::uint8_t>(constraints & unit.at(2));
    level = std::max(level, unit.at(3));
  }
  Bytes out{1, profile, constraints, level, 0xff};
  const auto write = [&](const std::vector<Bytes>& units) {
    for (const Bytes& unit : units) {
      out.push_back(static_cast<std::uint8_t>(unit.size() >> 8));
      out.push_back(static_cast<std::uint8_t>(unit.size() & 255));
      out.insert(out.end(), unit.begin(), unit.end());
    }
  };
  out.push_back(static_cast<std::uint8_t>(0xe0 | sets.sequence.size()));
  write(sets.sequence);
  out.push_back(static_cast<std::uint8_t>(sets.picture.size()));
  write(sets.picture);
  constexpr std::uint8_t kHigh = 100;
  if (profile >= kHigh) {
    const int depth = 0xf8 | (bit_depth - 8);
    for (const int byte : {0xfc | chroma_format_idc, depth, depth, 0})
      out.push_back(static_cast<std::uint8_t>(byte));
  }
  return out;
}

bool is_av1_header(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kFixed = 4;  // bytes before the OBUs
  constexpr int kMarkerAndVersion = 0x81;
  if (size > 0 && (data[0] & 0x80) == 0) return are_obus(data, size);
  return size >= kFixed && data[0] == kMarkerAndVersion && are_obus(data + kFixed, size - kFixed);
}

bool is_idr(const std::uint8_t* data, std::size_t size) {
  for (std::size_t at = 0; at + 5 <= size;) {
    const std::size_t length = static_cast<std::size_t>(data[at]) << 24 |
                               static_cast<std::size_t>(data[at + 1]) << 16 |
                               static_cast<std::size_t>(data[at + 2]) << 8 | data[at + 3];
    const int type = data[at + 4] & 0x1f;
    if (type >= kSlice && type <= kIdr) return type == kIdr;
    if (length > size - at - 4) return false;
    at += 4 + length;
  }
  return false;
}

}  // namespace sora
