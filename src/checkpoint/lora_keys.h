// Keys of LoRA files: which module of a network each is for, and which part of its change. Keys may be in the
// style of diffusers (peft), kohya, ComfyUI, LyCORIS (LoHa, LoKr) or VideoX-Fun.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"

namespace sora {

enum class LoraRole {
  down,  ///< the change is up times down
  up,
  alpha,
  diff,        ///< is added as it is
  bias,        ///< is added to the bias
  modulation,  ///< is added to the table of scales and shifts
  hada_w1_a,   ///< LoHa: (w1_a w1_b) * (w2_a w2_b), element by element
  hada_w1_b,
  hada_w2_a,
  hada_w2_b,
  lokr_w1,  ///< LoKr: the Kronecker product of w1 and w2, each whole or a product
  lokr_w1_a,
  lokr_w1_b,
  lokr_w2,
  lokr_w2_a,
  lokr_w2_b,
};

struct LoraKey {
  std::string_view module;  ///< with the prefix of its style
  LoraRole role;
};

/// Empty where the key's ending is none of a LoRA.
std::optional<LoraKey> split_lora_key(std::string_view key);

/// What kind of LoRA that is not supported a key belongs to ("a DoRA"); empty: of none.
std::string unsupported_lora(std::string_view key);

/// A module of the network: its tensors that a LoRA may change.
struct LoraModule {
  std::string weight, bias;  ///< our names; a parameter outside any layer counts as a weight
};

class LoraModules {
 public:
  /// `names` maps the original names of the network's tensors to ours; both are found.
  LoraModules(const Checkpoint& network, std::span<const NameRule> names);

  /// The module that a key is for, always the same object for one tensor; nullptr: there is none.
  const LoraModule* find(const LoraKey& key) const;

 private:
  std::map<std::string, LoraModule> modules_;       // by our name of the weight's layer
  std::map<std::string, const LoraModule*> alias_;  // by every name that a file may have
};

}  // namespace sora
