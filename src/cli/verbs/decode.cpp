// decode LATENTS: the video of what a run kept, when everything is denoised and the rest went wrong.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "cli/make.h"
#include "cli/signals.h"
#include "jobs/made.h"
#include "jobs/output_name.h"
#include "sora/error.h"

namespace sora {
namespace {

// What shapes the file, and not the latents.
constexpr std::array<std::string_view, 13> allowed{
    "--output",  "--overwrite",  "--format", "--codec",   "--crf",       "--pix-fmt",      "--device",
    "--threads", "--max-memory", "--model",  "--sidecar", "--thumbnail", "--contact-sheet"};

}  // namespace

int decode_kept(Session& session) {
  const Options& options = session.options;
  const std::string& file = options.words.at(1);
  for (const std::string& flag : options.video_flags) {
    if (std::find(allowed.begin(), allowed.end(), flag) == allowed.end()) {
      throw Error(ErrorKind::usage, "options",
                  "decode takes no " + flag +
                      ": the latents are as they are; it takes what shapes the file, such as "
                      "-o, --codec and --crf");
    }
  }
  const std::string parameters = parameters_beside(file);
  if (parameters.empty()) {
    throw Error(
        ErrorKind::data, "decode",
        file +
            ": holds no latents that a run kept; it is a safetensors file with parameters in its metadata");
  }
  Request request;
  read_parameters(parameters, file).options.apply(request);
  request.checkpoint_every.reset();
  options.given.apply(request);
  if (!request.output)
    request.output = default_output_name(title_of(request), *request.seed, extension_of(request));
  check_output(*request.output, request.overwrite);
  const Plan plan = make_plan(request);

  begin_work(options.quiet || json_on_stderr(options));
  Keep keep;
  keep.file = file;
  keep.only_decode = true;
  Maker maker(session);
  report(session, plan, maker.make(plan, keep));
  return 0;
}

}  // namespace sora
