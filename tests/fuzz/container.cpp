#include "container.h"

#include <algorithm>
#include <array>
#include <set>

namespace sora::fuzz {
namespace {

constexpr int kDeepest = 12;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string little_endian(std::uint64_t value, int bytes) {
  std::string out = big_endian(value, bytes);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string_view take(std::string_view& rest, std::size_t count) {
  const std::string_view taken = rest.substr(0, count);
  rest.remove_prefix(taken.size());
  return taken;
}

// --- ISO media: size, type, contents ------------------------------------------------------------

/// Bytes before the boxes in a box that holds boxes; -1 for one that holds none.
int iso_head(const std::string& type) {
  static const std::set<std::string> plain{"moov", "trak", "mdia", "minf", "stbl", "dinf", "edts", "udta",
                                           "ilst", "moof", "traf", "mvex", "wave", "sinf", "schi"};
  if (plain.count(type) != 0) return 0;
  if (type == "meta") return 4;
  if (type == "stsd" || type == "dref") return 8;
  if (type == "avc1" || type == "hvc1" || type == "hev1" || type == "vp09" || type == "av01") return 78;
  if (type == "mp4a" || type == "Opus") return 28;
  return !type.empty() && type.front() == '\xa9' ? 0 : -1;
}

std::vector<Part> read_iso(std::string_view& rest, int depth) {
  std::vector<Part> parts;
  while (rest.size() >= 8) {
    std::uint64_t size = big_endian(rest.substr(0, 4));
    const std::size_t header = size == 1 ? 16 : 8;
    if (size == 1 && rest.size() >= 16) size = big_endian(rest.substr(8, 8));
    if (size == 0) size = rest.size();
    if (size < header || size > rest.size()) break;
    Part part;
    part.name = rest.substr(4, 4);
    std::string_view body = rest.substr(header, static_cast<std::size_t>(size) - header);
    rest.remove_prefix(static_cast<std::size_t>(size));
    const int head = iso_head(part.name);
    part.holds_parts = head >= 0 && depth < kDeepest && body.size() >= static_cast<std::size_t>(head);
    if (part.holds_parts) {
      part.head = take(body, static_cast<std::size_t>(head));
      part.parts = read_iso(body, depth + 1);
    }
    part.body = body;
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string write_iso(const Part& part) {
  std::string body = part.head;
  for (const Part& inner : part.parts) body += write_iso(inner);
  body += part.body;
  return big_endian(body.size() + 8, 4) + part.name + body;
}

// --- Matroska: identifier, size, contents -------------------------------------------------------

std::size_t vint_length(char first) {
  for (std::size_t i = 0; i < 8; ++i) {
    if ((static_cast<unsigned char>(first) << i & 0x80) != 0) return i + 1;
  }
  return 0;
}

bool is_master(const std::string& id) {
  static const std::set<std::string> ids{"\x1a\x45\xdf\xa3",
                                         "\x18\x53\x80\x67",
                                         "\x15\x49\xa9\x66",
                                         "\x16\x54\xae\x6b",
                                         "\xae",
                                         "\xe0",
                                         "\xe1",
                                         "\x1f\x43\xb6\x75",
                                         "\xa0",
                                         "\x1c\x53\xbb\x6b",
                                         "\xbb",
                                         "\xb7",
                                         "\x11\x4d\x9b\x74",
                                         "\x4d\xbb",
                                         "\x12\x54\xc3\x67",
                                         "\x73\x73",
                                         "\x67\xc8",
                                         "\x63\xc0",
                                         "\x55\xb0",
                                         "\x6d\x80",
                                         "\x62\x40",
                                         "\x50\x34"};
  return ids.count(id) != 0;
}

std::vector<Part> read_matroska(std::string_view& rest, int depth) {
  std::vector<Part> parts;
  while (!rest.empty()) {
    const std::size_t id = vint_length(rest.front());
    if (id == 0 || id > 4 || rest.size() <= id) break;
    const std::size_t bytes = vint_length(rest[id]);
    if (bytes == 0 || rest.size() < id + bytes) break;
    std::uint64_t size = big_endian(rest.substr(id, bytes)) & ((std::uint64_t{1} << (7 * bytes)) - 1);
    const bool unknown = size == (std::uint64_t{1} << (7 * bytes)) - 1;
    Part part;
    part.name = rest.substr(0, id);
    if (unknown) size = rest.size() - id - bytes;
    if (size > rest.size() - id - bytes) break;
    std::string_view body = rest.substr(id + bytes, static_cast<std::size_t>(size));
    rest.remove_prefix(id + bytes + static_cast<std::size_t>(size));
    part.holds_parts = is_master(part.name) && depth < kDeepest;
    if (part.holds_parts) part.parts = read_matroska(body, depth + 1);
    part.body = body;
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string write_matroska(const Part& part) {
  std::string body;
  for (const Part& inner : part.parts) body += write_matroska(inner);
  body += part.body;
  return part.name + big_endian(std::uint64_t{1} << 28 | body.size(), 4) + body;
}

// --- PNG: length, type, contents, CRC -----------------------------------------------------------

constexpr std::string_view kPng("\x89PNG\r\n\x1a\n", 8);

std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  return ~crc;
}

std::vector<Part> read_png(std::string_view& rest) {
  std::vector<Part> parts;
  while (rest.size() >= 12) {
    const std::uint64_t size = big_endian(rest.substr(0, 4));
    if (size > rest.size() - 12) break;
    Part part;
    part.name = rest.substr(4, 4);
    part.body = rest.substr(8, static_cast<std::size_t>(size));
    rest.remove_prefix(static_cast<std::size_t>(size) + 12);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string write_png(const Part& part) {
  const std::string text = part.name + part.body;
  return big_endian(part.body.size(), 4) + text + big_endian(crc_of(text), 4);
}

// --- RIFF: type, length, contents, a byte where the length is odd ---------------------------------

std::vector<Part> read_riff(std::string_view& rest) {
  std::vector<Part> parts;
  while (rest.size() >= 8) {
    std::string size_text(rest.substr(4, 4));
    std::reverse(size_text.begin(), size_text.end());
    const std::uint64_t size = big_endian(size_text);
    if (size > rest.size() - 8) break;
    Part part;
    part.name = rest.substr(0, 4);
    std::string_view body = rest.substr(8, static_cast<std::size_t>(size));
    rest.remove_prefix(std::min<std::size_t>(8 + static_cast<std::size_t>(size) + size % 2, rest.size()));
    part.holds_parts = part.name == "LIST" && body.size() >= 4;
    if (part.holds_parts) {
      part.head = take(body, 4);
      part.parts = read_riff(body);
    }
    part.body = body;
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string write_riff(const Part& part) {
  std::string body = part.head;
  for (const Part& inner : part.parts) body += write_riff(inner);
  body += part.body;
  return part.name + little_endian(body.size(), 4) + body + std::string(body.size() % 2, '\0');
}

// --- JPEG: marker, length, contents; coded data stays at the end ----------------------------------

std::vector<Part> read_jpeg(std::string_view& rest) {
  std::vector<Part> parts;
  while (rest.size() >= 4 && rest[0] == '\xff') {
    const std::uint64_t size = big_endian(rest.substr(2, 2));
    if (size < 2 || size + 2 > rest.size()) break;
    Part part;
    part.name = rest.substr(0, 2);
    part.body = rest.substr(4, static_cast<std::size_t>(size) - 2);
    rest.remove_prefix(static_cast<std::size_t>(size) + 2);
    const bool is_scan = part.name[1] == '\xda';
    parts.push_back(std::move(part));
    if (is_scan) break;
  }
  return parts;
}

std::string write_jpeg(const Part& part) {
  const std::string body = part.body.substr(0, 65533);
  return part.name + big_endian(body.size() + 2, 2) + body;
}

// --- GIF: blocks of sub-blocks of up to 255 bytes -------------------------------------------------

std::string take_sub_blocks(std::string_view& rest) {
  std::string body;
  while (!rest.empty()) {
    const std::size_t size = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    if (size == 0) break;
    body += take(rest, size);
  }
  return body;
}

std::size_t table_bytes(char flags) { return (flags & 0x80) != 0 ? std::size_t{3} << ((flags & 7) + 1) : 0; }

std::vector<Part> read_gif(std::string_view& rest) {
  std::vector<Part> parts;
  while (rest.size() >= 2 && (rest[0] == '\x21' || (rest[0] == '\x2c' && rest.size() >= 11))) {
    Part part;
    part.name = take(rest, 1);
    // An extension has a label; a picture its place, size, colours and the width of its codes.
    part.head = part.name == "\x21" ? std::string(take(rest, 1))
                                    : std::string(take(rest, 9 + table_bytes(rest[8]) + 1));
    part.body = take_sub_blocks(rest);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string write_gif(const Part& part) {
  std::string out = part.name + part.head;
  for (std::size_t at = 0; at < part.body.size(); at += 255) {
    const std::string block = part.body.substr(at, 255);
    out += static_cast<char>(block.size()) + block;
  }
  return out + '\0';
}

// --- all of them ----------------------------------------------------------------------------------

void collect(std::vector<Part>& parts, std::vector<std::pair<std::vector<Part>*, std::size_t>>& places) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    places.emplace_back(&parts, i);
    collect(parts[i].parts, places);
  }
}

void mutate_once(Container& container, std::minstd_rand& random, const MutateBytes& mutate) {
  std::vector<std::pair<std::vector<Part>*, std::size_t>> places;
  collect(container.parts, places);
  if (places.empty()) return;
  const auto any = [&](std::size_t count) { return static_cast<std::size_t>(random()) % count; };
  const auto [list, index] = places[any(places.size())];
  Part& part = (*list)[index];
  const auto [other_list, other_index] = places[any(places.size())];
  const auto at = [](std::size_t i) { return static_cast<std::ptrdiff_t>(i); };
  switch (any(12)) {
    case 0:
      list->erase(list->begin() + at(index));
      break;
    case 1: {
      const Part copy = part;
      list->insert(list->begin() + at(index), 1 + any(3), copy);
      break;
    }
    case 2: {
      const Part copy = (*other_list)[other_index];
      list->insert(list->begin() + at(index), copy);
      break;
    }
    case 3:
      part.name = (*other_list)[other_index].name;
      break;
    case 4:
      part.body.resize(any(part.body.size() + 1));
      break;
    case 5:
      std::swap(part.body, (*other_list)[other_index].body);
      break;
    default:
      if (!part.head.empty() && (part.body.empty() || any(4) == 0)) {
        const std::size_t size = part.head.size();
        part.head = mutate(part.head);
        part.head.resize(size);
      } else {
        part.body = mutate(part.body);
      }
  }
}

}  // namespace

Container read_container(std::string_view bytes) {
  Container container;
  std::string_view rest = bytes;
  const auto is = [&](std::size_t at, std::string_view text) {
    return bytes.size() >= at + text.size() && bytes.substr(at, text.size()) == text;
  };
  if (is(4, "ftyp") || is(4, "moov") || is(4, "mdat")) {
    container.kind = ContainerKind::iso;
    container.parts = read_iso(rest, 0);
  } else if (is(0, "\x1a\x45\xdf\xa3")) {
    container.kind = ContainerKind::matroska;
    container.parts = read_matroska(rest, 0);
  } else if (is(0, kPng)) {
    container.kind = ContainerKind::png;
    container.start = take(rest, kPng.size());
    container.parts = read_png(rest);
  } else if (is(0, "RIFF") && bytes.size() >= 12) {
    container.kind = ContainerKind::riff;
    container.start = take(rest, 12);
    container.parts = read_riff(rest);
  } else if (is(0, "\xff\xd8")) {
    container.kind = ContainerKind::jpeg;
    container.start = take(rest, 2);
    container.parts = read_jpeg(rest);
  } else if (is(0, "GIF8") && bytes.size() >= 13) {
    container.kind = ContainerKind::gif;
    container.start = take(rest, 13 + table_bytes(bytes[10]));
    container.parts = read_gif(rest);
  }
  container.end = rest;
  return container;
}

std::string write_container(const Container& container) {
  std::string out = container.start;
  for (const Part& part : container.parts) {
    if (container.kind == ContainerKind::iso) out += write_iso(part);
    if (container.kind == ContainerKind::matroska) out += write_matroska(part);
    if (container.kind == ContainerKind::png) out += write_png(part);
    if (container.kind == ContainerKind::riff) out += write_riff(part);
    if (container.kind == ContainerKind::jpeg) out += write_jpeg(part);
    if (container.kind == ContainerKind::gif) out += write_gif(part);
  }
  out += container.end;
  if (container.kind == ContainerKind::riff) out.replace(4, 4, little_endian(out.size() - 8, 4));
  return out;
}

void mutate_container(Container& container, std::minstd_rand& random, const MutateBytes& mutate) {
  for (auto times = 1 + random() % 3; times > 0; --times) mutate_once(container, random, mutate);
}

}  // namespace sora::fuzz
