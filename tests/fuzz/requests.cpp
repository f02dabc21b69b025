// A request as JSON: a line that a server reads, or the parameters in a file.
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json/json_text.h"
#include "core/json/request_fields.h"
#include "fuzz.h"
#include "plan/verbs/parameters.h"

namespace sora::fuzz {
namespace {

using Json = nlohmann::json;

template <class T>
void put(Json& json, const char* name, const T& value) {
  json[name] = value;
}
template <class T>
void put(Json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}
void put(Json& json, const char* name, const std::vector<std::string>& value) {
  if (!value.empty()) json[name] = value;
}

std::string text_of(const Request& request) {
  Json json = Json::object();
  visit_request(request, [&](const char* name, const auto& field, const char*) { put(json, name, field); });
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The request that a line means; nothing where it is refused.
std::optional<Request> read(const std::string& line) {
  const ScalarObject object = parse_scalars(line, "{\"prompt\": \"...\"}");
  if (!object.fault.empty()) return {};
  Overrides overrides;
  for (const auto& [name, value] : object.items) {
    if (!overrides.add(name, value).empty()) return {};
  }
  Request request;
  overrides.apply(request);
  return request;
}

/// How deep the brackets of a JSON text are nested.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0, most = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '{' || text[i] == '[')) {
      most = std::max(most, ++depth);
    } else if (!quoted && depth > 0 && (text[i] == '}' || text[i] == ']')) {
      --depth;
    }
  }
  return most;
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  const std::string line = Input(data, size).text();
  survives([&] {
    const auto request = fuzz::read(line);
    if (!request) return;
    const std::string written = text_of(*request);
    const auto again = fuzz::read(written);
    require(again.has_value(), "what was read and written is refused: " + written);
    require(text_of(*again) == written, "what was read, written and read is another request: " + written);
  });
  survives([&] {
    Json value;
    const JsonFault fault = parse_json(line, value);
    require(depth_of(line) <= kDeepestJson || fault.over_limit, "what is nested too deep reached the parser");
  });
  survives([&] {
    const RunParameters made = read_parameters(line, "clip.mp4");
    require(!made.generator.empty(), "parameters of nobody");
    require(depth_of(line) <= kDeepestJson, "deeper JSON than is allowed was read");
    Request request;
    made.options.apply(request);
  });
  return 0;
}
