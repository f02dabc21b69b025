// LoRA files (https://arxiv.org/abs/2106.09685): changes to a network's weights as products of small
// matrices, W + strength * alpha / rank * up down, and its relatives LoHa and LoKr
// (https://arxiv.org/abs/2309.14859). Headers only; lora_edit.h has the tensors.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"

namespace sora {

struct LoraSource {
  std::filesystem::path path;
  double strength = 1;
};

/// "FILE" or "FILE:0.8". Throws Error (usage) if the strength is not a sensible number.
LoraSource parse_lora(const std::string& text);

/// A matrix: a tensor of the file, or the product of two.
struct LoraMatrix {
  std::string whole;     ///< name in the file; empty: it is up times down
  std::string up, down;  ///< [out, rank] and [rank, in], with further sides of 1
};

/// A change to one tensor, times `scale`.
struct LoraTerm {
  enum class Kind {
    plain,      ///< first
    hadamard,   ///< first * second, element by element
    kronecker,  ///< each element of first, times second
  };
  Kind kind = Kind::plain;
  LoraMatrix first, second;
  double scale = 1;  ///< strength x alpha / rank
};

/// What a LoRA is matched with.
struct LoraTarget {
  const Checkpoint& network;
  std::span<const NameRule> names;  ///< original names of the network's tensors to ours
  /// Words in the names of modules that only some models of the family have. Keys for those are left out
  /// where the network has none.
  std::span<const std::string_view> optional_modules = {};
};

class Lora {
 public:
  /// Matches each tensor of the file with one of the network (lora_keys.h). Throws Error: no_input, refused,
  /// data (keys that match nothing, which are listed; shapes that do not fit; kinds that are not supported).
  Lora(const LoraSource& source, const LoraTarget& target);

  const WeightFile& file() const { return *file_; }
  const std::map<std::string, std::vector<LoraTerm>>& terms() const { return terms_; }  ///< by our names
  /// Keys of optional modules that this network has not, in the order of their names.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  std::unique_ptr<WeightFile> file_;
  std::map<std::string, std::vector<LoraTerm>> terms_;
  std::vector<std::string> left_out_;
};

/// What to tell of the keys that a LoRA has for modules that the model has not; empty: there are none.
std::string left_out_text(const Lora& lora);

}  // namespace sora
