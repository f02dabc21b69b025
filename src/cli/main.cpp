// sora-gen: the program. It links neither libtorch nor libav, so that help, errors and dry runs are quick;
// libsora is loaded when there is work to do (library.h).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/help/help_verb.h"
#include "cli/last_resort.h"
#include "cli/library.h"
#include "cli/log_setup.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs.h"
#include "core/standard_streams.h"
#include "core/text.h"
#include "plan/machine/devices.h"
#include "plan/verbs/edit/mask_probe.h"
#include "plan/verbs/reproduce.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kMostWords = 1000;  // of a verb that takes any number of them

// All verbs. Without one, the first makes a video.
const std::vector<Verb> verbs{
    // a video from a prompt
    {"generate", "", "make a video from --prompt; the default", 0, true, generate},
    // a video from a picture or from videos
    {"animate", "IMAGE", "make a picture move; --last-image FILE ends with another", 1, true,
     make_from_files},
    {"extend", "CLIP", "new footage after a clip, or before it with --backward", 1, true, make_from_files},
    {"connect", "A B", "a transition that grows from one clip into another", 2, true, make_from_files},
    {"loop", "[CLIP]", "a video whose end meets its start, of a clip or a --prompt", 0, true, make_from_files,
     1},
    {"remix", "CLIP", "change a clip by --prompt; --strength says how much", 1, true, make_from_files},
    {"edit", "CLIP", "make a part of a clip anew: --mask, --box or --outpaint", 1, true, make_from_files},
    {"storyboard", "[STORY]", "a video from prompts at times, in lines or JSON; - reads stdin; or --shot", 0,
     true, make_storyboard, 1},
    // a video that is shown while it is made
    {"live", "", "a video that plays while it is made; each line typed is its next prompt", 0, true,
     make_live},
    {"finish", "DRAFT", "make a small video large, at --res WxH", 1, true, make_from_files},
    // many seeds, and the ones worth finishing
    {"scout", "", "try many seeds of a --prompt, small or in few steps, with a page to choose from", 0, true,
     scout_seeds},
    {"pick", "NUMBER [DIR]", "finish the drafts of these numbers of a scout", 0, true, pick_drafts,
     kMostWords},
    // how a finished file was made, from the file itself
    {"inspect", "FILE", "show how a file was made", 1, false, inspect_file},
    // whether files say that they were generated, and how surely
    {"detect", "FILE...", "whether a generator made files, and how surely", 1, false, detect_files,
     kMostWords},
    // the same file again, or with changes
    {"rerun", "FILE", "make a file again, with other options where they are given", 1, true, rerun_file},
    // what a batch has done
    {"status", "DIR", "what is done, failed and left in the folder of a batch", 1, false, show_status_of},
    // latents that a run kept, or those of a run that failed after its last step
    {"decode", "LATENTS", "make the video from latents that a run kept or saved", 1, true, decode_latents},
    // requests from another program, the model kept in memory
    {"serve", "", "with --stdio: JSON requests on stdin, answers on stdout", 0, true, serve},
    // published models, fetched
    {"pull", "[NAME]", "fetch a published model; without a name, list them", 0, false, pull_model, 1},
    // installed models
    {"models", "", "list the installed models", 0, false, list_models},
    // what works on this machine, and what to install
    {"doctor", "", "check devices, libraries, codecs and models", 0, false, run_doctor},
};

// For a word or an option that the verb does not take.
std::string way_out(const Verb& verb, const Options& options, bool has_word) {
  const std::string name = verb.name;
  const bool makes_videos = name == "generate" || name == "scout";
  if (has_word && makes_videos && !options.has_prompt)
    return "; did you mean --prompt \"" + options.words.back() + "\"?";
  if (has_word && (name == "extend" || name == "loop" || name == "remix" || name == "edit") &&
      options.words.size() == 3)
    return "; it takes one clip, and sora-gen connect " + shell_word(options.words[1]) + " " +
           shell_word(options.words[2]) + " makes one video of two";
  return "; sora-gen help " + name + " shows what it takes";
}

// What word processors make of two hyphens.
bool begins_with_a_dash(const std::string& word) {
  return word.starts_with("\u2013") || word.starts_with("\u2014") || word.starts_with("\u2212");
}

