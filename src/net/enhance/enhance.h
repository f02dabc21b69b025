// Prompts written out by a language model: an endpoint that speaks as OpenAI's does (llama.cpp, vLLM, Ollama,
// many services), or a command. What it answers is a stranger's word, and is checked before it is a prompt.
#pragma once

#include <functional>
#include <string>

namespace sora {

/// Who is asked.
struct Writer {
  std::string command;         ///< for a shell; empty: the endpoint
  std::string url;             ///< of the endpoint: .../v1 or .../v1/chat/completions
  std::string model;           ///< its name there; may be empty
  std::string key;             ///< may be empty; never shown, and never in a message
  int seconds = 120;           ///< how long one answer may take
  std::function<bool()> stop;  ///< asked now and then; true gives up: Error (interrupted)

  std::string name() const;  ///< for messages: "https://host:port", or "the command"
};

/// The command, or where it is empty the endpoint of the environment: SORA_GEN_ENHANCE_URL, _MODEL, _KEY and
/// _TIMEOUT. Throws Error (usage) for what is missing or cannot be.
Writer writer_for(const std::string& command);

/// Asks for `prompt` to be written out by the rules of `instruction`. Throws Error (unavailable) where there
/// is no answer, or one that is no prompt.
std::string ask_writer(const Writer& writer, const std::string& instruction, const std::string& prompt);

/// A prompt in one line of what a language model answered: without its thoughts (<think>), line breaks and
/// quotation marks around it. Throws Error (unavailable) where nothing is left, or it holds control
/// characters, is too long or no UTF-8. `name` begins the message.
std::string prompt_of_answer(const std::string& answer, const std::string& name);

/// The two ways of asking; their answers are not checked yet. Throw Error (unavailable).
std::string ask_endpoint(const Writer& writer, const std::string& instruction, const std::string& prompt);
std::string ask_command(const Writer& writer, const std::string& instruction, const std::string& prompt);

}  // namespace sora
