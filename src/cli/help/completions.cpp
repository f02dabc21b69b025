#include "cli/help/completions.h"

#include <string_view>

#include "cli/help/option_table.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

enum class Value { none, file, folder, choice, other };

Value value_of(const OptionInfo& option) {
  if (option.value.empty()) return Value::none;
  if (!option.choices.empty()) return Value::choice;
  if (option.value == "FILE" || option.value == "PATH") return Value::file;
  if (option.value == "DIR" || option.value == "MODEL") return Value::folder;
  return Value::other;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// The flags of options for which `test` holds, "-o|--output" where `between` is "|".
template <class Test>
std::string flags(const char* between, Test&& test) {
  std::string text;
  for (const OptionInfo& option : option_table()) {
    if (!test(option)) continue;
    if (!text.empty()) text += between;
    if (!option.letter.empty()) text += option.letter + between;
    text += option.flag;
  }
  return text;
}

std::string names_of(const std::vector<Verb>& verbs, bool of_requests, const char* between) {
  std::string text;
  for (const Verb& verb : verbs) {
    if (of_requests && !verb.takes_request) continue;
    text += (text.empty() ? "" : between) + std::string(verb.name);
  }
  return text;
}

// --- bash -------------------------------------------------------------------------------------

std::string of_bash(const std::vector<Verb>& verbs) {
  const auto with = [](Value value) { return [value](const OptionInfo& o) { return value_of(o) == value; }; };
  std::string text =
      "# bash completion for sora-gen; made by: sora-gen completions bash\n"
      "_sora_gen() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' word\n"
      "  COMPREPLY=()\n"
      "  # A word such as --codec=h2 comes in three parts.\n"
      "  if [[ $cur == '=' ]]; then cur=''\n"
      "  elif [[ $prev == '=' && $COMP_CWORD -ge 2 ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  case $prev in\n";
  for (const OptionInfo& option : option_table()) {
    if (value_of(option) != Value::choice) continue;
    text += "    " + (option.letter.empty() ? "" : option.letter + "|") + option.flag +
            ") COMPREPLY=($(compgen -W '" + joined(option.choices) + "' -- \"$cur\")); return ;;\n";
  }
  text += "    " + flags("|", with(Value::file)) +
          ")\n      compopt -o filenames 2>/dev/null\n"
          "      mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n";
  text += "    " + flags("|", with(Value::folder)) +
          ")\n      compopt -o filenames 2>/dev/null\n"
          "      mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;\n";
  text += "    " + flags("|", with(Value::other)) + ") return ;;\n  esac\n";
  text +=
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $word in " +
      names_of(verbs, false, "|") +
      "|help|completions) verb=$word; break ;; esac\n"
      "  done\n"
      "  if [[ $cur == -* ]]; then\n"
      "    case $verb in\n"
      "      ''|" +
      names_of(verbs, true, "|") +
      ")\n"
      "        mapfile -t COMPREPLY < <(compgen -W '" +
      flags(" ", [](const OptionInfo&) { return true; }) +
      "' -- \"$cur\") ;;\n"
      "      *)\n"
      "        mapfile -t COMPREPLY < <(compgen -W '" +
      flags(" ", [](const OptionInfo& option) { return !option.of_request; }) +
      "' -- \"$cur\") ;;\n"
      "    esac\n"
      "  elif [[ -z $verb || $verb == help ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '" +
      names_of(verbs, false, " ") +
      " help' -- \"$cur\")\n"
      "  elif [[ $verb == completions ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- \"$cur\")\n"
      "  else\n"
      "    compopt -o filenames 2>/dev/null\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
      "  fi\n"
      "}\n"
      "complete -F _sora_gen sora-gen\n";
  return text;
}

// --- zsh --------------------------------------------------------------------------------------

// Within single quotes, in a part of a specification of _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_value(const OptionInfo& option) {
  const std::string name = ":" + zsh_text(option.value) + ":";
  switch (value_of(option)) {
    case Value::none:
      return "";
    case Value::file:
      return name + "_files";
    case Value::folder:
      return name + "_files -/";
    case Value::choice: {
      std::string words;
      for (const std::string& choice : option.choices) words += (words.empty() ? "" : " ") + zsh_text(choice);
      return name + "(" + words + ")";
    }
    case Value::other:
      break;
  }
  return name + " ";
}

std::string of_zsh(const std::vector<Verb>& verbs) {
  std::string text =
      "#compdef sora-gen\n# made by: sora-gen completions zsh\n"
      "_sora_gen() {\n"
      "  local curcontext=$curcontext state line\n"
      "  typeset -A opt_args\n"
      "  local -a verbs\n"
      "  verbs=(\n";
  for (const Verb& verb : verbs) text += std::string("    '") + verb.name + ":" + zsh_text(verb.help) + "'\n";
  text += "    'help:the help of a verb'\n  )\n  _arguments -C \\\n";
  for (const OptionInfo& option : option_table()) {
    const bool again = option.repeats || option.name == "verbose";
    const std::string rest = "[" + zsh_text(option.help) + "]" + zsh_value(option) + "' \\\n";
    const std::string star = again ? "*" : "";
    text += "    '" + star + option.flag + rest;
    if (!option.letter.empty()) text += "    '" + star + option.letter + rest;
  }
  text +=
      "    '1: :->first' \\\n"
      "    '2: :->second' \\\n"
      "    '*:file:_files'\n"
      "  case $state in\n"
      "    first) _describe verb verbs ;;\n"
      "    second) if [[ $line[1] == help ]]; then _describe verb verbs; else _files; fi ;;\n"
      "  esac\n"
      "}\n"
      "_sora_gen \"$@\"\n";
  return text;
}

// --- fish -------------------------------------------------------------------------------------

std::string fish_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string of_fish(const std::vector<Verb>& verbs) {
  std::string text =
      "# made by: sora-gen completions fish\n"
      "complete -c sora-gen -e\n";
  for (const Verb& verb : verbs) {
    text += std::string("complete -c sora-gen -n __fish_use_subcommand -f -a ") + verb.name + " -d " +
            fish_text(verb.help) + "\n";
  }
  text +=
      "complete -c sora-gen -n __fish_use_subcommand -f -a help -d 'the help of a verb'\n"
      "complete -c sora-gen -n '__fish_seen_subcommand_from help' -f -a '" +
      names_of(verbs, false, " ") + "'\n";
  for (const OptionInfo& option : option_table()) {
    text += "complete -c sora-gen -l " + option.flag.substr(2);
    if (!option.letter.empty()) text += " -s " + option.letter.substr(1);
    switch (value_of(option)) {
      case Value::none:
        break;
      case Value::file:
        text += " -r -F";
        break;
      case Value::folder:
        text += " -x -a '(__fish_complete_directories)'";
        break;
      case Value::choice:
        text += " -x -a " + fish_text(joined(option.choices));
        break;
      case Value::other:
        text += " -x";
        break;
    }
    text += " -d " + fish_text(option.help) + "\n";
  }
  return text;
}

}  // namespace

std::string completions(const std::string& shell, const std::vector<Verb>& verbs) {
  if (shell == "bash") return of_bash(verbs);
  if (shell == "zsh") return of_zsh(verbs);
  if (shell == "fish") return of_fish(verbs);
  throw Error(ErrorKind::usage, "options",
              "completions for \"" + excerpt(shell) + "\": expected bash, zsh or fish");
}

}  // namespace sora
