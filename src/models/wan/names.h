// The layouts of Wan weights, as tables that map tensor names of the original repository (used by ComfyUI's
// single files and GGUF files too, with or without a prefix) to ours, which are those of diffusers. Checked
// against diffusers' own conversion (scripts/goldens/layouts.py).
#pragma once

#include <span>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"

namespace sora::wan {

/// Original names of the transformer to ours; each rule can be inverted.
std::span<const NameRule> transformer_names();

/// Renames the tensors of a transformer in any layout to our names. Unknown names are kept, so that the check
/// of the schema lists them. Throws Error (data) if two tensors get one name.
void name_transformer(Checkpoint& checkpoint);
void name_vae(Checkpoint& checkpoint);

/// Which networks a file has, by its tensor names; all-in-one files have several.
struct Contents {
  bool transformer = false;
  bool vae = false;
  bool text_encoder = false;
  bool image_encoder = false;
};
Contents contents_of(const Checkpoint& checkpoint);

}  // namespace sora::wan
