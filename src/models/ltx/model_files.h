// Finds the parts of an LTX-Video model: in a folder in the diffusers layout, a folder of single files, or
// single files that replace parts of one of these.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::ltx {

/// Whether the model is of this family, by its index or by what is in its files. Does not throw.
bool is_ltx_model(const std::filesystem::path& dir, const Replacements& replacements);

/// Opens the model in `dir`, which may be empty if the replacements are a whole model. Reads file headers
/// only. Throws Error: no_input (a part is missing: the message says which and what to do), refused, data.
ModelFolder open_ltx_model(const std::filesystem::path& dir, const Replacements& replacements);

/// Whether `replacements` are a whole model, without a folder. A published file has the transformer and the
/// autoencoder.
bool is_whole_model(const Replacements& replacements);

/// Whether it is a model for LTXConditionPipeline, which has other noise levels and positions than
/// LTXPipeline: published from 0.9.5 on.
bool is_of_later_pipeline(const ModelFolder& folder);

/// Tokens that the model's pipeline gives the text encoder, with the padding.
int text_rows(const ModelFolder& folder);

/// The tokenizer's folder, or the file that contains it. Throws Error (no_input) that says where to get one.
std::filesystem::path tokenizer_of(const ModelFolder& folder);

}  // namespace sora::ltx
