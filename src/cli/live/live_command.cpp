#include "cli/live/live_command.h"

#include <algorithm>
#include <optional>

#include "core/json/scalar.h"
#include "core/random_seed.h"
#include "core/text.h"
#include "plan/verbs/live.h"
#include "sora/error.h"

namespace sora {
namespace {

using Kind = LiveCommand::Kind;

constexpr double kLongestDelay = 3600;  // seconds

[[noreturn]] void bad(const std::string& message) { throw Error(ErrorKind::data, "live", message); }

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

LiveCommand of_prompt(const std::string& prompt, double after) {
  if (const std::string fault = fault_of_live_prompt(prompt); !fault.empty())
    bad("the prompt \"" + excerpt(prompt) + "\" " + fault);
  return {Kind::prompt, prompt, after};
}

double checked_delay(double seconds) {
  if (!(seconds >= 0 && seconds <= kLongestDelay)) bad("a delay is from 0 to 3600 seconds");
  return seconds;
}

// "+4s a storm" and "+4s"; empty: the line begins otherwise.
std::optional<LiveCommand> delayed(const std::string& line) {
  if (line.front() != '+') return {};
  const std::size_t space = std::min(line.find(' '), line.size());
  std::string number = line.substr(1, space - 1);
  if (!number.empty() && number.back() == 's') number.pop_back();
  double after = 0;
  if (!set_from_text(after, number).empty()) return {};
  const std::string rest = trimmed(line.substr(space));
  if (rest.empty()) return LiveCommand{Kind::end_after, "", checked_delay(after)};
  return of_prompt(rest, checked_delay(after));
}

}  // namespace

LiveCommand parse_live_line(const std::string& given) {
  const std::string line = trimmed(given);
  if (line.empty()) return {};
  if (auto command = delayed(line)) return *command;
  if (line.front() != '!') return of_prompt(line, 0);
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string name = line.substr(1, space - 1), rest = trimmed(line.substr(space));
  if (name == "seed") {
    LiveCommand command{Kind::seed};
    command.seed = rest.empty() ? random_seed() : 0;
    if (!rest.empty() && !set_from_text(command.seed, rest).empty())
      bad("!seed " + excerpt(rest) + ": expected a whole number, or none for a random one");
    return command;
  }
  if (rest.empty()) {
    if (name == "undo") return {Kind::undo};
    if (name == "pause") return {Kind::pause};
    if (name == "go") return {Kind::go};
    if (name == "end") return {Kind::end};
    if (name == "help") return {Kind::help};
  }
  bad("\"" + excerpt(line) + "\" is no command; " + live_commands_text());
}

LiveCommand parse_live_request(const std::string& given) {
  const std::string line = trimmed(given);
  if (line.empty() || line.front() != '{') return parse_live_line(line);
  const ScalarObject object = parse_scalars(line, "{\"prompt\": \"...\"}");
  std::string fault = object.fault, what;
  LiveCommand command;
  std::optional<std::string> prompt;
  const auto flag = [&](const std::string& name, const Scalar& value, Kind kind) {
    if (value.kind != Scalar::Kind::boolean || value.text != "true") bad(name + " is not true");
    if (!what.empty()) bad("a request says one thing; got " + what + " and " + name);
    what = name;
    command.kind = kind;
  };
  for (const auto& [name, value] : object.items) {
    if (!fault.empty()) break;
    if (name == "prompt") {
      fault = set_from_scalar(prompt, value);
    } else if (name == "after") {
      fault = set_from_scalar(command.after, value);
    } else if (name == "seed") {
      fault = set_from_scalar(command.seed, value);
      command.kind = Kind::seed;
      what = name;
    } else if (name == "undo") {
      flag(name, value, Kind::undo);
    } else if (name == "pause") {
      flag(name, value, Kind::pause);
    } else if (name == "go") {
      flag(name, value, Kind::go);
    } else if (name == "end" || name == "quit") {
      flag(name, value, Kind::end);
    } else {
      fault =
          "\"" + excerpt(name) + "\" is not known; there are prompt, after, seed, undo, pause, go and end";
    }
    if (!fault.empty() && object.fault.empty() && fault.find("known") == std::string::npos)
      fault = name + ": expected " + fault;
  }
  if (!fault.empty()) bad("the request: " + fault);
  (void)checked_delay(command.after);
  if (prompt) {
    if (!what.empty()) bad("a request says one thing; got prompt and " + what);
    return of_prompt(trimmed(*prompt), command.after);
  }
  if (command.kind == Kind::end && command.after > 0) command.kind = Kind::end_after;
  if (command.kind == Kind::nothing) bad("the request says nothing to do; expected a prompt or a command");
  return command;
}

const char* live_commands_text() {
  return "a line is the prompt from the next block on; +4s TEXT: in 4 seconds; +4s: end after 4 more "
         "seconds; "
         "!undo: take the last block back; !seed [N]; !pause, !go; !end";
}

}  // namespace sora
