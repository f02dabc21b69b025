// What the command line says. Options of the video are declared by visit_request() (sora/request.h); those
// of the program, by the two visitors below. Parsing, --config, --print-config and the help text all come
// from these three lists.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sora/request.h"

namespace sora {

/// A flag that counts how often it is given: -v, -vv.
struct FlagCount {
  int count = 0;
};

struct Options {
  Request request;
  bool has_prompt = false;  ///< a prompt was given, be it empty

  std::vector<std::string> words;  ///< what stands on the line besides options: the verb and its files

  std::vector<std::string> video_flags;  ///< flags of `request` that are on the line

  // How the program talks
  std::string progress = "auto";  ///< auto, bar, plain, json or none
  std::optional<int> progress_fd;
  bool preview = false;
  bool json = false;
  bool quiet = false;
  FlagCount verbose;
  std::optional<std::string> log_file;

  // What it does instead of making a video, and where options come from; these are not in a config file
  std::optional<std::string> prompt_file;
  std::optional<std::string> config;
  bool dry_run = false;
  bool print_config = false;
  bool help = false;
  bool help_all = false;
  bool version = false;
};

template <class O, class V>
void visit_talk(O& o, V&& v) {
  v("progress", o.progress, "auto, bar, plain, json or none");
  v("progress_fd", o.progress_fd, "file descriptor for the lines of --progress json; default: stderr");
  v("preview", o.preview, "show the picture so far in the terminal, every few steps");
  v("json", o.json, "print the result (plan, list, report) as JSON on stdout");
  v("quiet", o.quiet, "errors only");
  v("verbose", o.verbose, "say more; -vv says everything");
  v("log_file", o.log_file, "write the log to a file");
}

template <class O, class V>
void visit_actions(O& o, V&& v) {
  v("prompt_file", o.prompt_file, "read the prompt from a file");
  v("config", o.config, "read options from a JSON file; flags win over it");
  v("dry_run", o.dry_run, "show the plan: model, size, steps, memory, time; make nothing");
  v("print_config", o.print_config, "print all options as JSON, for --config; make nothing");
  v("help", o.help, "the options that are needed first");
  v("help_all", o.help_all, "every option");
  v("version", o.version, "the version");
}

/// "guidance_2" -> "--guidance-2"
std::string flag_name(const std::string& name);

/// One letter for the options that have one, as "-o"; else empty.
std::string short_flag_name(const std::string& name);

/// Reads the command line, the config file that it names, and the prompt where that comes from a file or
/// from stdin. Ranges are left to make_plan(). Throws Error: usage; no_input or data for the files.
Options parse_options(int argc, const char* const* argv);

/// --config and --print-config.
void read_config(const std::string& path, Options& options);
std::string config_text(const Options& options);

}  // namespace sora