const Verb& verb_of(const Options& options) {
  if (options.words.empty()) {
    if (options.verify)
      throw Error(ErrorKind::usage, "options", "--verify needs a file: sora-gen rerun --verify FILE");
    return verbs.front();
  }
  const std::string& word = options.words.front();
  std::vector<std::string> names;
  for (const Verb& verb : verbs) {
    names.emplace_back(verb.name);
    if (word != verb.name) continue;
    if (options.words.size() < verb.words + 1) {
      const char* needs = verb.words > 1                              ? " needs two files: sora-gen "
                          : std::string_view(verb.arguments) == "DIR" ? " needs a folder: sora-gen "
                                                                      : " needs a file: sora-gen ";
      throw Error(ErrorKind::usage, "options", word + needs + word + " " + verb.arguments);
    }
    const bool has_word = options.words.size() > verb.words + verb.more + 1;
    const bool has_flag = !verb.takes_request && !options.video_flags.empty();
    if (has_word || has_flag) {
      const std::string what =
          has_word ? "\"" + options.words[verb.words + verb.more + 1] + "\"" : options.video_flags.front();
      throw Error(ErrorKind::usage, "options", word + " takes no " + what + way_out(verb, options, has_word));
    }
    if (options.verify && verb.run != rerun_file)
      throw Error(ErrorKind::usage, "options",
                  word + " takes no --verify; sora-gen rerun --verify FILE does");
    // In a configuration file it is meant for the verbs that take it.
    const auto source = options.sources.find("enhance");
    const bool asked_for = source != options.sources.end() && source->second == "command line";
    const bool enhances = asked_for || options.enhance_command;
    if (enhances && (!verb.takes_request || verb.run == decode_latents))
      throw Error(ErrorKind::usage, "options",
                  word +
                      " takes no --enhance; it is for the verbs that make videos of a prompt that the line "
                      "or a list has");
    return verb;
  }
  if (begins_with_a_dash(word))
    throw Error(ErrorKind::usage, "options",
                "\"" + word + "\" begins with a dash; options begin with two hyphens (--), as in --prompt");
  names.emplace_back("help");
  const std::string hint = nearest(word, names);
  throw Error(ErrorKind::usage, "options",
              "\"" + word + "\" is neither a verb nor the value of an option; did you mean " +
                  (hint.empty() ? "--prompt \"" + word + "\"?" : hint + "?"));
}

int exit_code_of(const Error& error) {
  const bool stopped = error.kind() == ErrorKind::interrupted && stop_signal() != 0;
  return stopped ? 128 + stop_signal() : error.exit_code();
}

int run(int argc, const char* const* argv) {
  Session session;
  try {
    install_signals();
    install_last_resort();
    set_log_sink(make_log_sink(session.options, false));  // until the options are known
    session.options = parse_options(argc, argv);
    if (session.options.version) return write_stdout("sora-gen " SORA_GEN_VERSION "\n"), 0;
    if (asks_for_help(session.options)) return show_help(session.options, verbs);
    session.log_sink = make_log_sink(session.options, json_on_stderr(session.options));
    set_log_sink(session.log_sink);
    set_probe([sink = session.log_sink](const auto& path) { return load_library(sink).probe(path); });
    set_mask_probe(
        [sink = session.log_sink](const auto& path) { return load_library(sink).probe_mask(path); });
    set_device_probe([sink = session.log_sink] { return load_library(sink).devices(); });
    session.progress = make_progress_display(session.options);
    return verb_of(session.options).run(session);
  } catch (...) {
    const Error error = current_error();
    const bool reported = session.progress && session.progress->failed(error);
    if (!reported && error.kind() != ErrorKind::reader_gone) log(LogLevel::error, error.what());
    return exit_code_of(error);
  }
}

// Closes stdout: only then does a network disk report that it is full. Returns the exit code, 0 without an
// error.
int close_stdout() {
  const int copy = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (copy < 0 || ::close(copy) == 0 || errno == EINTR) return 0;
  write_stderr_line(std::string("sora-gen: [output] standard output: write failed: ") + std::strerror(errno));
  return static_cast<int>(ErrorKind::io);
}

}  // namespace
}  // namespace sora

int main(int argc, char** argv) {
  // First, so that no other file gets the number of a closed stream.
  sora::open_standard_streams();
  int code = sora::run(argc, argv);
  if (code == 0) code = sora::close_stdout();
  // All files are written and closed; libtorch's destructors would only take time.
  ::_exit(code);
}
