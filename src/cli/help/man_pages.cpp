#include "cli/help/man_pages.h"

#include <cctype>
#include <string_view>

#include "cli/help/help_text.h"
#include "cli/help/option_table.h"
#include "cli/help/verb_pages.h"

namespace sora {
namespace {

// Text that roff takes for itself: no escapes, no request at the start of a line, minus signs that can be
// copied.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += std::string("\\&") + c;
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (c == '"') {
      out += "\\(dq";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }

std::string head(const std::string& page, std::string_view about) {
  std::string upper = page;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return ".TH \"" + upper +
         "\" \"1\" \"\" \"sora\\-gen " SORA_GEN_VERSION "\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\n" +
         plain(page) + " \\- " + plain(about) + "\n";
}

std::string option_entry(const OptionInfo& option) {
  std::string text = ".TP\n";
  if (!option.letter.empty()) text += bold(option.letter) + ", ";
  text += bold(option.flag);
  if (!option.value.empty()) text += " \\fI" + plain(option.value) + "\\fR";
  return text + "\n" + plain(option.help) + ".\n";
}

std::string example(std::string_view command) {
  return ".PP\n.nf\n.RS 4\n" + plain(command) + "\n.RE\n.fi\n";
}

std::string page_of(const Verb& verb) {
  const VerbPage& page = verb_page(verb.name);
  const std::string name = std::string("sora-gen-") + verb.name;
  std::string text = head(name, verb.help) + ".SH SYNOPSIS\n" + bold("sora-gen") + " " + bold(verb.name) +
                     " " + (*verb.arguments != '\0' ? "\\fI" + plain(verb.arguments) + "\\fR " : "") +
                     "[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n" +
                     plain(*page.about != '\0' ? page.about : verb.help) + "\n";
  if (!page.options.empty()) text += ".SH OPTIONS\n";
  for (const std::string_view option : page.options) text += option_entry(option_of(page, option));
  text += ".SH COMMON OPTIONS\n";
  for (const std::string& option : common_options(verb)) text += option_entry(option_of(page, option));
  if (verb.takes_request) text += ".PP\nEvery option is in " + bold("sora-gen") + "(1).\n";
  if (!page.examples.empty()) text += ".SH EXAMPLES\n";
  for (const char* command : page.examples) text += example(command);
  return text + ".SH SEE ALSO\n" + bold("sora-gen") + "(1)\n";
}

struct Named {
  const char* name;
  const char* text;
};

std::string definitions(std::initializer_list<Named> list) {
  std::string text;
  for (const Named& each : list) text += ".TP\n" + bold(each.name) + "\n" + plain(each.text) + "\n";
  return text;
}

std::string main_page(const std::vector<Verb>& verbs) {
  std::string text =
      head("sora-gen", "video from words, with open text-to-video models") + ".SH SYNOPSIS\n" +
      bold("sora-gen") + " [\\fIVERB\\fR] [\\fIFILE\\fR]... [\\fIOPTIONS\\fR]\n" + ".SH DESCRIPTION\n" +
      plain(
          "Makes video, and pictures, from words, pictures and other videos. Without a verb it "
          "makes a video from --prompt. Standard output is for data, standard error for people "
          "and progress.") +
      "\n.SH VERBS\n";
  for (const Verb& verb : verbs) {
    text += ".TP\n" + bold(verb.name) +
            (*verb.arguments != '\0' ? " \\fI" + plain(verb.arguments) + "\\fR" : "") + "\n" +
            plain(verb.help) + ".\n";
  }
  std::string group;
  text += ".SH OPTIONS\n";
  for (const OptionInfo& option : option_table()) {
    if (option.group != group) text += ".SS " + plain(option.group) + "\n";
    group = option.group;
    text += option_entry(option);
  }
  text += ".SH EXIT STATUS\n" + definitions({{"0", "done"},
                                             {"1", "some jobs of a batch failed"},
                                             {"64", "wrong usage"},
                                             {"65", "bad data in a file"},
                                             {"66", "an input is missing"},
                                             {"69", "no device, memory, codec or library"},
                                             {"70", "a bug of ours"},
                                             {"73", "an output cannot be created"},
                                             {"74", "a read or write failed"},
                                             {"75", "another run holds the lock"},
                                             {"77", "refused"},
                                             {"130, 143", "interrupted"},
                                             {"141", "the reader of standard output went away"}});
  text += ".SH FILES\n" +
          definitions({{"~/.config/sora-gen/config.json", "defaults for options, and presets of one's own"},
                       {"~/.local/share/sora-gen/models", "models that were fetched"},
                       {"~/.cache/sora-gen", "what prompts became, and how long runs took"},
                       {"~/.local/state/sora-gen", "latents of videos that were cut off"}});
  text += ".SH ENVIRONMENT\n" +
          definitions({{"SORA_GEN_MODELS", "folders with models, joined by colons"},
                       {"XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME, XDG_STATE_HOME",
                        "folders that stand for ~/.config, ~/.local/share, ~/.cache and ~/.local/state"}});
  text += ".SH EXAMPLES\n";
  for (const char* command : verb_page("generate").examples) text += example(command);
  text += ".SH SEE ALSO\n";
  for (const Verb& verb : verbs) {
    const bool last = &verb == &verbs.back();
    text += bold(std::string("sora-gen-") + verb.name) + "(1)" + (last ? "" : ",") + "\n";
  }
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> man_pages(const std::vector<Verb>& verbs) {
  std::vector<std::pair<std::string, std::string>> pages{{"sora-gen.1", main_page(verbs)}};
  for (const Verb& verb : verbs)
    pages.emplace_back(std::string("sora-gen-") + verb.name + ".1", page_of(verb));
  return pages;
}

}  // namespace sora
