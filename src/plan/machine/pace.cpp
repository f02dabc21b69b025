#include "plan/machine/pace.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "core/file.h"
#include "core/json/json_text.h"
#include "core/log.h"
#include "core/output/output_file.h"
#include "core/text.h"
#include "plan/geometry/tiles.h"
#include "plan/machine/machine_load.h"
#include "plan/model/guidance_range.h"
#include "sora/error.h"

// Note [Pace]
// The file has an object for each model and machine:
//   {"format": 1, "paces": {KEY: {"load": MEAN, "steps": {BIN: MEAN}, "frames": {CODEC: {BIN: MEAN}}}}}
// MEAN is {"runs": N, "mean": SECONDS}; for steps and frames, the seconds of one unit of work. The time of a
// large network is proportional to its work; a small network takes some time whatever the work is. So there
// is a mean for each power of two of the work (BIN), and an estimate uses the nearest one.

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLargestFile = 1 << 20;  // bytes
constexpr std::size_t kMostPaces = 40;
constexpr int kMostRuns = 1'000'000;   // counted in a mean
constexpr double kLeastWeight = 0.25;  // of a new run in a mean, so that old runs matter less and less
constexpr int kFarthest = 4;           // bins
constexpr int kMostBins = 1100;        // log2 of the largest double is 1024

struct Work {
  double step = 0;   // of one step, in tokens
  double steps = 0;  // of all
  double frame = 0;  // of one frame of the file, in pixels
  double frames = 0;
};

// One step over one window, with tokens of 2 x 2 latent cells. In a layer of width d, each of n tokens takes
// 24 d^2 operations in products with weights and 4 n d in attention.
double work_of_step(const Picture& picture, int frames, std::int64_t transformer_dim) {
  double tokens = static_cast<double>(frames) * picture.latent_height * picture.latent_width / 4, tiles = 1;
  if (picture.tiling) {
    const Tiling& tiling = *picture.tiling;
    tiles = tiles_per_step(tiling, frames, picture.latent_height, picture.latent_width, 2, 2);
    tokens = static_cast<double>(std::min<std::int64_t>(tiling.frames.size, frames) *
                                 std::min<std::int64_t>(tiling.rows.size, picture.latent_height) *
                                 std::min<std::int64_t>(tiling.columns.size, picture.latent_width)) /
             4;
  }
  const auto width = static_cast<double>(std::max<std::int64_t>(1, transformer_dim));
  return tiles * tokens * (1 + tokens / (6 * width));
}

Work work_of(const Plan& plan) {
  Work work;
  int decoded = 0;  // latent frames over all windows, conditioning frames included
  for (const Window& window : plan.timeline.windows) {
    work.steps +=
        std::max(1, plan.sampling.steps - plan.sampling.first_step) *
        work_of_step(plan.picture, window.count + plan.control.references, plan.model.transformer_dim);
    decoded += window.count;
  }
  const int steps = std::max(1, plan.sampling.steps - plan.sampling.first_step);
  work.steps *= 1 + static_cast<double>(guided_steps(plan.sampling)) / steps;
  if (!plan.sampling.cache.method.empty())
    work.steps *= static_cast<double>(plan.sampling.cache.computed) / steps;
  work.step = work.steps / (std::max(1, plan.sampling.steps - plan.sampling.first_step) *
                            static_cast<double>(plan.timeline.windows.size()));

  const double repeated = static_cast<double>(decoded) / std::max(1, plan.timeline.latent_frames);
  const double made =
      static_cast<double>(plan.timeline.model_frames) * plan.picture.model_width * plan.picture.model_height;
  const double written = static_cast<double>(plan.timeline.frames) * plan.picture.width * plan.picture.height;
  // Time to encode a pixel, as a share of the time that the smallest VAE takes to decode one; beside larger
  // VAEs it is within the error of the estimate.
  constexpr double kWritten = 0.03;
  work.frames = made * repeated * (plan.upscale.active ? 2 : 1) +
                kWritten * written;  // a stage also encodes them with the VAE
  for (const Plan& each : plan.before) {
    const Work other = work_of(each);
    work.steps += other.steps;
    work.frames += other.frames;
  }
  work.frame = work.frames / static_cast<double>(plan.timeline.frames);
  return work;
}

std::string key_of(const ModelChoice& model, const Machine& machine) {
  std::array<char, 256> host{};  // several machines may share a home folder
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return model.name + " " + std::to_string(model.weight_bytes) + " " + machine.device + " " + machine.dtype +
         " " + std::to_string(machine.threads) + " " + host.data();
}

int bin_of(double work) { return static_cast<int>(std::lround(std::log2(std::max(1.0, work)))); }

struct Mean {
  int runs = 0;
  double seconds = 0;
};

// Reads a mean; runs is 0 where it is not a valid one.
Mean mean_of(const Json& json) {
  if (!json.is_object()) return {};
  const auto runs = json.find("runs");
  const auto mean = json.find("mean");
  if (runs == json.end() || mean == json.end() || !runs->is_number_integer() || !mean->is_number()) return {};
  const auto times = std::clamp<std::int64_t>(runs->get<std::int64_t>(), 0, kMostRuns);
  const Mean found{static_cast<int>(times), mean->get<double>()};
  return found.runs > 0 && std::isfinite(found.seconds) && found.seconds > 0 ? found : Mean{};
}

