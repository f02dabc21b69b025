// What the help of a single verb says beside its line in the list of verbs.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "cli/help/option_table.h"

namespace sora {

struct VerbPage {
  const char* verb;
  const char* about;                      ///< some sentences
  std::vector<std::string_view> options;  ///< its own ones, by name
  std::vector<const char*> examples;
  /// What options mean to this verb, where that is not what the list of options says.
  std::vector<std::pair<std::string_view, const char*>> meanings = {};
};

/// The page of that verb; one without words, options and examples for a verb that has none.
const VerbPage& verb_page(std::string_view verb);

/// The option as it is meant on that page.
OptionInfo option_of(const VerbPage& page, std::string_view name);

}  // namespace sora
