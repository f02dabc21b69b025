// Media files as trees of the parts that they are made of, so that a mutation inside a part leaves the sizes
// and checksums around it right: a reader that checks these first would see nothing of most other mutations.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sora::fuzz {

/// A box, element, chunk, segment or block.
struct Part {
  std::string name;  ///< type, identifier or marker, as the file has it
  std::string head;  ///< bytes of its own, before its parts
  std::string body;  ///< of one that has no parts
  std::vector<Part> parts;
  bool holds_parts = false;
};

enum class ContainerKind { none, iso, matroska, png, riff, jpeg, gif };

struct Container {
  ContainerKind kind = ContainerKind::none;
  std::string start;  ///< before the first part
  std::vector<Part> parts;
  std::string end;  ///< bytes after the last part
};

/// By content. Whatever the bytes are, writing what was read gives a file of the same parts.
Container read_container(std::string_view bytes);
std::string write_container(const Container& container);

/// Changes bytes; may make them more or fewer.
using MutateBytes = std::function<std::string(const std::string&)>;

/// Changes one to three parts: their bytes, or where and how often they stand.
void mutate_container(Container& container, std::minstd_rand& random, const MutateBytes& mutate);

}  // namespace sora::fuzz
