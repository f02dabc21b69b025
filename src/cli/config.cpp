// --config and --print-config: all options as one JSON object, with the names of visit_request().
#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

#include "cli/options.h"
#include "cli/text.h"
#include "core/file.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

template <class O, class V>
void visit_config(O& options, V&& v) {
  visit_request(options.request, v);
  visit_talk(options, v);
}

[[noreturn]] void bad(const std::string& path, const std::string& message) {
  throw Error(ErrorKind::data, "config", path + ": " + message);
}

// set() takes a JSON value, or returns what was expected instead.
std::string set(std::string& field, const Json& value) {
  if (!value.is_string()) return "a text in quotes";
  field = value.get<std::string>();
  return {};
}

std::string set(bool& field, const Json& value) {
  if (!value.is_boolean()) return "true or false";
  field = value.get<bool>();
  return {};
}

std::string set(double& field, const Json& value) {
  if (!value.is_number()) return "a number";
  field = value.get<double>();
  return {};
}

// Through the text, so that ranges are checked as on the command line.
template <class Integer>
std::string set_integer(Integer& field, const Json& value) {
  return set_from_text(field, value.is_number() ? value.dump() : "");
}
std::string set(int& field, const Json& value) { return set_integer(field, value); }
std::string set(std::uint64_t& field, const Json& value) { return set_integer(field, value); }
std::string set(FlagCount& field, const Json& value) { return set_integer(field.count, value); }

std::string set(std::vector<std::string>& field, const Json& value) {
  const bool texts = value.is_array() && std::all_of(value.begin(), value.end(),
                                                     [](const Json& item) { return item.is_string(); });
  if (!texts) return "a list of texts in quotes";
  field = value.get<std::vector<std::string>>();
  return {};
}

template <class T>
std::string set(std::optional<T>& field, const Json& value) {
  return set(field.emplace(), value);
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
  Json config;
  try {
    config = Json::parse(text);
  } catch (const Json::parse_error& error) {
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, ..."
    what = what.substr(what.find("] ") + 2);
    std::replace(what.begin(), what.end(), '\n', ' ');
    bad(path, "is not JSON: " + what);
  }
  if (!config.is_object()) bad(path, "holds no JSON object, expected {\"seconds\": 4, ...}");

  std::vector<std::string> known;
  visit_config(options, [&](const std::string& name, auto& field, const char*) {
    known.push_back(name);
    const auto it = config.find(name);
    if (it == config.end() || it->is_null()) return;  // null is the default
    const std::string expected = set(field, *it);
    if (!expected.empty())
      bad(path, name + " is " + it->dump(-1, ' ', false, Json::error_handler_t::replace) + ", expected " +
                    expected);
    if (name == "prompt") options.has_prompt = true;
  });
  for (const auto& item : config.items()) {
    if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
    std::string name = item.key();
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string hint = nearest(name, known);
    bad(path,
        "\"" + item.key() + "\" is not an option" + (hint.empty() ? "" : "; did you mean \"" + hint + "\"?"));
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
