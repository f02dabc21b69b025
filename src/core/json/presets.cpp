#include "core/json/presets.h"

namespace sora {

const Overrides* own_preset(const Presets& presets, const std::optional<std::string>& name) {
  if (!name) return nullptr;
  const auto found = presets.find(*name);
  return found == presets.end() ? nullptr : &found->second;
}

void apply_preset(Request& request, const Presets& presets, const std::string& name) {
  const Overrides* own = own_preset(presets, name);
  if (own == nullptr) {
    request.preset = name;
    return;
  }
  request.preset.reset();
  own->apply(request);
}

Request layered(const Request& base, const Presets& presets, const Overrides& line, const Overrides& given) {
  Request request = base;
  const auto of_line = line.text("preset");
  if (of_line && !given.has("preset")) apply_preset(request, presets, *of_line);
  const auto preset = request.preset;
  line.apply(request);
  given.apply(request);
  request.preset = preset;  // a name of one's own means nothing to a plan
  return request;
}

}  // namespace sora
