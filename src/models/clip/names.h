// The layouts that people have CLIP's image encoder in, as tables of names against transformers', which are
// ours (without the prefix `vision_model.`): open_clip's, and those of the Wan repository's own copy of it.
#pragma once

#include "checkpoint/checkpoint.h"

namespace sora::clip {

/// Gives the tensors of an image encoder our names, whatever layout they are in; those of a text half are
/// left out. Names that are not known stay. Throws Error (data) if two tensors get one name.
void name_image_encoder(Checkpoint& checkpoint);

/// Whether a tensor of that name, of any layout, belongs to an image encoder.
bool is_of_image_encoder(const std::string& name);

/// Of our names, those of tensors that only CLIP's other half needs.
bool is_left_over(const std::string& name);

}  // namespace sora::clip
