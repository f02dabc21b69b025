#include "plan/verbs/story.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/text.h"
#include "plan/geometry/windows.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kFade = 1;              // seconds
constexpr double kLongestFade = 60;      // seconds
constexpr double kLongestTime = 360000;  // seconds

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
}

std::string in_quotes(const std::string& text) { return '"' + one_line(text, 60) + '"'; }

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

struct TimedText {
  double time;
  std::string text;
};

std::vector<TimedText> timed(const char* option, const std::vector<std::string>& lines) {
  std::vector<TimedText> result;
  for (const std::string& line : lines) {
    TimedText entry{0, ""};
    const std::string fault = split_shot(line, entry.time, entry.text);
    if (!fault.empty()) wrong(std::string(option) + " " + in_quotes(line) + " " + fault);
    result.push_back(std::move(entry));
  }
  return result;
}

}  // namespace

std::optional<double> parse_time(const std::string& given) {
  std::string text = given;
  const bool seconds = text.size() > 1 && text.back() == 's';
  if (seconds) text.pop_back();
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() > 3 || (seconds && parts.size() > 1)) return {};
  double time = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    double value = 0;
    const bool last = i + 1 == parts.size();
    const bool whole = parts[i].find('.') == std::string::npos;
    if (!is_number(parts[i]) || (!last && !whole) || !set_from_text(value, parts[i]).empty()) return {};
    if (i > 0 && value >= 60) return {};
    time = time * 60 + value;
  }
  if (time > kLongestTime) return {};
  return std::round(time * 1000) / 1000;  // so that time_text() gives the same time back
}

std::string time_text(double seconds) {
  const long long ms = std::llround(seconds * 1000);
  const long long hours = ms / 3'600'000, minutes = ms / 60'000 % 60;
  char text[48];
  if (hours > 0) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", hours, minutes, ms / 1000 % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", minutes, ms / 1000 % 60);
  }
  std::string result = text;
  if (ms % 1000 == 0) return result;
  std::snprintf(text, sizeof text, ".%03lld", ms % 1000);
  result += text;
  result.erase(result.find_last_not_of('0') + 1);
  return result;
}

std::string split_shot(const std::string& text, double& time, std::string& rest) {
  const std::string line = trimmed(text);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  std::string word = line.substr(0, end);
  if (word.ends_with(':')) word.pop_back();  // "0:04: a storm"
  const auto found = parse_time(word);
  if (!found || is_number(word)) {
    return "does not begin with a time, expected one such as 0:04, 1:02.5 or 12s and a prompt or file after "
           "it";
  }
  time = *found;
  rest = trimmed(line.substr(end));
  return {};
}

std::optional<ShotFault> find_fault(const std::vector<Shot>& shots, std::optional<double> end,
                                    std::size_t first) {
  for (std::size_t i = first; i < shots.size(); ++i) {
    const std::string time = time_text(shots[i].time);
    if (shots[i].prompt.empty()) return ShotFault{i, "at " + time + " has no prompt"};
    if (i == 0 && shots[i].time > 0)
      return ShotFault{i, "begins at " + time + ", expected the first shot at 0:00"};
    if (i > 0 && shots[i].time <= shots[i - 1].time) {
      return ShotFault{i, "begins at " + time + ", expected a time after " + time_text(shots[i - 1].time) +
                              ", that of the shot before it"};
    }
    if (end && shots[i].time >= *end - 1e-9) {
      return ShotFault{
          i, "begins at " + time + ", and the video ends at " + time_text(*end) +
                 "; ask for more --seconds, or none: the last shot then has the model's native length"};
    }
  }
  return {};
}

std::vector<std::string> shot_image_files(const Request& request) {
  std::vector<std::string> files;
  for (const std::string& line : request.shot_image) {
    double time = 0;
    std::string file;
    if (split_shot(line, time, file).empty()) files.push_back(std::move(file));
  }
  return files;
}

