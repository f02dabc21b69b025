#include "plan/model/instruction.h"

#include "models/family.h"
#include "plan/model/model_choice.h"
#include "plan/model/model_files.h"

namespace sora {

PromptInstruction prompt_instruction(const Request& asked) {
  const Request request = with_model_files(asked);
  const ModelFacts facts = read_model(chosen_folder(request), chosen_files(request));
  const bool from_image = request.image.has_value() || (facts.image.concat && !facts.image.optional);
  PromptInstruction instruction;
  instruction.kind = facts.family->name() + (from_image ? ", from an image" : ", from words");
  instruction.text = facts.family->prompt_instruction(from_image);
  if (facts.vocabulary.empty()) return instruction;
  instruction.text +=
      " This model is a small one and was trained with the following words alone. Use these words and no "
      "others, "
      "in one plain sentence of at most 25 words, whatever length was asked for above:";
  for (const std::string& word : facts.vocabulary) instruction.text += " " + word;
  return instruction;
}

}  // namespace sora
