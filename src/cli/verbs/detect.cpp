// detect FILE...: whether files show that they were made by a generator, and how surely.
//
// A file may have several signs of it, each with how sure it is:
//   signed   credentials that are whole: whoever has the key said so, and nothing was changed since
//   marked   a watermark in the pixels; whoever has the program and the key of the mark can put it there
//   claimed  a text that anyone can write or change: credentials that are not valid, parameters of a run
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "cli/make.h"
#include "cli/piped_input.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs/found_credentials.h"
#include "cli/verbs/found_watermark.h"
#include "cli/verbs/inspected.h"
#include "core/file.h"
#include "core/json/scalar.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLongestList = 16 << 20;  // bytes of a trust list
constexpr const char* kOurs = "sora-gen ";        // begins the generator in our parameters
constexpr int kNoSign = 1;                        // exit code

struct Sign {
  std::string kind;      ///< credentials, watermark, parameters
  std::string sureness;  ///< signed, marked or claimed
  std::vector<std::string> lines;  ///< for people
};

struct Found {
  std::string file;
  std::vector<Sign> signs;  ///< that the file was made by a generator
  Credentials credentials;
  FoundWatermark watermark;
  Json parameters;  ///< ours; null: there are none

  std::string sureness() const {
    for (const char* surest : {"signed", "marked", "claimed"})
      for (const Sign& sign : signs)
        if (sign.sureness == surest) return surest;
    return "unknown";
  }
};

// Parameters that sora-gen writes, of a text in the file or beside it.
Json our_parameters(const std::string& text) {
  const ScalarObject object = parse_scalars(text, "");
  if (!object.fault.empty()) return {};
  Json json;
  for (const auto& [name, value] : object.items) {
    const bool shown =
        name == "generator" || name == "verb" || name == "prompt" || name == "model" || name == "seed";
    if (shown && value.kind != Scalar::Kind::list && value.kind != Scalar::Kind::other)
      json[name] = value.text;
  }
  const bool ours = json.contains("generator") && json["generator"].get<std::string>().rfind(kOurs, 0) == 0;
  return ours ? json : Json();
}

Sign parameters_sign(const Json& parameters) {
  std::string text = "they say: ";
  for (const auto& item : parameters.items()) {
    if (item.key() != parameters.begin().key()) text += ", ";
    text += (item.key() == "generator" ? "made with" : item.key()) + " \"" +
            excerpt(item.value().get<std::string>()) + "\"";
  }
  return {"parameters", "claimed", {text, "anyone can write such a text into a file: it is a claim, no proof"}};
}

class Detector {
 public:
  explicit Detector(Session& session) : maker_(session), keys_(watermark_keys(session.options)) {
    if (const auto& list = session.options.trust_list) trust_ = read_text(*list, "detect", kLongestList);
  }

  Found look(const std::string& name) {
    Found found;
    found.file = name;
    std::string path = name;
    if (name == "-") {
      Request request;
      request.input = name;
      copy_piped_inputs(request);
      path = *request.input;
    }
    found.credentials = look_for_credentials(path, trust_);
    if (say_generated(found.credentials)) {
      const auto state = found.credentials.state;
      const bool whole = state == Credentials::State::untrusted || state == Credentials::State::trusted;
      found.signs.push_back({"credentials", whole ? "signed" : "claimed", credentials_lines(found.credentials)});
    }
    try {
      found.watermark = look_for_watermark(maker_, path, keys_);
      if (found.watermark.found) found.signs.push_back({"watermark", "marked", watermark_lines(found.watermark)});
      found.parameters = our_parameters(inspect(maker_, path).parameters);
    } catch (const Error& error) {
      // Formats that libav cannot read can have credentials all the same.
      if (error.kind() != ErrorKind::data || found.signs.empty()) throw;
    }
    if (!found.parameters.is_null()) found.signs.push_back(parameters_sign(found.parameters));
    return found;
  }

 private:
  Maker maker_;
  std::vector<WatermarkKey> keys_;
  std::string trust_;
};

std::string row(const std::string& name, const std::string& value) {
  constexpr std::size_t kColumn = 15;
  std::string text = "  " + name;
  text.resize(std::max(text.size() + 1, kColumn), ' ');
  return text + one_line(value) + "\n";
}

std::string text_of(const Found& found) {
  const std::string name = found.file == "-" ? "standard input" : one_line(found.file);
  const std::string sureness = found.sureness();
  std::string text = name + ": ";
  const bool in_part = !found.credentials.generated || found.credentials.source.rfind("composite", 0) == 0;
  if (sureness == "signed")
    text += std::string(in_part ? "made in part" : "made") + " by a generator, as whoever signed it says\n";
  if (sureness == "marked") text += "made by a generator, as a mark in its pixels says\n";
  if (sureness == "claimed") text += "said to be made by a generator, which nothing proves\n";
  if (sureness == "unknown") text += "no sign of a generator was found, which proves nothing\n";
  bool shown = false;
  for (const Sign& sign : found.signs) {
    shown = shown || sign.kind == "credentials";
    for (std::size_t i = 0; i < sign.lines.size(); ++i) text += row(i == 0 ? sign.kind : "", sign.lines[i]);
  }
  if (shown || found.credentials.state == Credentials::State::none) return text;
  const std::vector<std::string> lines = credentials_lines(found.credentials);
  for (std::size_t i = 0; i < lines.size(); ++i) text += row(i == 0 ? "credentials" : "", lines[i]);
  return text;
}

// One line of JSON for each file.
std::string json_of(const Found& found) {
  Json json{{"file", found.file}, {"generated", found.sureness()}, {"signs", Json::array()}};
  for (const Sign& sign : found.signs)
    json["signs"].push_back({{"kind", sign.kind}, {"sureness", sign.sureness}});
  json["credentials"] = credentials_json(found.credentials);
  json["watermark"] = watermark_json(found.watermark);
  json["parameters"] = found.parameters;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string json_of(const std::string& file, const Error& error) {
  const Json json{{"file", file}, {"error", error.message()}, {"exit_code", error.exit_code()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

int detect_files(Session& session) {
  const Options& options = session.options;
  Detector detector(session);
  bool any = false;
  int failed = 0;
  for (std::size_t i = 1; i < options.words.size(); ++i) {
    const std::string& file = options.words[i];
    if (const int signal = stop_signal(); signal != 0)
      throw Error(ErrorKind::interrupted, "detect", "stopped");
    try {
      const Found found = detector.look(file);
      any = any || !found.signs.empty();
      write_stdout(options.json ? json_of(found) : text_of(found));
    } catch (const Error& error) {
      // The other files are looked at all the same.
      if (options.words.size() == 2 || error.kind() == ErrorKind::reader_gone) throw;
      if (options.json) write_stdout(json_of(file, error));
      log(LogLevel::error, error.what());
      if (failed == 0) failed = error.exit_code();
    }
  }
  return failed != 0 ? failed : any ? 0 : kNoSign;
}

}  // namespace sora
