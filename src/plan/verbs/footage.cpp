#include "plan/verbs/footage.h"

#include <string>

#include "core/text.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

bool made_by(const ModelChoice& model, const InputFacts& facts, const std::string& path) {
  if (facts.parameters.empty()) return false;
  try {
    return read_parameters(facts.parameters, path).model_digest == model.digest.substr(0, 16);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void warn_of_unknown_footage(Plan& plan, const ModelFacts& model, const std::vector<InputFacts>& facts) {
  if (model.vocabulary.empty()) return;
  const auto files = input_files(plan.request);
  std::string unknown;
  for (std::size_t i = 0; i < facts.size() && i < files.size(); ++i) {
    if (made_by(plan.model, facts[i], files[i].second)) continue;
    unknown += (unknown.empty() ? "" : ", ") + one_line(files[i].second);
  }
  if (unknown.empty()) return;
  plan.warnings.push_back(unknown + ": not made by this model, as far as the file says; a small model of " +
                          std::to_string(model.vocabulary.size()) +
                          " words knows no other footage, and dissolves it within half a second");
}

}  // namespace sora
