#include "plan/verbs/footage.h"

#include <string_view>

#include "core/text.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::string_view kWarning = "; what it makes of other footage dissolves within half a second";

bool made_by(const ModelChoice& model, const InputFacts& facts, const std::string& path) {
  if (facts.parameters.empty()) return false;
  try {
    return read_parameters(facts.parameters, path).model_digest == model.digest.substr(0, 16);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void note_unknown_footage(Plan& plan, const ModelFacts& model, const std::vector<InputFacts>& facts) {
  if (model.vocabulary.empty()) return;
  const auto files = input_files(plan.request);
  std::string unknown;
  for (std::size_t i = 0; i < facts.size() && i < files.size(); ++i) {
    if (made_by(plan.model, facts[i], files[i].second)) continue;
    unknown += (unknown.empty() ? "" : ", ") + one_line(files[i].second);
  }
  if (unknown.empty()) return;
  plan.notes.push_back(unknown +
                       ": not made by this model as far as the file says, and it is a small one of " +
                       std::to_string(model.vocabulary.size()) + " words" + std::string(kWarning));
}

bool is_about_unknown_footage(const std::string& note) { return note.ends_with(kWarning); }

}  // namespace sora
