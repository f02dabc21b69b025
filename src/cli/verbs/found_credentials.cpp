#include "cli/verbs/found_credentials.h"

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

using State = Credentials::State;

std::string quoted(const std::string& text) { return "\"" + excerpt(text) + "\""; }

std::string signature_text(const Credentials& found) {
  const std::string signer = found.signer.empty() ? "someone without a name" : quoted(found.signer);
  if (found.state == State::trusted) return "signed by " + signer + ", who is on the trust list";
  if (found.own_key) return "signed with this user's own key";
  if (found.self_made)
    return "signed by " + signer + ": a self-made certificate, on no trust list; anyone can make such a one";
  return "signed by " + signer + ", who is on no trust list here: who that is, nobody vouches for";
}

std::string state_text(const Credentials& found) {
  switch (found.state) {
    case State::none:
      return "none";
    case State::unreadable:
      return "not read: " + one_line(found.problem, 300);
    case State::invalid:
      return found.altered ? "altered: the file is not the one that was signed, so they are a claim, no proof"
                           : "not valid, so they are a claim, no proof";
    default:
      break;
  }
  return "whole: what was signed is unchanged";
}

std::string claim_text(const Credentials& found) {
  std::string text = "they say: made with " + (found.generator.empty() ? "?" : quoted(found.generator));
  if (!found.source.empty()) text += ", kind of source " + quoted(found.source);
  if (!found.model.empty()) text += ", model " + quoted(found.model);
  if (!found.prompt.empty()) text += ", prompt " + quoted(found.prompt);
  return text;
}

}  // namespace

Credentials look_for_credentials(const std::filesystem::path& file, const std::string& trust_list) {
  try {
    return read_credentials(file, trust_list);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) throw;
    Credentials unread;
    unread.state = State::unreadable;
    unread.problem = error.message();
    return unread;
  }
}

bool say_generated(const Credentials& credentials) {
  return credentials.generated || credentials.from_generated;
}

std::vector<std::string> credentials_lines(const Credentials& found) {
  std::vector<std::string> lines{state_text(found) + (found.beside ? " (in the file beside it)" : "")};
  if (found.state == State::none || found.state == State::unreadable) return lines;
  if (found.state == State::invalid && !found.faults.empty()) {
    std::string faults;
    for (std::size_t i = 0; i < found.faults.size() && i < 5; ++i)
      faults += (i == 0 ? "" : ", ") + excerpt(found.faults[i]);
    lines.push_back("faults: " + faults);
  }
  if (found.state != State::invalid) lines.push_back(signature_text(found));
  lines.push_back(claim_text(found));
  for (std::size_t i = 0; i < found.ingredients.size() && i < 5; ++i)
    lines.push_back("made from " + quoted(found.ingredients[i]));
  if (found.from_generated) lines.emplace_back("one of these files says that it was made by a generator");
  return lines;
}

nlohmann::ordered_json credentials_json(const Credentials& found) {
  nlohmann::ordered_json json{{"state", state_name(found.state)}};
  if (!found.problem.empty()) json["problem"] = found.problem;
  if (found.state == State::none || found.state == State::unreadable) return json;
  json["whole"] = found.state != State::invalid;
  json["altered"] = found.altered;
  json["beside"] = found.beside;
  json["signer"] = found.signer;
  json["self_made"] = found.self_made;
  json["own_key"] = found.own_key;
  json["time"] = found.time;
  json["generator"] = found.generator;
  json["source"] = found.source;
  json["generated"] = found.generated;
  json["from_generated"] = found.from_generated;
  json["model"] = found.model;
  json["prompt"] = found.prompt;
  json["ingredients"] = found.ingredients;
  json["faults"] = found.faults;
  return json;
}

}  // namespace sora
