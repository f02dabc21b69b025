// What a language model is told that writes out prompts for the model of a request.
#pragma once

#include <string>

#include "sora/request.h"

namespace sora {

struct PromptInstruction {
  std::string kind;  ///< of which family, and from words or an image: "Wan, from words"
  std::string text;
};

/// For the model of `request`, and whether it begins from an image; with the words that the model knows,
/// where it knows no others. Throws Error as make_plan() does for a model that is missing or damaged.
PromptInstruction prompt_instruction(const Request& request);

}  // namespace sora
