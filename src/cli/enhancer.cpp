#include "cli/enhancer.h"

#include "cli/make.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "core/sha256.h"
#include "core/text.h"
#include "jobs/enhanced_prompts.h"
#include "plan/model/model_choice.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kMostAnswers = 1000;  // that are remembered

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

}  // namespace

bool wants_enhancing(const Options& options) { return options.enhance || options.enhance_command; }

Enhancer::Enhancer(Session& session) : session_(session) {
  const auto& command = session.options.enhance_command;
  if (command && command->find_first_not_of(" \t") == std::string::npos)
    wrong("--enhance-command is empty, expected a command that reads a prompt and writes another");
  writer_ = writer_for(command.value_or(""));
}

const PromptInstruction& Enhancer::instruction(const Request& request) {
  const std::string key = model_choice(request) + (request.image ? "\nimage" : "");
  const auto known = instructions_.find(key);
  if (known != instructions_.end()) return known->second;
  return instructions_.emplace(key, prompt_instruction(request)).first->second;
}

std::string Enhancer::ask(const PromptInstruction& instruction, const std::string& text) {
  const Options& options = session_.options;
  ask_policy_to_enhance(policy_of(options, [] { return stop_signal() != 0; }), text);
  const bool shows = !options.quiet && !json_on_stderr(options);
  if (shows) write_stderr_line("asking " + writer_.name() + " to write out: \"" + one_line(text) + "\"");
  std::string written = ask_writer(writer_, instruction.text, text);
  if (shows) write_stderr_line("enhanced: \"" + one_line(written) + "\"");
  session_.progress->enhanced(text, written);
  return written;
}

const std::string& Enhancer::answer(const PromptInstruction& instruction, const std::string& text) {
  const std::string key = sha256_hex(instruction.text) + text;
  const auto known = answers_.find(key);
  if (known != answers_.end()) return known->second;
  if (answers_.size() >= kMostAnswers) answers_.clear();
  return answers_.emplace(key, ask(instruction, text)).first->second;
}

void Enhancer::enhance(Request& request, const Request& planned) {
  if (request.original_prompt) {
    log(LogLevel::info, "the prompt was enhanced before, and is taken as it is");
    return;
  }
  if (texts_to_enhance(request).empty())
    wrong("there is no prompt to enhance; give one with --prompt, or leave out --enhance");
  std::map<std::string, std::string> answers;
  for (const std::string& text : texts_to_enhance(request)) {
    if (answers.count(text) == 0) answers.emplace(text, answer(instruction(planned), text));
  }
  (void)put_enhanced(request, [&](const std::string& text) { return &answers.at(text); });
}

bool Enhancer::put_known(Request& request, const Journal& journal) {
  if (texts_to_enhance(request).empty()) return true;
  const std::string& kind = instruction(request).kind;
  return put_enhanced(request, [&](const std::string& text) { return journal.enhanced(kind, text); });
}

void Enhancer::ask_for_all(const JobList& list, Journal& journal) {
  const Journal::Asking asking(journal);
  for (const Job& job : list.jobs()) {
    const Request request = list.request(job);  // with what the journal knows put in
    for (const std::string& text : texts_to_enhance(request)) {
      const PromptInstruction& told = instruction(request);
      if (journal.enhanced(told.kind, text) != nullptr) continue;
      try {
        journal.add_enhanced(told.kind, text, ask(told, text));
      } catch (const Error& error) {
        // The job itself is refused when its turn comes, and recorded.
        if (error.kind() != ErrorKind::refused) throw;
        log(LogLevel::warning, error.message());
      }
    }
  }
}

std::string Enhancer::would_ask(std::size_t texts) const {
  return writer_.name() + " would be asked to write out " + std::to_string(texts) +
         (texts == 1 ? " prompt" : " prompts") + "; a dry run asks nothing";
}

}  // namespace sora
