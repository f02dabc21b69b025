#include "policy/policy.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/command/shell_command.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;
using End = CommandResult::End;

constexpr int kRefused = 77;
constexpr std::size_t kMostBytes = 64 << 10;  // of what a command prints
constexpr std::size_t kLongestReason = 300;   // characters

template <class T>
Json json_of(const T& field) {
  return field;
}
template <class T>
Json json_of(const std::optional<T>& field) {
  return field ? Json(*field) : Json();
}

// The options that differ from the defaults.
Json set_options(const Request& request) {
  Json defaults;
  const Request plain;
  visit_request(plain,
                [&](const char* name, const auto& field, const char*) { defaults[name] = json_of(field); });
  Json json = Json::object();
  visit_request(request, [&](const char* name, const auto& field, const char*) {
    Json value = json_of(field);
    if (value != defaults[name]) json[name] = std::move(value);
  });
  return json;
}

Json texts_of(const Plan& plan) {
  Json texts = Json::array();
  const auto add = [&](const std::string& text) {
    if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  };
  add(plan.request.prompt);
  for (const Shot& shot : plan.inputs.shots) add(shot.prompt);
  for (const std::string& shot : plan.request.shot) add(shot);
  add(plan.request.original_prompt.value_or(""));
  add(plan.request.negative_prompt.value_or(""));
  for (const std::string& line : plan.request.live_log) add(line);
  return texts;
}

// The first line that a command printed that is not empty.
std::string reason_of(const CommandResult& result) {
  for (const std::string& text : {result.output, result.said}) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = one_line(text.substr(begin, end - begin), kLongestReason);
      if (line.find_first_not_of(' ') != std::string::npos) return line;
      begin = end + 1;
    }
  }
  return {};
}

void ask(const ShellCommand& command, const std::string& outcome) {
  CommandResult result;
  try {
    result = run_command(command, "policy");
  } catch (const Error& error) {
    throw Error(ErrorKind::refused, "policy", "the policy cannot be asked: " + error.message() + outcome);
  }
  if (result.succeeded()) return;
  if (result.end == End::stopped)
    throw Error(ErrorKind::interrupted, "policy", "stopped while the policy was asked");
  const std::string reason = reason_of(result);
  if (result.end == End::exited && result.code == kRefused) {
    throw Error(ErrorKind::refused, "policy",
                "refused by the policy" + (reason.empty() ? "" : ": " + reason) + outcome);
  }
  throw Error(ErrorKind::refused, "policy",
              "the policy command " + end_text(command, result) + ", expected 0 (allowed) or 77 (refused)" +
                  (reason.empty() ? "" : ": " + reason) + outcome);
}

void ask_all(const Policy& policy, std::string input, const std::string& outcome) {
  ShellCommand command;
  command.input = std::move(input);
  command.seconds = policy.seconds;
  command.most_bytes = kMostBytes;
  command.own_group = true;
  command.stop = policy.stop;
  for (const std::string& each : policy.commands) {
    command.command = each;
    ask(command, outcome);
  }
}

}  // namespace

std::string policy_input(const Plan& plan, const std::filesystem::path& contact_sheet) {
  Json json;
  json["sora_gen"] = SORA_GEN_VERSION;
  json["stage"] = contact_sheet.empty() ? "request" : "result";
  json["texts"] = texts_of(plan);
  json["contact_sheet"] = contact_sheet.empty() ? Json() : Json(contact_sheet.string());
  json["request"] = set_options(plan.request);
  constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  if (const JsonFault fault = parse_json(plan_json(plan, -1), json["plan"], {.bytes = kAny, .values = kAny}))
    throw Error(ErrorKind::internal, "policy", "the plan " + fault.message);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void ask_policy(const Policy& policy, const Plan& plan, const std::filesystem::path& contact_sheet) {
  if (!policy) return;
  ask_all(policy, policy_input(plan, contact_sheet),
          contact_sheet.empty()     ? "; nothing was started"
          : plan.output.path == "-" ? "; the stream had left before"
                                    : "; the finished video was removed");
}

void ask_policy_to_enhance(const Policy& policy, const std::string& text) {
  if (!policy) return;
  const Json json{{"sora_gen", SORA_GEN_VERSION}, {"stage", "enhance"}, {"texts", {text}}};
  ask_all(policy, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", "; nobody was asked");
}

}  // namespace sora
