// --model FILE, and --model with a folder of loose files as ComfyUI's models/ is one: which files make the
// model. Headers only; no tensors.
//
// Note [Parts of a model]
// A file that people fetch is often one network alone: the transformer. Its autoencoder and text encoder lie
// beside it, or in the folders vae/ and text_encoders/ of the same tree. A part that the request names is
// taken; else the one that is in the file itself; else the only one of those files that fits the transformer,
// by what the family's own checks say of it. Where none fits or several do, the error names the option that
// chooses, since a guess would give a model that nobody asked for.
#pragma once

#include "sora/request.h"

namespace sora {

/// The request with the files of its model in --transformer, --vae, --text-encoder and --image-encoder, where
/// --model is a file or a folder of loose files, or where only --transformer is given and does not fit the
/// default model; any other request as it is. Throws Error: usage, no_input, data, refused.
Request with_model_files(const Request& request);

}  // namespace sora
