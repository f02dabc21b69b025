// decode LATENTS: makes the video from the checkpoint of a run that failed after its last step.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "cli/make.h"
#include "cli/signals.h"
#include "jobs/output_files.h"
#include "jobs/output_name.h"
#include "jobs/sidecar.h"
#include "plan/kept_latents.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"

namespace sora {
namespace {

// Options that affect the file and not the latents.
constexpr std::array<std::string_view, 19> allowed{"--output",
                                                   "--overwrite",
                                                   "--format",
                                                   "--codec",
                                                   "--crf",
                                                   "--pix-fmt",
                                                   "--device",
                                                   "--threads",
                                                   "--max-memory",
                                                   "--model",
                                                   "--sidecar",
                                                   "--thumbnail",
                                                   "--contact-sheet",
                                                   "--credentials",
                                                   "--no-credentials",
                                                   "--sign-prompt",
                                                   "--no-prompt-in-file",
                                                   "--no-watermark",
                                                   "--keep-latents"};

// Also options that open files: the parameters in the checkpoint name these files, but only the command line
// may open them.
bool is_allowed(const std::string& flag) {
  bool opens = false;
  const Request request;
  visit_request_kinds(request, [&](const char* name, const auto&, OptionKind kind, const char*) {
    if (flag_name(name) == flag) opens = kind == OptionKind::source;
  });
  return opens || std::find(allowed.begin(), allowed.end(), flag) != allowed.end();
}

// Another model would decode the latents to a wrong picture without an error.
void check_model(const RunParameters& made, const Plan& plan, const std::string& file, bool model_is_given) {
  if (!is_another_model(made, plan.model)) return;
  // Kept latents say which autoencoder they are of, and nothing else of the model is needed.
  const auto kept = find_latents_facts(file);
  if (kept && kept->autoencoder == plan.model.vae_digest) return;
  const std::string what = "the model " + plan.model.name + " is not the one that " + file +
                           " was denoised with, or has changed since";
  if (!model_is_given) {
    throw Error(ErrorKind::data, "decode",
                what + "; give the right one with --model DIR, or this one with --model " +
                    plan.request.model + " to decode them all the same");
  }
  log(LogLevel::warning, what + "; the video may be wrong");
}

}  // namespace

int decode_latents(Session& session) {
  const Options& options = session.options;
  const std::string& file = options.words.at(1);
  for (const std::string& flag : options.video_flags) {
    if (!is_allowed(flag)) {
      throw Error(ErrorKind::usage, "options",
                  "decode takes no " + flag +
                      ": the latents are made already; it takes options of the file, such as "
                      "-o, --codec and --crf");
    }
  }
  const std::string parameters = recorded_parameters(file);
  if (parameters.empty()) {
    throw Error(
        ErrorKind::data, "decode",
        file + ": has no latents of a run; expected a safetensors file with parameters in its metadata");
  }
  const RunParameters made = read_parameters(parameters, file);
  Request request = reproducing_request(made, options.given, file, "decode");
  keep_file_options(request, options);
  if (!request.output)
    request.output = default_output_name(title_of(request), *request.seed, extension_of(request));
  check_output_files(request);
  const Plan plan = make_plan(request);
  check_model(made, plan, file, options.given.has("model"));
  if (const std::string clips = other_latents(made, plan.inputs); !clips.empty()) {
    log(LogLevel::warning, file + ": it and this run differ in the use of the kept latents of " + clips +
                               "; the frames beside the clip will differ a little");
  }

  begin_work(options.quiet || json_on_stderr(options));
  CheckpointOptions checkpoint;
  checkpoint.file = file;
  checkpoint.only_decode = true;
  Maker maker(session);
  report(session, plan, maker.make(plan, checkpoint));
  return 0;
}

}  // namespace sora
