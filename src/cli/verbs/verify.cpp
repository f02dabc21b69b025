// rerun --verify FILE: whether a file is what its parameters say.
//
// Note [Verifying]
// The video is made again, into a temporary file of the same format, and the decoded frames of both files are
// compared, byte by byte. Encoders are lossy, but the same frames give the same coded frames here (the number
// of an encoder's threads is fixed), so on one machine and with one version a file that is what it says has
// exactly these frames. Another version, another kind of processor or another build of the libraries may add
// in another order: values then differ in their last bits, a pixel by one here and there, and the PSNR says
// how much. That is reported as it is, and is not "the same".
#include "cli/verbs/verify.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/make.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "core/file.h"
#include "core/json/json_line.h"
#include "core/output/output_format.h"
#include "core/output/private_folder.h"
#include "core/text.h"
#include "jobs/output_name.h"
#include "plan/machine/pace.h"
#include "plan/model/model_choice.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr double kClose = 40;  // dB: a difference that is hard to see

// Options of a video that leave what is made as it is; and those that open files, which a file may ask for.
constexpr std::array<std::string_view, 7> allowed{
    "--device", "--threads", "--max-memory", "--offload", "--text-cache", "--gpus", "--parallel"};

void check_flags(const Options& options) {
  for (const std::string& flag : options.video_flags) {
    bool opens = false;
    visit_request_kinds(options.request, [&](const char* name, const auto&, OptionKind kind, const char*) {
      if (flag_name(name) == flag) opens = kind == OptionKind::source || kind == OptionKind::model;
    });
    if (opens || std::find(allowed.begin(), allowed.end(), flag) != allowed.end()) continue;
    throw Error(
        ErrorKind::usage, "options",
        "rerun --verify takes no " + flag +
            ": it makes the video exactly as the file says, and keeps nothing; without --verify, rerun "
            "makes another one");
  }
}

// The ending that gives the format of `file`; of a name without a known one, Matroska takes every codec.
std::string ending_for(const std::string& file, const Request& request) {
  const std::string ending = fs::path(file).extension().string();
  try {
    (void)resolve_output("x" + ending, {}, request.codec, request.pix_fmt);
    return ending;
  } catch (const Error&) {
    return ".mkv";
  }
}

// A picture of a numbered sequence has the parameters of all of it.
void check_whole(const std::string& file, const std::string& ending, const Request& request) {
  const OutputFormat format = resolve_output("x" + ending, {}, request.codec, request.pix_fmt);
  const int frames = request.frames.value_or(1);
  if (!format.still || format.animation || frames == 1) return;
  throw Error(ErrorKind::data, "verify",
              file + ": is one of " + std::to_string(frames) +
                  " pictures that were made together; only a file with all of the frames can be compared");
}

std::string decibels(double psnr) { return std::isfinite(psnr) ? fixed_text(psnr, 1) + " dB" : "no limit"; }

std::string frames_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " frame" : " frames");
}

// What may explain a difference, one sentence each.
std::vector<std::string> reasons(const std::string& codec, const RunParameters& made, const Plan& plan) {
  std::vector<std::string> list;
  if (made.generator != "sora-gen " SORA_GEN_VERSION)
    list.push_back("it says that " + made.generator + " made it, and this is " SORA_GEN_VERSION);
  if (is_another_model(made, plan.model))
    list.push_back("the model " + plan.model.name + " here is not the one that it was made with");
  if (const std::string clips = other_latents(made, plan.inputs); !clips.empty())
    list.push_back("it and this run differ in the use of the kept latents of " + clips);
  if (codec != "unknown" && plan.output.codec != codec)
    list.push_back("it is " + one_line(codec, 40) + ", and its parameters say " + plan.output.codec +
                   ": it was encoded again, or they are not its own");
  return list;
}

struct Verdict {
  std::string word;  // same, close or different
  std::string text;  // one line
};

