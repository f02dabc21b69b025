// All options as one JSON object, with the names of visit_request(). Not by CLI11's Config: its errors name
// no file, and it takes values as texts without their JSON types, so that reading, checking and hints would
// all stay here.
#include "cli/configuration.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

#include "core/file.h"
#include "core/folders.h"
#include "core/json/option_values.h"
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
  visit_safeguards(options, v);
  visit_batch(options, v);
  visit_reporting(options, v);
}

// A configuration file, for messages: where it is, and how to go on without it.
struct Place {
  std::string path;
  std::string way_out;

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::data, "config", path + ": " + message + way_out);
  }
};

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

bool is_programs_own(const std::string& preset) { return preset == "fast" || preset == "none"; }

Overrides read_preset(const Place& place, const std::string& name, const Scalar& value) {
  const std::string where = "presets." + excerpt(name);
  if (is_programs_own(name) || name.empty())
    place.fail(where + ": fast and none are the program's own presets");
  const ScalarObject object = parse_scalars(value.text, "an object of options");
  if (!object.fault.empty() || value.kind != Scalar::Kind::other)
    place.fail(where + " is no object of options, expected {\"steps\": 30, ...}");
  Overrides preset;
  for (const auto& [option, each] : object.items) {
    const std::string fault = preset.add(option, each);
    if (!fault.empty()) place.fail(where + ": " + fault);
  }
  if (const auto base = preset.text("preset"); base && !is_programs_own(*base))
    place.fail(where + ": preset is \"" + excerpt(*base) + "\", expected fast or none");
  return preset;
}

void read_presets(const Place& place, const Scalar& value, Presets& presets) {
  const ScalarObject object = parse_scalars(value.text, "");
  if (!object.fault.empty() || value.kind != Scalar::Kind::other)
    place.fail("presets is no object, expected {\"mine\": {\"steps\": 30}}");
  for (const auto& [name, each] : object.items) presets[name] = read_preset(place, name, each);
}

void read_file(const Place& place, Options& options) {
  const std::string text = read_text(place.path, "config", 1 << 20);
  const ScalarObject config = parse_scalars(text, "{\"seconds\": 4, ...}");
  if (!config.fault.empty()) place.fail(config.fault);
  std::map<std::string, Scalar> values(config.items.begin(), config.items.end());

  std::vector<std::string> known{"presets", "sources"};  // the latter is what --print-config adds
  visit_config(options, [&](const std::string& name, auto& field, const char*) {
    known.push_back(name);
    const auto it = values.find(name);
    if (it == values.end() || it->second.kind == Scalar::Kind::null) return;  // null is the default
    const Scalar value = plain_value(name, it->second);
    const std::string expected = expected_value(name, set(field, value));
    const std::string quote = value.kind == Scalar::Kind::text ? "\"" : "";
    if (!expected.empty()) {
      place.fail(name + " is " + quote + excerpt(value.text) + quote + ", expected " + expected);
    }
    if (name == "prompt") options.has_prompt = true;
    options.sources[name] = "config file " + place.path;
  });
  for (const auto& [key, value] : config.items) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string hint = nearest(name, known);
    place.fail('"' + excerpt(key) + "\" is not an option" +
               (hint.empty() ? "" : "; did you mean \"" + hint + "\"?"));
  }
  if (const auto presets = values.find("presets"); presets != values.end())
    read_presets(place, presets->second, options.presets);
  if (options.request.preset && !is_programs_own(*options.request.preset)) {
    place.fail("preset is \"" + excerpt(*options.request.preset) +
               "\", expected fast or none; what a preset of one's own sets can stand beside it");
  }
}

}  // namespace

std::string users_config_file() {
  const std::filesystem::path folder = config_folder();
  return folder.empty() ? std::string() : (folder / "config.json").string();
}

namespace {

// The policy of the user's own configuration. Where it may name one but cannot be read, nothing is allowed.
std::optional<std::string> policy_of(const std::string& own) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::refused, "policy",
                own + ": " + what + ", and may name a policy; mend it, or remove it");
  };
  const std::string text = read_text(own, "config", 1 << 20);
  if (text.find("policy") == std::string::npos && text.find("\\u") == std::string::npos) return {};
  const ScalarObject config = parse_scalars(text, "");
  if (!config.fault.empty()) fail(config.fault);
  std::optional<std::string> policy;
  for (const auto& [name, value] : config.items) {
    if (name != "policy" || value.kind == Scalar::Kind::null) continue;
    if (value.kind != Scalar::Kind::text) fail("policy is no text");
    policy = value.text;
  }
  return policy;
}

}  // namespace

void read_configuration(const std::optional<std::string>& file, Options& options) {
  const std::string own = users_config_file();
  std::error_code code;
  const bool exists = !own.empty() && std::filesystem::exists(own, code);
  if (exists && file) options.own_policy = policy_of(own);
  if (file == "none") return;
  if (file) return read_file({*file, ""}, options);
  if (!exists) return;
  const std::string way_out = " (--config none goes on without it, --config FILE with another)";
  try {
    read_file({own, way_out}, options);
    options.own_policy = options.policy;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::data && error.message().ends_with(way_out)) throw;
    throw Error(error.kind(), "config", error.message() + way_out);
  }
}

void take_preset(const std::string& name, Options& options) {
  if (const Overrides* own = own_preset(options.presets, name)) {
    apply_preset(options.request, options.presets, name);
    for (const std::string& option : own->names()) options.sources[option] = "preset " + name;
    for (const char* length : {"seconds", "frames"}) {  // one replaces the other
      if (own->has("seconds") != own->has("frames") && !own->has(length)) options.sources.erase(length);
    }
    return;
  }
  if (is_programs_own(name)) return;
  std::vector<std::string> names{"fast", "none"};
  for (const auto& [each, preset] : options.presets) names.push_back(each);
  const std::string hint = nearest(name, names);
  std::string list;
  for (const std::string& each : names) list += (list.empty() ? "" : ", ") + excerpt(each);
  throw Error(ErrorKind::usage, "options",
              "--preset " + excerpt(name) + ": expected one of " + list +
                  (hint.empty() ? "" : "; did you mean " + hint + "?"));
}

std::string config_text(const Options& options, int indent) {
  Json config = Json::object();
  visit_config(options, [&](const std::string& name, const auto& field, const char*) {
    const bool absent = name == "prompt" && !options.has_prompt;
    config[name] = absent ? Json() : json_of(field);
  });
  Json sources = Json::object();
  for (const auto& [name, source] : options.sources) {
    // Of two lengths, one stands for the other; the options of a preset stand for its name.
    if (config.contains(name) && !config[name].is_null()) sources[name] = source;
  }
  config["sources"] = sources;
  return config.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sora
