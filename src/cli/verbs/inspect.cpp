// inspect FILE: shows how a file was made. rerun FILE: makes the file again, or with changes.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/make.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs/found_credentials.h"
#include "cli/verbs/found_watermark.h"
#include "cli/verbs/inspected.h"
#include "cli/verbs/verify.h"
#include "core/amounts.h"
#include "core/file.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "jobs/output_name.h"
#include "jobs/sidecar.h"
#include "plan/kept_latents.h"
#include "plan/verbs/reproduce.h"
#include "provenance/c2pa_library.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostFrames = 96;  // that are looked at for a watermark; detect looks at all

// Null where the file is no media.
Json media_json(const Inspected& found, const std::string& file) {
  Json media;
  if (found.media.empty()) return media;
  if (const JsonFault fault = parse_json(found.media, media))
    throw Error(ErrorKind::data, "inspect", file + ": its metadata " + fault.message);
  return media;
}

std::string media_text(const Json& media) {
  std::string text = media.value("container", "") + ", " + media.value("codec", "") + ", " +
                     std::to_string(media.value("width", 0)) + "x" + std::to_string(media.value("height", 0));
  const double fps = media.value("fps", 0.0), duration = media.value("duration", 0.0);
  const auto frames = media.value("frames", std::int64_t{0});
  if (frames > 0) text += ", " + std::to_string(frames) + (frames == 1 ? " frame" : " frames");
  if (fps > 0) text += " at " + shortest_text(fps) + " fps";
  if (duration > 0) text += ", " + shortest_text(duration) + " s";
  return text;
}

// A text that is not JSON is returned as a string.
Json parameters_json(const std::string& text) {
  Json json;
  if (text.empty() || !parse_json(text, json)) return json;
  return text;
}

std::string row(std::string name, const std::string& value) {
  name = excerpt(name);
  name.resize(std::max<std::size_t>(name.size() + 1, 18), ' ');
  return name + one_line(value) + "\n";
}

// "clip.mp4", "clip-2.mp4", ...: the first name that is free.
std::string free_name(const std::string& wanted) {
  std::error_code code;
  const fs::path path(wanted);
  std::string name = wanted;
  for (int i = 2; fs::exists(name, code); ++i) {
    name = (path.parent_path() / (path.stem().string() + "-" + std::to_string(i) + path.extension().string()))
               .string();
  }
  return name;
}

// What is said of the kept latents beside a file: "beside it, 2 windows"; empty: there are none.
struct BesideLatents {
  std::string name, state;
  bool belong = false;
};

std::optional<BesideLatents> latents_beside(const std::string& file) {
  std::error_code code;
  const std::string name = latents_name(file);
  if (!fs::is_regular_file(name, code)) return {};
  try {
    const LatentsFacts facts = read_latents_facts(name);
    const bool belong = belong_to(facts, file);
    return BesideLatents{
        name,
        belong ? "kept, " + std::to_string(facts.windows) + (facts.windows == 1 ? " window" : " windows")
               : "of another video, or this one has changed since",
        belong};
  } catch (const Error& error) {
    return BesideLatents{name, "cannot be used: " + error.message(), false};
  }
}

}  // namespace

Inspected inspect(Maker& maker, const std::string& file) {
  Inspected result;
  { const File exists(file, "inspect"); }  // a missing file is an error before the library is loaded
  result.parameters = recorded_parameters(file);
  try {
    result.media = maker.library().inspect(file);
  } catch (const Error& error) {
    // libav cannot read a sidecar, a checkpoint or raw frames, but they have parameters.
    if (result.parameters.empty() || error.kind() != ErrorKind::data) throw;
    return result;
  }
  const Json media = media_json(result, file);
  const auto comment = media["metadata"].find("comment");
  if (comment != media["metadata"].end()) {
    const auto text = comment->get<std::string>();
    if (!text.empty() && text.front() == '{') result.parameters = text;
  }
  return result;
}

