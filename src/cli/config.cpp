// --config and --print-config: all options as one JSON object, with the names of visit_request(). Without
// CLI11's Config, whose errors do not name the file and which ignores JSON types.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

#include "cli/options.h"
#include "core/file.h"
#include "core/json/scalar.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

template <class O, class V>
void visit_config(O& options, V&& v) {
  visit_request(options.request, v);
  visit_prompts(options, v);
  visit_batch(options, v);
  visit_reporting(options, v);
}

[[noreturn]] void bad(const std::string& path, const std::string& message) {
  throw Error(ErrorKind::data, "config", path + ": " + message);
}

std::string set(FlagCount& field, const Scalar& value) { return set_from_scalar(field.count, value); }
template <class T>
std::string set(T& field, const Scalar& value) {
  return set_from_scalar(field, value);
}

template <class T>
Json json_of(const T& field) {
  return field;
}
Json json_of(const FlagCount& field) { return field.count; }
template <class T>
Json json_of(const std::optional<T>& field) {
  return field ? Json(*field) : Json();
}

}  // namespace

void read_config(const std::string& path, Options& options) {
  const std::string text = read_text(path, "config", 1 << 20);
  const ScalarObject config = parse_scalars(text, "{\"seconds\": 4, ...}");
  if (!config.fault.empty()) bad(path, config.fault);
  std::map<std::string, Scalar> values(config.items.begin(), config.items.end());

  std::vector<std::string> known;
  visit_config(options, [&](const std::string& name, auto& field, const char*) {
    known.push_back(name);
    const auto it = values.find(name);
    if (it == values.end() || it->second.kind == Scalar::Kind::null) return;  // null means the default
    const Scalar& value = it->second;
    const std::string expected = set(field, value);
    const std::string quote = value.kind == Scalar::Kind::text ? "\"" : "";
    if (!expected.empty()) {
      bad(path, name + " is " + quote + excerpt(value.text) + quote + ", expected " + expected);
    }
    if (name == "prompt") options.has_prompt = true;
  });
  for (const auto& [key, value] : config.items) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string hint = nearest(name, known);
    bad(path, '"' + excerpt(key) + "\" is not an option" +
                  (hint.empty() ? "" : "; did you mean \"" + hint + "\"?"));
  }
}

std::string config_text(const Options& options) {
  Json config = Json::object();
  visit_config(options, [&](const std::string& name, const auto& field, const char*) {
    const bool absent = name == "prompt" && !options.has_prompt;
    config[name] = absent ? Json() : json_of(field);
  });
  return config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sora
