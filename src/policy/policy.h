// A command of whoever runs the program for others, which may refuse what is asked for and what was made.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sora/plan.h"

namespace sora {

struct Policy {
  std::vector<std::string> commands;  ///< for a shell; each of them may refuse
  int seconds = 60;                   ///< how long one answer may take
  std::function<bool()> stop;         ///< asked while a command runs; may be empty

  explicit operator bool() const { return !commands.empty(); }
};

/// What a command gets on its standard input: {"sora_gen": VERSION, "stage": "request" or "result", "texts":
/// all prompts, "contact_sheet": path or null, "request": the options that are set, "plan": what --dry-run
/// --json shows}. `contact_sheet`: empty before any work.
std::string policy_input(const Plan& plan, const std::filesystem::path& contact_sheet);

/// Asks all commands about a plan before any work; with a `contact_sheet` about the finished video before it
/// gets its name. A command that ends with 0 allows it. Throws Error (refused) when one ends with 77, with
/// the first line that it printed; with any other code or by a signal; prints over 64 kB; gives no answer in
/// time; or cannot be started. Throws Error (interrupted) at a stop.
void ask_policy(const Policy& policy, const Plan& plan, const std::filesystem::path& contact_sheet = {});

/// The same about a prompt before it is sent to a language model, which is no part of this program:
/// {"sora_gen": VERSION, "stage": "enhance", "texts": [text]}.
void ask_policy_to_enhance(const Policy& policy, const std::string& text);

}  // namespace sora