int inspect_file(Session& session) {
  const std::string& file = session.options.words.at(1);
  Maker maker(session);
  const Inspected found = inspect(maker, file);
  const auto latents = latents_beside(file);
  const Json media = media_json(found, file);
  const Credentials credentials = c2pa_library_file().empty() ? Credentials{} : look_for_credentials(file);
  FoundWatermark mark;
  if (!media.is_null()) mark = look_for_watermark(maker, file, watermark_keys(session.options), kMostFrames);
  if (session.options.json) {
    Json json;
    json["file"] = file;
    for (const auto& item : media.items()) {
      if (item.key() != "metadata") json[item.key()] = item.value();
    }
    json["parameters"] = parameters_json(found.parameters);
    if (latents)
      json["latents"] = {{"file", latents->name}, {"belong", latents->belong}, {"state", latents->state}};
    json["credentials"] = credentials_json(credentials);
    json["watermark"] = watermark_json(mark);
    write_stdout(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return 0;
  }
  std::string text;
  if (!media.is_null()) text += row("file", media_text(media));
  if (latents) text += row("latents", latents->state + (latents->belong ? " in " + latents->name : ""));
  if (credentials.state != Credentials::State::none) {
    const std::vector<std::string> lines = credentials_lines(credentials);
    for (std::size_t i = 0; i < lines.size(); ++i) text += row(i == 0 ? "credentials" : "", lines[i]);
  }
  if (mark.found) {
    const std::vector<std::string> lines = watermark_lines(mark);
    for (std::size_t i = 0; i < lines.size(); ++i) text += row(i == 0 ? "watermark" : "", lines[i]);
  }
  if (found.parameters.empty()) {
    write_stdout(text + row("made by", "not known: there are no parameters of sora-gen in it or in " +
                                           sidecar_name(file)));
    return 0;
  }
  const ScalarObject parameters = parse_scalars(found.parameters, "the parameters of a run");
  if (!parameters.fault.empty())
    throw Error(ErrorKind::data, "inspect", file + ": its metadata " + parameters.fault);
  for (const auto& [name, value] : parameters.items) {
    if (value.kind == Scalar::Kind::list) {
      for (std::size_t i = 0; i < value.items.size(); ++i) text += row(i == 0 ? name : "", value.items[i]);
      continue;
    }
    const std::string shown = one_line(value.text);
    text +=
        row(name == "generator" ? "made by" : name,
            value.kind == Scalar::Kind::text && name.find("prompt") != std::string::npos ? "\"" + shown + "\""
                                                                                         : shown);
  }
  write_stdout(text);
  return 0;
}

int rerun_file(Session& session) {
  const Options& options = session.options;
  const std::string& file = options.words.at(1);
  if (videos_per_prompt(options) > 1) {
    throw Error(ErrorKind::usage, "options",
                "rerun makes one video; for another one like it, give another --seed");
  }
  Maker maker(session);
  const Inspected found = inspect(maker, file);
  if (found.parameters.empty()) {
    throw Error(ErrorKind::data, "rerun",
                file + ": does not say how it was made: there are no parameters of sora-gen in it or in " +
                    sidecar_name(file));
  }
  const RunParameters made = read_parameters(found.parameters, file);
  Request request =
      reproducing_request(made, options.given, file, options.verify ? "rerun --verify" : "rerun");
  if (options.verify) {
    const Json media = media_json(found, file);
    return verify_file(session, file, media.is_null() ? "" : media.value("codec", "unknown"), made, request);
  }
  keep_file_options(request, options);
  if (!request.output) {
    std::string extension = fs::path(file).extension().string();
    const bool of_media = !found.media.empty() && !extension.empty() && !request.format;
    request.output = free_name(default_output_name(title_of(request), *request.seed,
                                                   of_media ? extension.substr(1) : extension_of(request)));
  }
  const Plan plan = make_plan(request);
  // A warning, unless the user chose another model although the recorded one is installed.
  const bool not_installed = made.model && installed_model(*made.model).empty();
  if ((not_installed || !options.given.has("model")) && is_another_model(made, plan.model)) {
    log(LogLevel::warning, "the model " + plan.model.name + " is not the one that " + file +
                               " was made with, or has changed since; the video will differ");
  }
  if (const std::string clips = other_latents(made, plan.inputs); !clips.empty()) {
    log(LogLevel::warning, file + ": it and this run differ in the use of the kept latents of " + clips +
                               "; the frames will differ a little");
  }
  if (made.generator != "sora-gen " SORA_GEN_VERSION) {
    log(LogLevel::warning,
        file + " was made by " + made.generator + ", this is " SORA_GEN_VERSION "; the bytes may differ");
  }
  return make_one(session, request);
}

}  // namespace sora
