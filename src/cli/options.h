// The options of the command line. Options of the video are listed by visit_request() (sora/request.h), those
// of the program by the visitors below. Parsing, --config, --print-config and the help text all use
// these lists.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json/presets.h"
#include "core/json/request_fields.h"
#include "sora/request.h"

namespace sora {

/// A flag that may be given several times: -v, -vv.
struct FlagCount {
  int count = 0;
};

struct Options {
  Request request;
  bool has_prompt = false;  ///< a prompt was given, perhaps an empty one

  std::vector<std::string> words;  ///< words that are not options: the verb and its files

  std::vector<std::string> video_flags;  ///< flags on the line that belong to `request`
  Overrides on_line;                     ///< their values
  Overrides given;  ///< the same and those of its preset, to override options from a file
  Presets presets;  ///< those of the configuration file
  std::map<std::string, std::string> sources;  ///< where options come from that are not the defaults

  // Prompts
  bool enhance = false;
  std::optional<std::string> enhance_command;  ///< from the command line alone, as it is run

  // Signing, and what whoever runs the program for others allows. Not of a prompts file or a request to
  // serve.
  std::optional<std::string> sign_key;
  std::optional<std::string> sign_cert;
  std::optional<std::string> watermark_key;
  std::optional<std::string> policy;
  int policy_timeout = 60;                ///< seconds
  std::optional<std::string> own_policy;  ///< of the user's own configuration, which no flag takes away

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

  // Progress, results and log
  std::string progress = "auto";  ///< auto, bar, plain, json or none
  std::optional<int> progress_fd;
  bool preview = false;
  bool json = false;
  bool quiet = false;
  FlagCount verbose;
  std::optional<std::string> log_file;

  // Actions other than making a video, and sources of options; these are not in a config file
  std::optional<std::string> prompt_file;
  std::optional<std::string> config;
  std::optional<std::string> trust_list;
  bool stdio = false;
  bool dry_run = false;
  bool print_config = false;
  bool help = false;
  bool help_all = false;
  bool version = false;
  bool verify = false;
};

template <class O, class V>
void visit_reporting(O& o, V&& v) {
  v("progress", o.progress, "auto, bar, plain, json or none");
  v("progress_fd", o.progress_fd, "file descriptor for --progress json; default: that of stderr");
  v("preview", o.preview, "show the picture so far in the terminal, every few steps");
  v("json", o.json, "print the result (plan, list, report) as JSON on stdout");
  v("quiet", o.quiet, "errors only");
  v("verbose", o.verbose, "more messages; -vv for all");
  v("log_file", o.log_file, "write the log to a file");
}

template <class O, class V>
void visit_prompts(O& o, V&& v) {
  v("enhance", o.enhance, "have prompts written out by the endpoint of $SORA_GEN_ENHANCE_URL");
}

template <class O, class V>
void visit_safeguards(O& o, V&& v) {
  v("sign_key", o.sign_key, "PEM file of a key to sign with, instead of one that is made for this user");
  v("sign_cert", o.sign_cert, "PEM file of its certificates, the key's own first");
  v("watermark_key", o.watermark_key,
    "file of a secret of one's own for the watermark, of 16 bytes or more; only who has it finds the mark");
  v("policy", o.policy, "command that may refuse: the request as JSON on its stdin; 0: allowed, 77: refused");
  v("policy_timeout", o.policy_timeout,
    "seconds after which a policy that gives no answer refuses; default: 60");
}

template <class O, class V>
void visit_batch(O& o, V&& v) {
  v("prompts", o.prompts, "file of prompts: one a line, JSON Lines, CSV or TSV; - reads standard input");
  v("out_dir", o.out_dir, "folder for the videos of a batch; a second run continues where the first stopped");
  v("name", o.name, "pattern of the names in the folder; default: {index:04}-{slug}-{seed}.{ext}");
  v("repeat", o.repeat, "number of videos of each prompt, each with another seed");
  v("count", o.count, "number of videos, with seeds N, N+1, ...; -o x.png makes x-1.png, x-2.png, ...");
  v("sort", o.sort, "make jobs of the same model and size one after another");
  v("shard", o.shard, "i/n: only every n-th job, from the i-th on");
  v("jobs_from_rank", o.jobs_from_rank, "the shard of this process under srun, mpirun or torchrun");
  v("share", o.share, "let other runs take jobs from the same list and folder");
  v("resume", o.resume, "skip jobs that are done; the default");
  v("no_resume", o.no_resume, "make all jobs again");
  v("index", o.index, "write a page with all videos into the folder: index.html");
  v("retry_failed", o.retry_failed, "try jobs again that failed in an earlier run");
}

template <class O, class V>
void visit_actions(O& o, V&& v) {
  v("prompt_file", o.prompt_file, "read the prompt from a file");
  v("enhance_command", o.enhance_command,
    "have prompts written out by a command: the prompt on its stdin, the answer on its stdout");
  v("config", o.config, "read options from this JSON file instead of one's own; none: from no file");
  v("trust_list", o.trust_list, "detect: PEM file of certificates whose signatures are trusted");
  v("stdio", o.stdio, "serve: requests on standard input, events on standard output");
  v("dry_run", o.dry_run, "show the plan: model, size, steps, memory, time; make nothing");
  v("print_config", o.print_config, "print all options, and where they come from, as JSON for --config");
  v("help", o.help, "show the most important options; of a verb: its own");
  v("help_all", o.help_all, "show every option");
  v("version", o.version, "show the version");
  v("verify", o.verify, "rerun: make the video again, and compare it with the file instead of keeping it");
}

/// "guidance_2" -> "--guidance-2"
std::string flag_name(const std::string& name);

/// --repeat or --count, else 1.
int videos_per_prompt(const Options& options);

/// The short form of an option, such as "-o"; empty where it has none.
std::string short_flag_name(const std::string& name);

/// Reads the command line, the configuration file (configuration.h), and a prompt from a file or stdin.
/// make_plan() checks the ranges. Throws Error: usage; no_input or data for the files.
Options parse_options(int argc, const char* const* argv);

}  // namespace sora
