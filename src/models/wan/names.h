// The layouts that people have Wan weights in, as tables of names: those of the original repository (which
// ComfyUI's single files and GGUF files keep, with or without a prefix) against diffusers', which are ours.
// Checked against diffusers' own conversion (scripts/goldens/layouts.py).
#pragma once

#include <span>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"

namespace sora::wan {

/// Original names of the transformer to ours; each can be turned back.
std::span<const NameRule> transformer_names();

/// Gives the tensors of a transformer our names, whatever layout they are in. Names that are not known
/// stay, for the check of the schema to list. Throws Error (data) if two tensors get one name.
void name_transformer(Checkpoint& checkpoint);
void name_vae(Checkpoint& checkpoint);

/// What a file holds, seen by its names; all-in-one files hold more than one.
struct Contents {
  bool transformer = false;
  bool vae = false;
  bool text_encoder = false;
  bool image_encoder = false;
};
Contents contents_of(const Checkpoint& checkpoint);

}  // namespace sora::wan
