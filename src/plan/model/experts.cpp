#include "plan/model/experts.h"

#include <string_view>

#include "core/ascii.h"
#include "core/text.h"

namespace sora {
namespace {

// The word alone, as in "t2v-low-14b", or before "noise", as in "LowNoise": not the one in "flow".
bool has_word(const std::string& lower, std::string_view word) {
  for (std::size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
    const std::string_view rest = std::string_view(lower).substr(at + word.size());
    if (at > 0 && is_ascii_letter(lower[at - 1])) continue;
    if (rest.empty() || !is_ascii_letter(rest[0]) || rest.starts_with("noise")) return true;
  }
  return false;
}

std::string name_of(const ComponentSource& source) {
  return source.is_file() ? source.path.filename().string() : "";
}

}  // namespace

Expert expert_of_name(const std::string& file_name) {
  const std::string lower = ascii_lower(file_name);
  const bool high = has_word(lower, "high"), low = has_word(lower, "low");
  return high == low ? Expert::none : high ? Expert::high : Expert::low;
}

std::vector<std::string> expert_faults(const ModelFacts& model) {
  const std::string first = name_of(model.folder.source("transformer"));
  const Expert expert = expert_of_name(first);
  if (!model.folder.has("transformer_2")) {
    if (expert == Expert::none) return {};
    return {first + ": by its name it is the " + (expert == Expert::high ? "high" : "low") +
            "-noise expert of two, and it makes all steps alone; give both, with --transformer HIGH "
            "--transformer-2 LOW"};
  }
  const std::string second = name_of(model.folder.source("transformer_2"));
  std::vector<std::string> faults;
  if (expert == Expert::low)
    faults.push_back(first + ": by its name it is the low-noise expert, and it is used for the noisy steps");
  if (expert_of_name(second) == Expert::high)
    faults.push_back(second + ": by its name it is the high-noise expert, and it is used for the last steps");
  if (!faults.empty()) faults.back() += "; the first is --transformer HIGH, the second --transformer-2 LOW";
  return faults;
}

}  // namespace sora