Mean nearest(const Json& bins, double work) {
  Mean best;
  int distance = kFarthest + 1;
  if (!bins.is_object()) return best;
  for (const auto& item : bins.items()) {
    const Mean mean = mean_of(item.value());
    int bin = 0;
    if (!set_from_text(bin, item.key()).empty() || bin < 0 || bin > kMostBins) continue;
    const int away = std::abs(bin - bin_of(work));
    if (mean.runs > 0 && away < distance) {
      best = mean;
      distance = away;
    }
  }
  return best;
}

void add(Json& json, double seconds) {
  if (!(std::isfinite(seconds) && seconds > 0)) return;
  const Mean old = mean_of(json);
  const double weight = std::max(kLeastWeight, 1.0 / (old.runs + 1));
  json = {{"runs", std::min(old.runs, kMostRuns) + 1},
          {"mean", old.seconds + weight * (seconds - old.seconds)}};
}

// json[key], replaced by an empty object where it is none.
Json& object_in(Json& json, const std::string& key) {
  Json& value = json[key];
  if (!value.is_object()) value = Json::object();
  return value;
}

Json read_paces(const fs::path& path) {
  std::error_code code;
  if (path.empty() || !fs::exists(path, code)) return Json::object();
  Json file;
  if (const JsonFault fault = parse_json(read_text(path, "pace", kLargestFile), file)) {
    throw Error(ErrorKind::data, "pace", path.string() + ": " + fault.message);
  }
  if (!file.is_object() || !file.contains("format") || file["format"] != 1) return Json::object();
  return object_in(file, "paces");
}

Json read_paces_or_none(const fs::path& path) {
  try {
    return read_paces(path);
  } catch (const std::exception& error) {
    log(LogLevel::debug, std::string("the times of past runs cannot be read: ") + error.what());
    return Json::object();
  }
}

void write_paces(const fs::path& path, const Json& paces) {
  fs::create_directories(path.parent_path());
  const std::string text =
      Json{{"format", 1}, {"paces", paces}}.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  OutputFile file(path, true);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace

fs::path pace_file() {
  const auto folder = [](const char* name) {
    const char* value = std::getenv(name);
    // By the XDG specification, relative paths are ignored.
    return value != nullptr && *value == '/' ? fs::path(value) : fs::path();
  };
  if (const fs::path cache = folder("XDG_CACHE_HOME"); !cache.empty()) return cache / "sora-gen/pace.json";
  if (const fs::path home = folder("HOME"); !home.empty()) return home / ".cache/sora-gen/pace.json";
  return {};
}

void estimate_pace(Plan& plan) {
  plan.machine.pace.reset();
  plan.machine.seconds_estimate.reset();
  plan.machine.slowdown = plan.machine.device == "cpu" ? machine_slowdown(plan.machine.threads) : 1;
  const Json paces = read_paces_or_none(pace_file());
  const auto found = paces.find(key_of(plan.model, plan.machine));
  if (found == paces.end() || !found->is_object()) return;
  const Work work = work_of(plan);
  const Mean step = nearest(found->value("steps", Json()), work.step);
  const Json codecs = found->value("frames", Json());
  const Mean frame =
      codecs.is_object() ? nearest(codecs.value(plan.output.codec, Json()), work.frame) : Mean{};
  if (step.runs == 0 || frame.runs == 0) return;
  const Mean load = mean_of(found->value("load", Json()));
  const double slowdown = plan.machine.slowdown;
  plan.machine.pace = {slowdown * load.seconds, slowdown * step.seconds * work.steps,
                       slowdown * frame.seconds * work.frames, std::min(step.runs, frame.runs)};
  plan.machine.seconds_estimate = plan.machine.pace->total();
}

void remember_pace(const Plan& plan, const Result& result) {
  const fs::path path = pace_file();
  if (path.empty() || result.step_seconds <= 0 || result.frame_seconds <= 0) return;
  try {
    Json paces = read_paces_or_none(path);
    const std::string key = key_of(plan.model, plan.machine);
    Json pace = Json::object();
    if (const auto old = paces.find(key); old != paces.end()) {
      if (old->is_object()) pace = *old;
      paces.erase(old);  // the newest goes to the end
    }
    if (paces.size() >= kMostPaces) {  // the oldest, in one call: erasing one by one takes quadratic time
      const auto surplus = static_cast<std::ptrdiff_t>(paces.size() - kMostPaces + 1);
      paces.erase(paces.begin(), std::next(paces.begin(), surplus));
    }
    const Work work = work_of(plan);
    // What it would have taken alone, as far as that was known when it began.
    const double slowdown = std::max(1.0, plan.machine.slowdown);
    add(pace["load"], result.load_seconds / slowdown);
    if (plan.sampling.cache.method.empty()) {  // else it is not known how many steps were computed
      add(object_in(pace, "steps")[std::to_string(bin_of(work.step))],
          result.step_seconds / work.steps / slowdown);
    }
    add(object_in(object_in(pace, "frames"), plan.output.codec)[std::to_string(bin_of(work.frame))],
        result.frame_seconds / work.frames / slowdown);
    paces[key] = pace;
    write_paces(path, paces);
  } catch (const std::exception& error) {
    log(LogLevel::debug, std::string("the time of this run is not recorded: ") + error.what());
  }
}

}  // namespace sora
