// --enhance: prompts are written out by a language model, and shown, before any work.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "cli/verbs.h"
#include "jobs/job_list.h"
#include "jobs/journal.h"
#include "net/enhance/enhance.h"
#include "plan/model/instruction.h"

namespace sora {

/// Whether the line asks for it.
bool wants_enhancing(const Options& options);

class Enhancer {
 public:
  /// Throws Error (usage) where there is nobody to ask.
  explicit Enhancer(Session& session);

  /// Asks for the prompts of `request`, shows them, and puts them in. `planned` is the same with its model as
  /// the plan has it. Throws Error: usage where it has no prompt, unavailable where there is no good answer.
  void enhance(Request& request, const Request& planned);

  /// From now on, asks `stop` now and then whether to give up an answer.
  void stop_if(std::function<bool()> stop) { writer_.stop = std::move(stop); }

  /// Puts in what the journal knows. False where it does not know all of them.
  bool put_known(Request& request, const Journal& journal);

  /// Asks for every text of the list that the journal does not know, each once, and writes the answers into
  /// it. Of several runs at work in the folder, one asks and the others wait. Throws Error (unavailable).
  void ask_for_all(const JobList& list, Journal& journal);

  /// For a dry run, which asks nothing: what would be asked of whom.
  std::string would_ask(std::size_t texts) const;

 private:
  const PromptInstruction& instruction(const Request& request);
  const std::string& answer(const PromptInstruction& instruction, const std::string& text);
  std::string ask(const PromptInstruction& instruction, const std::string& text);

  Session& session_;
  Writer writer_;
  std::map<std::string, PromptInstruction> instructions_;  // by model and what the video begins from
  std::map<std::string, std::string> answers_;             // of enhance(), by the instruction and the prompt
};

}  // namespace sora
