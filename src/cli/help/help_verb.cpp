#include "cli/help/help_verb.h"

#include <filesystem>
#include <string>

#include "cli/help/completions.h"
#include "cli/help/help_text.h"
#include "cli/help/layout.h"
#include "cli/help/man_pages.h"
#include "cli/terminal/terminal.h"
#include "core/output/output_file.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

const Verb& named_verb(const std::string& name, const std::vector<Verb>& verbs) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) {
    if (name == verb.name) return verb;
    names.emplace_back(verb.name);
  }
  const std::string hint = nearest(name, names);
  wrong("there is no verb \"" + excerpt(name) + "\" to help with; " +
        (hint.empty() ? "sora-gen --help lists them" : "did you mean " + hint + "?"));
}

void write_man_pages(const std::filesystem::path& folder, const std::vector<Verb>& verbs) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code)
    throw Error(ErrorKind::cannot_create, "output",
                folder.string() + ": cannot be created: " + code.message());
  for (const auto& [name, text] : man_pages(verbs)) {
    OutputFile file(folder / name, true);
    file.write(text.data(), text.size());
    file.commit();
  }
}

}  // namespace

bool asks_for_help(const Options& options) {
  const bool by_word =
      !options.words.empty() && (options.words[0] == "help" || options.words[0] == "completions");
  return options.help || options.help_all || by_word;
}

int show_help(const Options& options, const std::vector<Verb>& verbs) {
  std::vector<std::string> words = options.words;
  const bool is_help = !words.empty() && words.front() == "help";
  if (!words.empty() && words.front() == "completions" && !options.help && !options.help_all) {
    if (words.size() != 2)
      wrong("completions needs the name of a shell: sora-gen completions bash, zsh or fish");
    write_stdout(completions(words[1], verbs));
    return 0;
  }
  if (is_help) words.erase(words.begin());
  if (is_help && options.request.format) {
    if (*options.request.format != "man" || words.size() != 1)
      wrong("help --format takes man and a folder: sora-gen help --format man DIR");
    write_man_pages(words[0], verbs);
    return 0;
  }
  const auto width = static_cast<std::size_t>(help_width());
  if (words.size() > 1 && is_help) wrong("help takes one verb, got \"" + excerpt(words[1]) + "\" too");
  const bool of_verb = !words.empty() && words[0] != "completions";
  write_stdout(of_verb ? verb_help(named_verb(words[0], verbs), options.help_all, width)
                       : help_text(verbs, options.help_all, width));
  return 0;
}

}  // namespace sora
