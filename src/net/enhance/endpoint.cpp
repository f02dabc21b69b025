// POST /chat/completions, as OpenAI's API has it.
#include <nlohmann/json.hpp>

#include "core/json/json_text.h"
#include "core/text.h"
#include "net/enhance/enhance.h"
#include "net/http.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMostBytes = 1 << 20;  // of an answer
constexpr JsonLimits kLimits{kMostBytes, 100'000};

std::string completions_url(std::string url) {
  const std::string path = "/chat/completions";
  const std::size_t query = std::min(url.find('?'), url.size());
  const std::string rest = url.substr(query);
  url.resize(query);
  while (url.ends_with('/')) url.pop_back();
  return (url.ends_with(path) ? url : url + path) + rest;
}

std::string request_body(const Writer& writer, const std::string& instruction, const std::string& prompt) {
  Json body{{"stream", false},
            {"messages",
             {{{"role", "system"}, {"content", instruction}}, {{"role", "user"}, {"content", prompt}}}}};
  if (!writer.model.empty()) body["model"] = writer.model;
  return body.dump();
}

// What an endpoint says of an error, which may quote the key.
std::string said_in(const std::string& body, const std::string& key) {
  Json json;
  if (parse_json(body, json, kLimits) || !json.is_object()) return {};
  const Json* text = json.contains("error") ? &json["error"] : &json;
  if (text->is_object() && text->contains("message")) text = &(*text)["message"];
  if (!text->is_string()) return {};
  auto said = text->get<std::string>();
  for (std::size_t at; !key.empty() && (at = said.find(key)) != std::string::npos;)
    said.replace(at, key.size(), "[the key]");
  return ": " + one_line(said, 2 * kLongestExcerpt);
}

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::unavailable, "enhance", message + "; nothing was started");
}

void check_answer(const Writer& writer, const HttpAnswer& answer) {
  const std::string name = writer.name();
  using Fault = HttpAnswer::Fault;
  if (answer.fault == Fault::too_slow)
    fail(name + " gave no answer within " + std::to_string(writer.seconds) +
         " s; SORA_GEN_ENHANCE_TIMEOUT sets another limit, in seconds");
  if (answer.fault == Fault::stopped)
    throw Error(ErrorKind::interrupted, "enhance", "stopped while " + name + " was asked");
  if (answer.fault != Fault::none) fail(name + ": " + answer.problem);
  if (answer.status == 401 || answer.status == 403)
    fail(name + " answers " + std::to_string(answer.status) + said_in(answer.body, writer.key) +
         "; is SORA_GEN_ENHANCE_KEY " + (writer.key.empty() ? "to be set?" : "right?"));
  if (answer.status >= 300 && answer.status < 400)
    fail(name + " answers " + std::to_string(answer.status) + " and sends on to " + excerpt(answer.location) +
         ", which is not followed; is it the right address?");
  if (answer.status != 200)
    fail(name + " answers " + std::to_string(answer.status) + said_in(answer.body, writer.key) +
         "; are SORA_GEN_ENHANCE_URL and SORA_GEN_ENHANCE_MODEL right?");
}

const Json* child(const Json* json, const char* name) {
  if (json == nullptr || !json->is_object() || !json->contains(name)) return nullptr;
  return &json->at(name);
}

}  // namespace

std::string ask_endpoint(const Writer& writer, const std::string& instruction, const std::string& prompt) {
  HttpRequest request;
  request.url = completions_url(writer.url);
  request.headers = {"Content-Type: application/json", "Accept: application/json"};
  request.post = request_body(writer, instruction, prompt);
  request.secret = writer.key;
  request.most_bytes = kMostBytes;
  request.seconds = writer.seconds;
  request.stop = writer.stop;
  const HttpAnswer answer = http(request);
  check_answer(writer, answer);

  Json json;
  if (const JsonFault fault = parse_json(answer.body, json, kLimits)) {
    fail(writer.name() + ": its answer " + fault.message +
         "; is SORA_GEN_ENHANCE_URL the address of an endpoint of OpenAI's form, as "
         "http://localhost:11434/v1?");
  }
  const Json* choices = child(&json, "choices");
  const Json* choice =
      choices != nullptr && choices->is_array() && !choices->empty() ? &choices->front() : nullptr;
  const Json* content = child(child(choice, "message"), "content");
  if (content == nullptr || !content->is_string())
    fail(writer.name() +
         ": its answer has no text in choices[0].message.content, where OpenAI's form has it");
  const Json* reason = child(choice, "finish_reason");
  if (reason != nullptr && reason->is_string() && reason->get<std::string>() == "length")
    fail(writer.name() + ": its answer was cut off before its end; raise the endpoint's limit on the answer");
  return content->get<std::string>();
}

}  // namespace sora
