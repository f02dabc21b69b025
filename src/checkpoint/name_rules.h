// Tables that rename tensors from one layout of a network to another.
//
// Names consist of parts between dots: in a rule, `#` stands for a number, and `*` at the end for any rest.
//     {"blocks.#.self_attn.q.*", "blocks.#.attn1.to_q.*"}
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sora {

struct NameRule {
  std::string_view from;
  std::string_view to;  ///< its `#` are the first numbers of `from`
};

/// The new name by the first rule that matches; {} if none does.
std::optional<std::string> renamed(std::span<const NameRule> rules, std::string_view name);

/// The reverse, for rules with as many `#` on both sides.
std::optional<std::string> renamed_back(std::span<const NameRule> rules, std::string_view name);

}  // namespace sora
