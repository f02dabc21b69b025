// What the help of a single verb says beside its line in the list of verbs.
#pragma once

#include <string_view>
#include <vector>

namespace sora {

struct VerbPage {
  const char* verb;
  const char* about;                      ///< some sentences
  std::vector<std::string_view> options;  ///< its own ones, by name
  std::vector<const char*> examples;
};

/// The page of that verb; one without words, options and examples for a verb that has none.
const VerbPage& verb_page(std::string_view verb);

}  // namespace sora
