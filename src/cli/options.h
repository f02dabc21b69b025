// What the command line says. Options of the video are declared by visit_request() (sora/request.h); those
// of the program, by the three visitors below. Parsing, --config, --print-config and the help text all come
// from these four lists.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json/presets.h"
#include "core/json/request_fields.h"
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
  Overrides on_line;                     ///< and their values
  Overrides given;  ///< the same and those of its preset, for requests that start from a file
  Presets presets;  ///< those of the configuration file
  std::map<std::string, std::string> sources;  ///< where options come from that are not the defaults

  // Many videos
  std::optional<std::string> prompts;
  std::optional<std::string> out_dir;
  std::optional<std::string> name;
  std::optional<int> repeat;
  std::optional<int> count;
  bool sort = false;
  std::optional<std::string> shard;
  bool jobs_from_rank = false;
  bool share = false;
  bool resume = false;
  bool no_resume = false;
  bool retry_failed = false;
  bool index = false;

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
  bool stdio = false;
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
void visit_batch(O& o, V&& v) {
  v("prompts", o.prompts, "file of prompts: one a line, JSON Lines, CSV or TSV; - reads standard input");
  v("out_dir", o.out_dir, "folder of the videos of a batch; a run in it again goes on where it stopped");
  v("name", o.name, "names in it; default: {index:04}-{slug}-{seed}.{ext}");
  v("repeat", o.repeat, "videos a prompt, each with a seed of its own");
  v("count", o.count, "how many, with seeds N, N+1, ...; -o x.png gives x-1.png, x-2.png, ...");
  v("sort", o.sort, "make jobs of the same model and size one after another");
  v("shard", o.shard, "i/n: only every n-th job, from the i-th on");
  v("jobs_from_rank", o.jobs_from_rank, "the shard of this process under srun, mpirun or torchrun");
  v("share", o.share, "let other runs take jobs from the same list and folder");
  v("resume", o.resume, "leave out what is done; the default");
  v("no_resume", o.no_resume, "make everything again");
  v("index", o.index, "write index.html into the folder: posters, prompts, parameters, the videos");
  v("retry_failed", o.retry_failed, "try again what failed in an earlier run");
}

template <class O, class V>
void visit_actions(O& o, V&& v) {
  v("prompt_file", o.prompt_file, "read the prompt from a file");
  v("config", o.config, "read options from this JSON file instead of one's own; none: from no file");
  v("stdio", o.stdio, "serve: requests on standard input, events on standard output");
  v("dry_run", o.dry_run, "show the plan: model, size, steps, memory, time; make nothing");
  v("print_config", o.print_config, "print all options, and where they come from, as JSON for --config");
  v("help", o.help, "the options that are needed first; of a verb: its own");
  v("help_all", o.help_all, "every option");
  v("version", o.version, "the version");
}

/// "guidance_2" -> "--guidance-2"
std::string flag_name(const std::string& name);

/// How many videos a prompt are asked for: --repeat or --count.
int many(const Options& options);

/// One letter for the options that have one, as "-o"; else empty.
std::string short_flag_name(const std::string& name);

/// Reads the command line, the configuration file below it (configuration.h), and the prompt where that comes
/// from a file or from stdin. Ranges are left to make_plan(). Throws Error: usage; no_input or data for the
/// files.
Options parse_options(int argc, const char* const* argv);

}  // namespace sora
