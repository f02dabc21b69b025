#include "plan/parameters.h"

#include "sora/error.h"

namespace sora {

MadeWith read_parameters(const std::string& json, const std::string& file) {
  const ScalarObject object = parse_scalars(json, "the parameters of a run");
  if (!object.fault.empty()) throw Error(ErrorKind::data, "inspect", file + ": its metadata " + object.fault);
  MadeWith made;
  for (const auto& [name, value] : object.items) {
    if (name == "generator") made.generator = value.text;
    if (name == "model_digest") made.model_digest = value.text;
    if (request_field(name) < 0) continue;
    const std::string fault = made.options.add(name, value);
    if (!fault.empty()) throw Error(ErrorKind::data, "inspect", file + ": in its metadata, " + fault);
  }
  if (made.generator.empty()) {
    throw Error(ErrorKind::data, "inspect", file + ": its metadata is not that of a file made by sora-gen");
  }
  return made;
}

}  // namespace sora
