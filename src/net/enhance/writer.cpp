#include <cstdlib>

#include "core/text.h"
#include "net/enhance/enhance.h"
#include "net/http.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kLongest = 8000;  // bytes of a prompt; a model reads some 512 tokens of it
constexpr int kMostSeconds = 3600;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "enhance", message); }

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Models that reason show it first, in the text.
std::string without_thoughts(std::string text) {
  const std::string end = "</think>";
  if (!text.starts_with("<think>")) return text;
  const std::size_t found = text.find(end);
  return found == std::string::npos ? std::string() : trimmed(text.substr(found + end.size()));
}

std::string without_quotes(const std::string& text) {
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"\"", "\""}, {"\u201c", "\u201d"}}) {
    if (text.size() <= open.size() + close.size() || !text.starts_with(open) || !text.ends_with(close))
      continue;
    const std::string inner = text.substr(open.size(), text.size() - open.size() - close.size());
    if (inner.find(open) == std::string::npos && inner.find(close) == std::string::npos)
      return trimmed(inner);
  }
  return text;
}

// Line breaks and tabs become spaces, and several of them one.
std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  return line;
}

void check_endpoint(const Writer& writer) {
  if (writer.url.empty()) {
    wrong(
        "there is nobody to ask: set SORA_GEN_ENHANCE_URL to the address of an endpoint of OpenAI's form, "
        "such as "
        "http://localhost:11434/v1, or give --enhance-command CMD");
  }
  const auto address = parse_address(writer.url);
  if (!address) {
    // It may hold a key or a password, and is not shown.
    wrong(
        "SORA_GEN_ENHANCE_URL is no address of the kind http://localhost:11434/v1, without a name or a "
        "password in "
        "it; a key goes into SORA_GEN_ENHANCE_KEY");
  }
  if (writer.key.empty()) return;
  if (!is_token(writer.key))
    wrong("SORA_GEN_ENHANCE_KEY holds characters that no key has, such as a line break");
  if (!is_private(*address)) {
    wrong("SORA_GEN_ENHANCE_KEY would go to " + address->origin +
          " unencrypted, for all on the way to read; use its https:// address, or unset the key");
  }
}

}  // namespace

std::string Writer::name() const {
  if (!command.empty()) return "the command of --enhance-command";
  const auto address = parse_address(url);
  return address ? address->origin : std::string("the endpoint");
}

Writer writer_for(const std::string& command) {
  Writer writer;
  writer.command = command;
  writer.url = variable("SORA_GEN_ENHANCE_URL");
  writer.model = variable("SORA_GEN_ENHANCE_MODEL");
  writer.key = variable("SORA_GEN_ENHANCE_KEY");
  const std::string timeout = variable("SORA_GEN_ENHANCE_TIMEOUT");
  const bool good = timeout.empty() || set_from_text(writer.seconds, timeout).empty();
  if (!good || writer.seconds < 1 || writer.seconds > kMostSeconds)
    wrong("SORA_GEN_ENHANCE_TIMEOUT is \"" + excerpt(timeout) + "\", expected seconds from 1 to 3600");
  if (!is_utf8(writer.model)) wrong("SORA_GEN_ENHANCE_MODEL is not UTF-8");
  if (command.empty()) check_endpoint(writer);
  return writer;
}

std::string ask_writer(const Writer& writer, const std::string& instruction, const std::string& prompt) {
  const bool by_command = !writer.command.empty();
  const std::string answer =
      by_command ? ask_command(writer, instruction, prompt) : ask_endpoint(writer, instruction, prompt);
  return prompt_of_answer(answer, writer.name());
}

std::string prompt_of_answer(const std::string& answer, const std::string& name) {
  const auto bad = [&](const std::string& what) {
    throw Error(ErrorKind::unavailable, "enhance", name + " answers with " + what + "; nothing was started");
  };
  if (!is_utf8(answer)) bad("text that is not UTF-8");
  const std::string text = without_quotes(in_one_line(without_thoughts(trimmed(answer))));
  if (text.empty()) bad("an empty text, expected a prompt");
  if (text.size() > kLongest)
    bad("a text of " + bytes_text(text.size()) + ", expected a prompt of at most " + bytes_text(kLongest));
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (is_deceptive(character.code)) bad("control characters, expected plain text: " + excerpt(text));
    at += character.bytes;
  }
  return text;
}

}  // namespace sora
