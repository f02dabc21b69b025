// Prompts of requests that were written out (--enhance): which texts of a request are, and how they are put
// in.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sora/request.h"

namespace sora {

/// The texts that are written out: the prompts of a storyboard's shots, else the prompt. None where there is
/// no prompt, or where the request says what it was before: it was written out then.
std::vector<std::string> texts_to_enhance(const Request& request);

/// What a text became; null: it is not known.
using EnhancedText = std::function<const std::string*(const std::string& text)>;

/// Puts in what the texts became, and keeps those before as the original prompt. Does nothing and returns
/// false where one is not known.
bool put_enhanced(Request& request, const EnhancedText& enhanced);

}  // namespace sora
