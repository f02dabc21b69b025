// A libsora for tests of the command line. What it does is chosen by words in the prompt:
//
//   slow           many short steps, each asking whether to stop
//   stuck          one step that never ends, with a temporary file open
//   says           messages of every level
//   previews       two previews, red over blue, and a message between them
//   fails N        Error with exit code N
//   throws         an exception of another kind, of several lines
//   throws 42      a number
//   throws alone   an exception in a thread of its own
//   exits          exit(1), with a temporary file open
//   no memory      std::bad_alloc
//   no threads     what std::thread throws when there can be no more
//   (live)         asks before each block, and ends when it is told to
//   otherwise      writes "a fake video\n", and with --keep-latents the header of its latents"
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "core/output/output_file.h"
#include "core/sha256.h"
#include "pipeline/run/entry.h"
#include "plan/kept_latents.h"
#include "plan/verbs/live.h"
#include "sora/error.h"
#include "sora/export.h"

namespace sora {

struct Generator::State {};
Generator::Generator() = default;
Generator::~Generator() = default;

namespace {

constexpr const char* kVideo = "a fake video\n";

bool has(const Plan& plan, const char* word) { return plan.request.prompt.find(word) != std::string::npos; }

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

void fail_as_asked(const Plan& plan) {
  const std::string& prompt = plan.request.prompt;
  if (has(plan, "says")) {
    log(LogLevel::debug, "a debug message");
    log(LogLevel::info, "an info message");
    log(LogLevel::warning, "a warning message");
  }
  if (const auto at = prompt.find("fails "); at != std::string::npos) {
    throw Error(static_cast<ErrorKind>(std::stoi(prompt.substr(at + 6))), "fake", "it failed as asked");
  }
  if (has(plan, "throws 42")) throw 42;
  if (has(plan, "no threads"))
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
  if (has(plan, "throws")) throw std::runtime_error("something broke\nframe #0: here\nframe #1: there");
  if (has(plan, "no memory")) throw std::bad_alloc();
}

Preview red_over_blue(const Progress& now) {
  Preview preview{4, 2, {}, now.step, now.steps};
  for (int i = 0; i < 8; ++i) {
    const bool red = i < 4;
    preview.rgb.insert(preview.rgb.end(), {static_cast<std::uint8_t>(red ? 255 : 0), 0,
                                           static_cast<std::uint8_t>(red ? 0 : 255)});
  }
  return preview;
}

// As libraries do for lack of memory, with a file open.
void end_as_asked(const Plan& plan) {
  if (!has(plan, "throws alone") && !has(plan, "exits")) return;
  const OutputFile file(plan.output.path, plan.request.overwrite);
  if (has(plan, "exits")) std::exit(1);
  std::thread([] { throw std::bad_alloc(); }).join();
}

// Kept latents with a header and no tensor.
void keep_latents(const Plan& plan, const std::string& sha256) {
  std::map<std::string, std::string> metadata = latents_metadata(plan, 4);
  metadata[kDigestKey] = sha256;
  std::string header = nlohmann::json{{"__metadata__", metadata}}.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = header.size();
  OutputFile file(latents_name(plan.output.path), plan.request.overwrite);
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  file.commit();
}

// Blocks of no frames, each in a moment.
void make_live(const Plan& plan, const RunHooks& hooks, Result& result) {
  int block = 0;
  for (bool ended = false; !ended && block < static_cast<int>(plan.timeline.windows.size());) {
    const LiveTurn turn = hooks.live(block, frames_before_block(plan, static_cast<std::size_t>(block), 4));
    for (std::string& line : lines_of_turn(block, turn)) result.live_log.push_back(std::move(line));
    ended = turn.end && block > 0;
    if (!ended) block += turn.undo ? -1 : 1;
    sleep_ms(2);
  }
  result.frames = block;
}

Result run(Generator&, const Plan& plan, const RunHooks& hooks) {
  end_as_asked(plan);
  fail_as_asked(plan);
  Progress now;
  now.phase = Phase::denoise;
  now.steps = has(plan, "slow") ? 100000 : plan.sampling.steps;
  now.frames = plan.timeline.frames;
  std::unique_ptr<OutputFile> file;
  if (plan.output.path != "-") file = std::make_unique<OutputFile>(plan.output.path, plan.request.overwrite);
  if (file) file->write(kVideo, std::strlen(kVideo));
  for (now.step = 1; now.step <= now.steps; ++now.step) {
    if (hooks.stop())
      throw Error(ErrorKind::interrupted, "fake", "stopped at step " + std::to_string(now.step));
    now.elapsed += 0.05;
    now.eta = (now.steps - now.step) * 0.05;
    hooks.progress(now);
    if (has(plan, "previews") && hooks.preview && now.step <= 2) {
      if (now.step == 2) log(LogLevel::warning, "a message");
      hooks.preview(red_over_blue(now));
    }
    if (has(plan, "slow")) sleep_ms(50);
    for (bool told = false; has(plan, "stuck"); sleep_ms(10)) {
      if (told || !hooks.stop()) continue;
      log(LogLevel::warning, "asked to stop");
      told = true;
    }
  }
  now.step = now.steps;
  now.phase = Phase::decode;
  now.frame = now.frames;
  hooks.progress(now);
  if (hooks.approve) hooks.approve("sheet.png");
  if (file) {
    file->commit();
    if (plan.request.keep_latents) keep_latents(plan, sha256_hex(kVideo));
  } else {
    write_stream(1, "standard output", kVideo, std::strlen(kVideo));
  }
  Result result;
  result.output = plan.output.path;
  result.frames = plan.timeline.frames;
  result.bytes = std::strlen(kVideo);
  result.sha256 = sha256_hex(kVideo);
  result.seconds = 1.5;
  result.load_seconds = 0.5;
  result.step_seconds = 0.8;
  result.frame_seconds = 0.2;
  if (hooks.live) make_live(plan, hooks, result);
  return result;
}

// "a fake video that says {...}" has these parameters in it.
std::string said_by(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string start = "a fake video that says ", all = text.str();
  return all.compare(0, start.size(), start) == 0 ? all.substr(start.size()) : "";
}

std::string inspect(const std::filesystem::path& path) {
  const std::string said = said_by(path.string());
  if (said.empty()) throw Error(ErrorKind::data, "fake", path.string() + ": is not looked at");
  return nlohmann::json{{"metadata", {{"comment", said}}}}.dump();
}

// A file with "picture" in its name is a picture, any other is a clip; a draft holds how it was made.
InputFacts facts_by_name(const std::string& name) {
  if (name.find("damaged") != std::string::npos)
    throw Error(ErrorKind::data, "media", name + ": is damaged as asked");
  InputFacts facts;
  facts.parameters = said_by(name);
  if (name.find("draft") != std::string::npos) {
    facts.parameters = R"({"generator": "sora-gen )" SORA_GEN_VERSION
                       R"(", "prompt": "a fox", "model": "wan21", "seed": 5, "res": "128x96", "frames": 24, )"
                       R"("fps": 12, "draft": true})";
  }
  if (name.find("story") != std::string::npos)
    facts.parameters = R"({"generator": "sora-gen 0", "shot": ["0:00 a forest", "0:05 snow"]})";
  if (name.find("picture") != std::string::npos) {
    facts.width = 96;
    facts.height = 64;
    facts.is_image = true;
    return facts;
  }
  facts.width = 128;
  facts.height = 96;
  facts.fps = 12;
  facts.steady_rate = true;
  facts.duration = 2;
  facts.frames = 24;
  facts.has_audio = true;
  return facts;
}