Verdict verdict_of(const VideoComparison& compared) {
  if (compared.same()) return {"same", "the same " + frames_text(compared.frames_a)};
  if (!compared.same_size) return {"different", "not the same: the pictures have another size"};
  const bool counts = compared.frames_a == compared.frames_b;
  const std::string length = "it has " + frames_text(compared.frames_a) + " and its parameters make " +
                             std::to_string(compared.frames_b);
  if (compared.different == 0) {
    if (!counts) return {"different", "not the same: " + length + "; those that both have are equal"};
    return {"different", "not the same: the frames are equal, and from frame " +
                             std::to_string(compared.first_moved + 1) + " on shown at other times"};
  }
  const bool close = counts && compared.first_moved < 0 && compared.psnr_least >= kClose;
  std::string text = "not the same: frame " + std::to_string(compared.first + 1) + " of " +
                     std::to_string(compared.frames_a) + " is the first that differs, PSNR " +
                     decibels(compared.psnr_first) + "; " + std::to_string(compared.different) +
                     (compared.different == 1 ? " differs" : " differ") + ", PSNR " +
                     decibels(compared.psnr) + " over all and " + decibels(compared.psnr_least) + " at least";
  if (!counts) text += "; " + length;
  if (close)
    text +=
        ": equal up to that, as another version, another kind of processor or encoding it again leaves it";
  return {close ? "close" : "different", text};
}

std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string json_of(const std::string& file, const Verdict& verdict, const VideoComparison& compared,
                    bool same_bytes, const std::vector<std::string>& why) {
  const bool any = compared.different > 0;
  const auto number = [](std::int64_t index) { return index < 0 ? std::nullopt : std::optional(index + 1); };
  return JsonLine()
      .add("file", file)
      .add("verdict", verdict.word)
      .add("frames", compared.frames_a)
      .add("frames_made", compared.frames_b)
      .add("different_frames", compared.different)
      .add("first_different", number(compared.first))
      .add("psnr_first", any ? finite(compared.psnr_first) : std::nullopt)
      .add("psnr_least", any ? finite(compared.psnr_least) : std::nullopt)
      .add("psnr", finite(compared.psnr))
      .add("first_at_another_time", number(compared.first_moved))
      .add("same_bytes", same_bytes)
      .add("frames_sha256", compared.sha256_a)
      .add("frames_made_sha256", compared.sha256_b)
      .add("reasons", why)
      .text();
}

}  // namespace

int verify_file(Session& session, const std::string& file, const std::string& codec,
                const RunParameters& made, Request request) {
  const Options& options = session.options;
  check_flags(options);
  if (codec.empty())
    throw Error(ErrorKind::data, "verify",
                file + ": has parameters, and no frames to compare; name the video itself");
  const std::string ending = ending_for(file, request);
  check_whole(file, ending, request);
  const PrivateFolder folder("verify");
  request.output = (folder.path() / ("again" + ending)).string();
  request.overwrite = false;
  request.no_watermark = !made.watermark;  // a mark that the file does not have would be a difference
  Plan plan = make_plan(request);
  estimate_pace(plan);
  if (options.dry_run) {
    write_stdout(options.json ? plan_json(plan) : plan_text(plan));
    return 0;
  }
  begin_work(options.quiet || json_on_stderr(options));
  Maker maker(session);
  (void)maker.library().probe(file);  // a file whose frames cannot be read is an error before the work
  const Result result = maker.make(plan, checkpoint_options(plan));
  session.progress->done(result, *plan.request.seed);
  const VideoComparison compared =
      maker.library().compare(file, *request.output, [] { return stop_signal() != 0; });
  const Verdict verdict = verdict_of(compared);
  const bool same_bytes = file_sha256(file, "verify") == result.sha256;
  const std::vector<std::string> why =
      verdict.word == "same" ? std::vector<std::string>() : reasons(codec, made, plan);
  if (options.json) {
    write_stdout(json_of(file, verdict, compared, same_bytes, why) + "\n");
  } else {
    std::string text =
        one_line(file) + ": " + verdict.text + (same_bytes ? ", and the same bytes" : "") + "\n";
    for (const std::string& reason : why) text += "  " + reason + "\n";
    write_stdout(text);
  }
  return verdict.word == "same" ? 0 : static_cast<int>(ErrorKind::data);
}

}  // namespace sora