void read_story(Request& request, Inputs& inputs, const ModelFacts& model) {
  for (TimedText& shot : timed("--shot", request.shot))
    inputs.shots.push_back({shot.time, std::move(shot.text)});
  if (const auto fault = find_fault(inputs.shots)) {
    wrong("shot " + std::to_string(fault->shot + 1) + " " + fault->message);
  }
  for (TimedText& image : timed("--shot-image", request.shot_image)) {
    if (image.text.empty()) wrong("--shot-image at " + time_text(image.time) + " has no file");
    if (image.time <= 0)
      wrong("--shot-image " + image.text + " is at 0:00; the image at 0:00 is given by --image FILE");
    if (!inputs.shot_images.empty() && image.time <= inputs.shot_images.back().time) {
      wrong("--shot-image " + image.text + " is at " + time_text(image.time) + ", expected a time after " +
            time_text(inputs.shot_images.back().time) + ", that of the image before it");
    }
    inputs.shot_images.push_back({image.time, std::move(image.text), 0});
  }
  if (!inputs.shot_images.empty() && model.image.concat) {
    wrong("this model (" + model.title + ") takes an image only at the start, and " +
          inputs.shot_images.front().path + " is at " + time_text(inputs.shot_images.front().time) +
          "; use a text-to-video model");
  }
  inputs.fade = request.fade.value_or(model.causal ? 0 : kFade);
  if (!(inputs.fade >= 0 && inputs.fade <= kLongestFade))
    wrong("--fade: expected seconds from 0 (a prompt takes over at once) to 60");
  const std::string& first = inputs.shots.front().prompt;
  if (!request.prompt.empty() && request.prompt != first) {
    wrong("a storyboard has its prompts in its shots, and --prompt is " + in_quotes(request.prompt) +
          "; write it as --shot \"0:00 ...\"");
  }
  request.prompt = first;
}

double story_length(const Inputs& inputs, const ModelFacts& model) {
  const double last =
      std::max(inputs.shots.back().time, inputs.shot_images.empty() ? 0 : inputs.shot_images.back().time);
  return last + model.frames / model.fps;
}

void plan_story_windows(Plan& plan, const ModelFacts& model, int latent_frames, int native,
                        int conditioning) {
  const double end = static_cast<double>(plan.timeline.frames) / plan.timeline.fps;
  if (const auto fault = find_fault(plan.inputs.shots, end)) {
    wrong("shot " + std::to_string(fault->shot + 1) + " " + fault->message);
  }
  std::vector<int> places;
  for (ShotImage& image : plan.inputs.shot_images) {
    if (image.time >= end) {
      wrong("--shot-image " + image.path + " is at " + time_text(image.time) + ", and the video ends at " +
            time_text(end));
    }
    const std::int64_t frame = std::clamp<std::int64_t>(std::llround(image.time * plan.timeline.model_fps), 1,
                                                        plan.timeline.model_frames - 1);
    image.latent = static_cast<int>((frame + model.temporal_scale - 1) / model.temporal_scale);
    if (!places.empty() && image.latent <= places.back()) {
      wrong("--shot-image " + image.path + " is at " + time_text(image.time) +
            ", too near the image before it: expected at least " +
            time_text(model.temporal_scale / plan.timeline.model_fps) + " s between two");
    }
    places.push_back(image.latent);
  }
  plan.timeline.windows =
      windows_to_places(latent_frames, native, {plan.request.image ? 1 : 0, 0, conditioning, false}, places);
}

std::vector<double> shares_at(const Inputs& inputs, double time) {
  const std::vector<Shot>& shots = inputs.shots;
  // How far the shots from i on have taken over: 0 to 1.
  const auto taken = [&](std::size_t i) {
    if (i == 0) return 1.0;
    if (i == shots.size()) return 0.0;
    const double begin = shots[i].time;
    double fade = std::min(inputs.fade, begin - shots[i - 1].time);
    if (i + 1 < shots.size()) fade = std::min(fade, shots[i + 1].time - begin);
    if (fade <= 0) return time < begin ? 0.0 : 1.0;
    return std::clamp((time - begin) / fade + 0.5, 0.0, 1.0);
  };
  std::vector<double> shares;
  for (std::size_t i = 0; i < shots.size(); ++i) shares.push_back(taken(i) - taken(i + 1));
  return shares;
}

std::optional<std::size_t> steady_shot(const Plan& plan, const Window& window, int temporal_scale) {
  std::optional<std::size_t> steady;
  for (int latent = window.first + window.conditioning; latent < window.first + window.count; ++latent) {
    for (const ShotImage& image : plan.inputs.shot_images)
      if (image.latent == latent) return {};
    const auto shares = shares_at(plan.inputs, time_of_latent(plan.timeline, latent, temporal_scale));
    const auto whole = std::find(shares.begin(), shares.end(), 1.0);
    if (whole == shares.end()) return {};
    const auto shot = static_cast<std::size_t>(whole - shares.begin());
    if (steady && plan.inputs.shots[*steady].prompt != plan.inputs.shots[shot].prompt) return {};
    steady = shot;
  }
  return steady;
}

double time_of_latent(const Timeline& timeline, int latent, int temporal_scale) {
  if (latent == 0) return 0;
  return (static_cast<double>(latent) * temporal_scale - (temporal_scale - 1) / 2.0) / timeline.model_fps;
}

}  // namespace sora
