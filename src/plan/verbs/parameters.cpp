#include "plan/verbs/parameters.h"

#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kLongestText = 1 << 20;  // bytes, as of a prompt on the command line
constexpr std::size_t kLongestName = 80;       // of the program, or a digest

// A text with a zero byte or of great length cannot come from the command line either.
std::string text_fault(const Scalar& value) {
  const auto fault = [](const std::string& text) -> std::string {
    if (text.size() > kLongestText) return "holds a text of over 1 MB";
    if (text.find('\0') != std::string::npos) return "holds a zero byte, expected plain text";
    return {};
  };
  for (const std::string& item : value.items) {
    if (std::string found = fault(item); !found.empty()) return found;
  }
  return fault(value.text);
}

std::vector<std::string> values_of(const Scalar& value) {
  if (value.kind == Scalar::Kind::list) return value.items;
  return value.text.empty() ? std::vector<std::string>() : std::vector{value.text};
}

// The one place where the kind of an option decides whether a recorded value is used. Returns what is wrong
// with the value; empty: nothing.
std::string take(RunParameters& made, const std::string& name, const Scalar& value, OptionKind kind) {
  if (std::string fault = text_fault(value); !fault.empty()) return name + " " + fault;
  if (kind == OptionKind::video) return made.options.add(name, value);
  if (value.kind == Scalar::Kind::null) return {};
  if (kind == OptionKind::machine) return made.refused.push_back(name), std::string();
  if (std::string fault = Overrides().add(name, value); !fault.empty()) return fault;
  const std::vector<std::string> values = values_of(value);
  if (kind == OptionKind::model) {
    made.model = value.text;
  } else if (!values.empty()) {
    made.sources.push_back({name, values});
  }
  return {};
}

}  // namespace

const RecordedSource* RunParameters::source(const std::string& field) const {
  for (const RecordedSource& named : sources) {
    if (named.field == field) return &named;
  }
  return nullptr;
}

RunParameters read_parameters(const std::string& json, const std::string& file) {
  const ScalarObject object = parse_scalars(json, "the parameters of a run");
  if (!object.fault.empty()) throw Error(ErrorKind::data, "inspect", file + ": its metadata " + object.fault);
  RunParameters made;
  for (const auto& [name, value] : object.items) {
    if (name == "generator") made.generator = one_line(value.text.substr(0, kLongestName));
    if (name == "model_digest") made.model_digest = value.text.substr(0, kLongestName);
    if (name == "input_latents") made.input_latents = value.text.substr(0, kLongestName);
    if (name == "input_2_latents") made.input_2_latents = value.text.substr(0, kLongestName);
    if (name == "shots" && text_fault(value).empty()) made.shots = value.items;
    if (name == "watermark") made.watermark = value.text == "true";
    if (name == "words_left_out") made.words_left_out = value.text == "true";
    const int field = request_field(name);
    if (field < 0) continue;
    const std::string fault = take(made, name, value, option_kind(field));
    if (!fault.empty()) throw Error(ErrorKind::data, "inspect", file + ": in its metadata, " + fault);
  }
  if (made.generator.empty()) {
    throw Error(ErrorKind::data, "inspect", file + ": its metadata is not that of a file made by sora-gen");
  }
  return made;
}

}  // namespace sora
