// Prompt cleaning as diffusers' WanPipeline does it (prompt_clean in pipeline_wan.py, with ftfy installed).
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Repairs the text (fix_text), resolves HTML character references twice, and replaces each run of white
/// space by one space, removing it at the ends. `prompt` must be UTF-8: throws Error (data) with the offset
/// of the first wrong byte.
std::string prompt_clean(std::string_view prompt);

/// The prompt as it is. Throws Error like prompt_clean().
std::string checked_prompt(std::string_view prompt);

}  // namespace sora
