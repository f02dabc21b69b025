// Names of tensors from one layout of a network to another's, as a table.
//
// A rule's names are made of parts between dots: `#` stands for a number, `*` at the end for any rest.
//     {"blocks.#.self_attn.q.*", "blocks.#.attn1.to_q.*"}
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sora {

struct NameRule {
  std::string_view from;
  std::string_view to;  ///< its numbers are the first ones of `from`
};

/// The name that the first rule which fits gives; {} if none does.
std::optional<std::string> renamed(std::span<const NameRule> rules, std::string_view name);

/// The other way, for rules that lose no number.
std::optional<std::string> renamed_back(std::span<const NameRule> rules, std::string_view name);

}  // namespace sora