// A file has a mark where its prompt has the word "marked".
FoundWatermark find_watermark(const std::filesystem::path& path, const std::vector<WatermarkKey>&,
                              std::int64_t, const StopRequest&) {
  FoundWatermark found;
  if (said_by(path.string()).find("marked") == std::string::npos) return found;
  found.found = true;
  found.false_alarm = 1e-20;
  found.payload = payload_of(7, "5f", false);
  return found;
}

// The frames of a file differ where its prompt has the word "forged".
VideoComparison compare(const std::filesystem::path& a, const std::filesystem::path&, const StopRequest&) {
  VideoComparison result;
  result.frames_a = result.frames_b = 24;
  result.psnr = std::numeric_limits<double>::infinity();
  if (said_by(a.string()).find("forged") == std::string::npos) return result;
  result.different = 20;
  result.first = 4;
  result.psnr_first = 31.5;
  result.psnr_least = 30.3;
  result.psnr = 30.8;
  return result;
}

}  // namespace
}  // namespace sora

extern "C" SORA_API const sora::Entry* sora_entry() {
  static const sora::Entry entry{
      .build = {},
      .create = [] { return new sora::Generator; },
      .destroy = [](sora::Generator* generator) { delete generator; },
      .run = sora::run,
      .set_log_sink = [](sora::LogSink sink) { sora::set_log_sink(std::move(sink)); },
      .remove_temporaries = [] { sora::remove_temporaries(); },
      .report =
          [] {
            return std::string(R"({"libtorch": "0.0.0",
                                     "devices": [{"name": "cpu", "kind": "AVX2", "tests": [
                                      {"name": "product", "ok": true, "rate": 61.4e9, "unit": "FLOP/s"},
                                      {"name": "convolution", "ok": true, "rate": 9.96e9, "unit": "FLOP/s"}]},
                                      {"name": "cuda:0", "kind": "NVIDIA GPU", "memory": 25000000000,
                                       "free": 24000000000, "tests": [
                                       {"name": "product", "ok": true, "rate": 6.1e14, "unit": "FLOP/s"},
                                       {"name": "attention", "ok": false, "problem": "wrong numbers"}]}],
                                     "libav": ["libavcodec 1.2.3"],
                                     "codecs": {"h264": "libx264", "av1": ""}})");
          },
      .inspect = sora::inspect,
      .probe = [](const std::filesystem::path& path) { return sora::facts_by_name(path.string()); },
      .probe_mask =
          [](const std::filesystem::path& path) {
            const std::string name = path.string();
            return sora::MaskFacts{name.find("black") == std::string::npos,
                                   name.find("white") == std::string::npos};
          },
      .find_watermark = sora::find_watermark,
      .compare = sora::compare};
  return &entry;
}
