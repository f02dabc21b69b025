// Prompt cleaning as diffusers' WanPipeline does it (prompt_clean in pipeline_wan.py, with ftfy installed).
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Repairs the text (fix_text), resolves HTML character references twice, and makes each run of white space
/// one space, with none at the ends. `prompt` is UTF-8. Throws Error (data) with the offset of the first byte
/// that is not.
std::string prompt_clean(std::string_view prompt);

}  // namespace sora
