#include "plan/verbs/live.h"

#include <memory>
#include <optional>

#include "core/output/output_format.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kLongestLog = 100'000;    // lines
constexpr std::size_t kLongestPrompt = 20'000;  // bytes
constexpr const char* kSeed = "!seed ";

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

struct Entry {
  int block = 0;
  LiveTurn turn;  // one thing in it
};

std::optional<Entry> parsed(const std::string& line) {
  Entry entry;
  const std::size_t space = line.find(' ');
  if (space == std::string::npos || !set_from_text(entry.block, line.substr(0, space)).empty() ||
      entry.block < 0)
    return {};
  const std::string what = line.substr(space + 1);
  if (what.starts_with(kSeed)) {
    if (!set_from_text(entry.turn.seed, what.substr(std::string(kSeed).size())).empty()) return {};
  } else if (what == "!undo" || what == "!back") {
    if (entry.block == 0) return {};
    (what == "!undo" ? entry.turn.undo : entry.turn.back) = true;
  } else {
    if (!fault_of_live_prompt(what).empty()) return {};
    entry.turn.prompt = what;
  }
  return entry;
}

double begin_of(const Plan& plan, std::size_t block, int temporal_scale) {
  return static_cast<double>(frames_before_block(plan, block, temporal_scale)) / plan.timeline.model_fps;
}

// What writes frames that are known only at the end, or a picture of all of them.
void check_outputs(const Request& request) {
  const auto refuse = [](const char* option) {
    wrong(std::string(option) + " means nothing to live, whose length is not known in advance");
  };
  if (request.contact_sheet) refuse("--contact-sheet");
  if (request.thumbnail) refuse("--thumbnail");
  if (request.keep_latents) refuse("--keep-latents");
  if (request.dump_tensors) refuse("--dump-tensors");
  if (request.init_noise) refuse("--init-noise");
  const std::string output = request.output.value_or("film.mp4");
  if (output == "-") return;
  const OutputFormat format = resolve_output(output, request.format, request.codec, request.pix_fmt);
  if (format.container != "mp4" && format.container != "mov") {
    wrong("live keeps what was typed in the file, which only .mp4 and .mov take at the end; got " +
          excerpt(output) + "; or write a stream: -o - --format " + format.container);
  }
}

}  // namespace

std::vector<std::string> lines_of_turn(int block, const LiveTurn& turn) {
  const std::string number = std::to_string(block) + " ";
  if (turn.undo) return {number + "!undo"};
  if (turn.back) return {number + "!back"};
  std::vector<std::string> lines;
  if (turn.seed) lines.push_back(number + kSeed + std::to_string(*turn.seed));
  if (!turn.prompt.empty()) lines.push_back(number + turn.prompt);
  return lines;
}

void trim_log(std::vector<std::string>& log, int blocks) {
  for (; !log.empty(); log.pop_back()) {
    const auto entry = parsed(log.back());
    // What is undone before block N is block N - 1, which was made again, or is not in the film.
    if (entry && entry->block - (entry->turn.undo ? 1 : 0) < blocks) return;
  }
}

LiveDirector replay(const std::vector<std::string>& log) {
  const auto entries = std::make_shared<std::vector<Entry>>();
  for (const std::string& line : log) {
    if (auto entry = parsed(line)) entries->push_back(std::move(*entry));
  }
  return [entries, next = std::size_t{0}](int block, std::int64_t) mutable {
    LiveTurn turn;
    for (; next < entries->size() && (*entries)[next].block == block; ++next) {
      const LiveTurn& one = (*entries)[next].turn;
      if (one.undo || one.back) {
        // A turn of its own.
        if (turn.seed || !turn.prompt.empty()) return turn;
        ++next;
        return one;
      }
      if (one.seed) turn.seed = one.seed;
      if (!one.prompt.empty()) turn.prompt = one.prompt;
    }
    return turn;
  };
}

std::string fault_of_live_prompt(const std::string& prompt) {
  if (prompt.find_first_not_of(" \t") == std::string::npos) return "is empty, expected words";
  if (prompt.front() == '!') return "begins with an exclamation mark, as commands do";
  if (prompt.size() > kLongestPrompt) return "is over 20,000 bytes";
  if (!is_utf8(prompt)) return "is not UTF-8";
  if (prompt.find_first_of("\r\n") != std::string::npos) return "has several lines, expected one";
  return {};
}

void plan_live(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  if (model.image.concat)
    wrong("this model (" + model.title +
          ") makes no video without an image; live needs a text-to-video model");
  check_outputs(request);
  if (request.live_log.size() > kLongestLog) wrong("--live-log has over 100,000 lines");
  for (const std::string& line : request.live_log) {
    if (!parsed(line)) {
      wrong("--live-log \"" + excerpt(line) +
            "\": expected the number of a block and a prompt, !seed N, !undo or !back after it, as in "
            "\"2 a storm\"");
    }
  }
  plan.inputs.shots = {{0, request.prompt}};
  plan.inputs.fade = 0;
}

std::int64_t frames_before_block(const Plan& plan, std::size_t block, int temporal_scale) {
  if (block >= plan.timeline.windows.size()) return plan.timeline.model_frames;
  const Window& window = plan.timeline.windows[block];
  const std::int64_t latent = window.first + window.conditioning;
  return latent == 0 ? 0 : 1 + (latent - 1) * temporal_scale;
}

std::string live_note(const Plan& plan, const ModelFacts& model) {
  const auto& windows = plan.timeline.windows;
  const auto seconds = [&](double frames) { return number_text(frames / model.fps, 3) + " s"; };
  const int first = 1 + (windows[0].count - 1) * model.temporal_scale;
  std::string text = "made block by block: " + seconds(first) + " at first";
  if (windows.size() > 1)
    text +=
        ", then " + seconds((windows[1].count - windows[1].conditioning) * model.temporal_scale) + " each";
  if (!plan.request.live_log.empty()) return text + "; what was typed is in its log";
  return text + ", until it is told to end, at most " +
         seconds(static_cast<double>(plan.timeline.model_frames)) +
         "; each line typed is the prompt from the next "
         "block on";
}

void add_live_prompt(Plan& plan, std::size_t block, int temporal_scale, const std::string& prompt) {
  const double time = begin_of(plan, block, temporal_scale);
  auto& shots = plan.inputs.shots;
  if (shots.back().time >= time) {
    shots.back().prompt = prompt;
  } else {
    shots.push_back({time, prompt});
  }
}

void remove_live_prompts(Plan& plan, std::size_t block, int temporal_scale) {
  const double time = begin_of(plan, block, temporal_scale);
  auto& shots = plan.inputs.shots;
  while (shots.size() > 1 && shots.back().time >= time) shots.pop_back();
}

Plan plan_of_film(const Plan& plan, const std::vector<std::string>& log, std::int64_t frames) {
  Plan film = plan;
  film.request.live_log = log;
  film.timeline.frames = frames;
  return film;
}

}  // namespace sora
