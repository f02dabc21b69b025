// pick: finishes drafts of a scout. How a draft was made is read from its own file, by the rules for files of
// others (docs/files-of-others.md).
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/configuration.h"
#include "cli/make.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs/scout_folder.h"
#include "core/ascii.h"
#include "core/text.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "jobs/sidecar.h"
#include "plan/model/model_choice.h"
#include "plan/verbs/reproduce.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

struct Words {
  std::vector<std::string> numbers;  // each once
  std::string folder;                // empty: not given
};

Words words_of(const Options& options) {
  Words words;
  for (std::size_t i = 1; i < options.words.size(); ++i) {
    const std::string& word = options.words[i];
    if (std::all_of(word.begin(), word.end(), is_ascii_digit) && !word.empty()) {
      if (std::find(words.numbers.begin(), words.numbers.end(), word) == words.numbers.end())
        words.numbers.push_back(word);
    } else if (words.folder.empty()) {
      words.folder = word;
    } else {
      wrong("pick has two folders, " + excerpt(words.folder) + " and " + excerpt(word) + "; leave one out");
    }
  }
  if (words.numbers.empty()) wrong("pick needs the number of a draft, as in sora-gen pick 3");
  return words;
}

void check(const Options& options) {
  if (options.prompts || options.out_dir || options.repeat || options.count || options.name) {
    wrong(
        "--prompts, --out-dir, --name, --count and --repeat are not for pick: it finishes the drafts of the "
        "numbers that are given, as in sora-gen pick 3 7 DIR");
  }
  if (options.request.input) wrong("pick finishes a draft of its folder; for other files, use finish");
}

// "x.mp4" -> "x-3.mp4", where several are made.
std::string output_for(const std::string& name, const std::string& number) {
  if (name == "-") wrong("-o - is one stream, and several drafts are to be finished; name a file");
  const fs::path path(name);
  return (path.parent_path() / (path.stem().string() + "-" + number + path.extension().string())).string();
}

RunParameters parameters_of(const std::string& draft) {
  std::string text = probed("pick", draft).parameters;
  if (text.empty()) text = recorded_parameters(draft);
  if (text.empty()) throw Error(ErrorKind::data, "pick", draft + ": does not say how it was made");
  return read_parameters(text, draft);
}

// The video of the draft, made anew at full size and with all steps. (A draft of --draft is not: see below.)
Request whole_video(const RunParameters& made, const Options& options, const std::string& draft,
                    const std::string& command) {
  require_options(
      missing_options(made, [&](const std::string& field) { return options.given.has(field.c_str()); }),
      draft, command);
  Request request = reproducing_request(made, options.given, draft, "pick");
  request.draft = false;
  if (!options.given.has("steps")) request.steps.reset();
  if (!options.given.has("aspect") && options.given.has("res")) request.aspect.reset();
  if (options.request.output) {  // its name says the format
    if (!options.given.has("codec")) request.codec.reset();
    if (!options.given.has("pix_fmt")) request.pix_fmt.reset();
  }
  return request;
}

// `finish` makes the draft larger; without --res to the size that the video would have without --draft.
Request finished_draft(const Options& options, const Request& whole, const std::string& draft) {
  Request request = options.request;
  request.verb = "finish";
  request.input = draft;
  if (options.given.has("model")) keep_given_model(request);
  request.seed = options.request.seed ? options.request.seed : whole.seed;
  if (request.res) return request;
  Request plain = whole;
  plain.strength.reset();  // of finish
  plain.steps.reset();
  plain.output = default_output_name(title_of(plain), *plain.seed, extension_of(plain));
  const Plan plan = make_plan(plain);
  request.res = std::to_string(plan.picture.width) + "x" + std::to_string(plan.picture.height);
  request.aspect.reset();
  return request;
}

Request request_for(const std::string& number, const std::string& draft, const Options& options,
                    const std::string& folder) {
  const RunParameters made = parameters_of(draft);
  Request recorded;
  made.options.apply(recorded);
  Request request = whole_video(made, options, draft, "sora-gen pick " + number + " " + shell_word(folder));
  keep_file_options(request, options);
  const std::string title = title_of(request);
  if (recorded.draft) request = finished_draft(options, request, draft);
  if (!request.output) request.output = default_output_name(title, *request.seed, extension_of(request));
  if (!recorded.draft && is_another_model(made, make_plan(request).model) && !options.given.has("model")) {
    log(LogLevel::warning, draft +
                               " was made with another model of that name, or the model has changed since; "
                               "the video will differ");
  }
  return request;
}

}  // namespace

int pick_drafts(Session& session) {
  const Options& options = session.options;
  if (options.print_config) {
    write_stdout(config_text(options));
    return 0;
  }
  const Words words = words_of(options);
  check(options);
  const fs::path folder = words.folder.empty() ? newest_scout() : fs::path(words.folder);
  const ScoutFolder scout(folder);
  // All drafts are found and planned before the first is finished.
  std::vector<std::string> drafts;
  for (const std::string& number : words.numbers) drafts.push_back(scout.draft(number).string());
  std::vector<Request> requests;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    requests.push_back(request_for(words.numbers[i], drafts[i], options, folder.string()));
    Request& request = requests.back();
    if (options.request.output && drafts.size() > 1)
      request.output = output_for(*options.request.output, words.numbers[i]);
    if (!options.dry_run) check_output_files(request);
    if (drafts.size() > 1) (void)make_plan(request);
  }
  Maker maker(session);
  for (const Request& request : requests) {
    const int code = make_one(session, request, maker);
    if (code != 0) return code;
  }
  return 0;
}

}  // namespace sora
