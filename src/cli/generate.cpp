// Makes one video: plan, check, load the library, run, report.
#include <unistd.h>

#include <random>
#include <string>

#include "cli/library.h"
#include "cli/preview.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "jobs/output_name.h"
#include "pipeline/pace.h"
#include "sora/error.h"
#include "sora/plan.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

std::string extension_of(const std::optional<std::string>& format) {
  if (!format) return "mp4";
  return *format == "matroska" ? "mkv" : *format;
}

// A seed that a person can read and type.
std::uint64_t random_seed() { return std::random_device{}(); }

}  // namespace

int generate(Session& session) {
  const Options& options = session.options;
  if (options.print_config) {
    write_stdout(config_text(options));
    return 0;
  }
  if (!options.has_prompt) {
    wrong("there is no prompt; give one, as in: sora-gen --prompt \"a lighthouse in a storm\"");
  }

  // Plan: everything that can be wrong without libtorch is found here.
  Request request = options.request;
  if (!request.seed) request.seed = random_seed();
  if (!request.output)
    request.output = default_output_name(request.prompt, *request.seed, extension_of(request.format));
  if (!options.dry_run) {
    check_output(*request.output, request.overwrite);
    if (request.contact_sheet) check_output(*request.contact_sheet, request.overwrite, "--contact-sheet");
    if (request.thumbnail) check_output(*request.thumbnail, request.overwrite, "--thumbnail");
  }
  Plan plan = make_plan(request);
  estimate_pace(plan);
  if (options.dry_run) {
    write_stdout(options.json ? plan_json(plan) : plan_text(plan));
    return 0;
  }
  if (plan.output == "-" && ::isatty(STDOUT_FILENO) != 0) {
    wrong("-o - writes the video to stdout, which is a terminal; pipe it, as in | ffplay -, or name a file");
  }

  // Work.
  begin_work(options.quiet || json_on_stderr(options));
  for (const std::string& note : plan.notes) log(LogLevel::info, note);
  Progress start;
  start.steps = plan.steps;
  start.frames = plan.frames;
  start.eta = plan.seconds_estimate;
  session.progress->update(start);
  const Entry& library = load_library(session.log_sink);
  const GeneratorPtr generator = make_generator(library);
  const Result result = library.run(
      *generator, plan, [&](const Progress& progress) { session.progress->update(progress); },
      [] { return stop_signal() != 0; }, make_preview(options));

  remember_pace(plan, result);

  // Report.
  session.progress->done(result, *plan.request.seed);
  if (!options.quiet && !json_on_stderr(options)) write_stderr_line(result_text(result, *plan.request.seed));
  if (options.json) write_stdout(result_json(result, *plan.request.seed) + "\n");
  return 0;
}

}  // namespace sora
