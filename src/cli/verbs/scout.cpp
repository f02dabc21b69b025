// scout: many seeds of one prompt, each made quickly, so that the one worth finishing is found (pick.cpp). It
// is a batch with numbered names, a page that fills while it runs, and a contact sheet in the terminal.
//
// Note [Drafts of a scout]
// The draft and the finished video have to show the same scene. A model whose native picture is small makes
// the draft at that size in half of its steps: pick makes the same noise in all steps, and finds the same
// scene. For others that would take nearly as long as the video itself, so their drafts are those of --draft
// (a quarter of the area), which `finish` enlarges. docs/scout.md has the measurements.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/batch/batch.h"
#include "cli/configuration.h"
#include "cli/terminal/png.h"
#include "cli/terminal/sheet.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs/scout_folder.h"
#include "core/file.h"
#include "core/random_seed.h"
#include "core/sha256.h"
#include "core/text.h"
#include "jobs/job_key.h"
#include "jobs/output_name.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"
#include "sora/plan.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr int kUsualCount = 9;
constexpr int kMostDrafts = 200;                   // the page has all pictures in it
constexpr std::int64_t kSmallPicture = 256 * 256;  // network pixels up to which drafts have the full size
constexpr int kFewestSteps = 4;
constexpr std::uint64_t kLargestPoster = 4 << 20;

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

void check(const Options& options) {
  if (options.prompts) wrong("scout tries many seeds of one --prompt; --prompts FILE is for a batch");
  if (options.repeat) wrong("scout takes --count, the number of seeds, instead of --repeat");
  if (options.request.output)
    wrong("scout names its drafts itself; --out-dir DIR chooses their folder, and pick takes -o");
  const auto name = options.sources.find("name");
  if (name != options.sources.end() && name->second == "command line")
    wrong("scout numbers its drafts itself; leave out --name");
  if (options.request.contact_sheet || options.request.thumbnail)
    wrong("scout makes a page with all pictures; --contact-sheet and --thumbnail are for pick");
  if (!options.has_prompt)
    wrong("there is no prompt; give one, as in: sora-gen scout --prompt \"a lighthouse by the sea\"");
  if (options.count && *options.count > kMostDrafts) {
    wrong("--count is " + std::to_string(*options.count) + ", expected 1 to " + std::to_string(kMostDrafts) +
          " for scout");
  }
}

// See Note [Drafts of a scout].
void make_quick(Request& request) {
  if (request.draft) return;
  Request whole = request;
  if (!whole.seed) whole.seed = random_seed();
  whole.output = default_output_name(title_of(whole), *whole.seed, extension_of(whole));
  const Plan plan = make_plan(whole);
  if (std::int64_t{plan.picture.model_width} * plan.picture.model_height > kSmallPicture) {
    request.draft = true;
  } else if (!request.steps) {
    request.steps = std::min(plan.sampling.steps, std::max(kFewestSteps, (plan.sampling.steps + 1) / 2));
  }
}

// scout/<slug>; with a part of a digest where other prompts have the same slug.
std::string usual_folder(const Request& request) {
  const std::string& prompt = request.prompt;
  if (request.no_prompt_in_file) return "scout/" + sha256_hex(prompt).substr(0, 12);
  constexpr std::size_t kCertain = 50;  // bytes of a prompt that slug() does not cut
  const bool ascii = std::all_of(prompt.begin(), prompt.end(), [](char c) { return (c & 0x80) == 0; });
  std::string name = slug(prompt);
  if (!ascii || prompt.size() > kCertain) name += "-" + sha256_hex(prompt).substr(0, 6);
  return (fs::path(kScoutFolder) / name).string();
}

// "scout/a-fox-2": the first that is free.
std::string free_folder(fs::path folder) {
  if (!folder.has_filename()) folder = folder.parent_path();  // "boats/"
  std::error_code code;
  for (int number = 2;; ++number) {
    const fs::path next = folder.string() + "-" + std::to_string(number);
    if (!fs::exists(next, code)) return next.string();
  }
}

// The pictures of the drafts made so far.
std::vector<Tile> tiles_of(const JobList& list, Planner& planner, const Journal& journal) {
  std::vector<Tile> tiles;
  for (const Job& job : list.jobs()) {
    const std::string key = job_key(planner.plan(list.request(job)));
    const JobRecord* record = journal.find(key);
    if (record == nullptr || record->state != JobRecord::State::done) continue;
    const fs::path poster = poster_path(journal, key, "png");
    std::error_code code;
    if (!fs::exists(poster, code)) continue;
    auto picture = picture_of_png(read_text(poster, "scout", kLargestPoster));
    if (picture) tiles.push_back({job.index, std::move(*picture)});
  }
  return tiles;
}

}  // namespace

int scout_seeds(Session& session) {
  Options& options = session.options;
  if (options.print_config) {
    write_stdout(config_text(options));
    return 0;
  }
  check(options);
  make_quick(options.request);
  options.count = options.count.value_or(kUsualCount);
  options.out_dir = options.out_dir.value_or(usual_folder(options.request));
  options.name = "{index:02}-{seed}.{ext}";
  options.index = true;
  options.preview = false;  // the sheet is in its place

  const bool for_people = !options.quiet && !json_on_stderr(options);
  const bool on_screen =
      for_people && stderr_is_terminal() && (options.progress == "auto" || options.progress == "bar");
  const std::string folder = shell_word(*options.out_dir);
  ScoutView view;
  view.if_taken = ", with other settings than these; give these a folder of their own, as in --out-dir " +
                  shell_word(free_folder(*options.out_dir)) + ", or add --overwrite to replace those drafts";
  view.page.title = options.request.no_prompt_in_file ? "drafts" : options.request.prompt;
  view.page.command = [&](std::uint64_t number) {
    return "sora-gen pick " + std::to_string(number) + " " + folder;
  };
  view.changed = [&](const JobList& list, Planner& planner, const Journal& journal) {
    if (on_screen) show_sheet(tiles_of(list, planner, journal), list.jobs().size());
  };
  const int code = run_batch(session, &view);
  if (options.dry_run) return code;
  if (on_screen) keep_picture();
  if (for_people) {
    write_stderr_line((fs::path(*options.out_dir) / "index.html").string() + ": the drafts, for a browser");
    write_stderr_line("sora-gen pick NUMBER " + folder + " finishes one");
  }
  return code;
}

}  // namespace sora
