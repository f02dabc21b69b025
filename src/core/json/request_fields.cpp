#include "core/json/request_fields.h"

#include <algorithm>
#include <unordered_map>

#include "core/json/option_values.h"

namespace sora {
namespace {

const std::vector<std::string>& field_names() {
  static const auto names = [] {
    std::vector<std::string> list;
    Request request;
    visit_request(request, [&](const char* name, auto&, const char*) { list.emplace_back(name); });
    return list;
  }();
  return names;
}

// Calls v(field) for the field at `position`.
template <class V>
void with_field(Request& request, int position, V&& v) {
  int at = 0;
  visit_request(request, [&](const char*, auto& field, const char*) {
    if (at++ == position) v(field);
  });
}

// Setting one of the two lengths unsets the other.
void forget_other_length(Request& request, int field) {
  static const int seconds = request_field("seconds"), frames = request_field("frames");
  if (field == seconds) request.frames.reset();
  if (field == frames) request.seconds.reset();
}

}  // namespace

int request_field(const std::string& name) {
  static const auto positions = [] {
    std::unordered_map<std::string, int> map;
    for (const std::string& field : field_names()) map.emplace(field, static_cast<int>(map.size()));
    return map;
  }();
  const auto found = positions.find(name);
  return found == positions.end() ? -1 : found->second;
}

OptionKind option_kind(int field) {
  static const auto kinds = [] {
    std::vector<OptionKind> list;
    Request request;
    visit_request_kinds(request,
                        [&](const char*, auto&, OptionKind kind, const char*) { list.push_back(kind); });
    return list;
  }();
  return kinds.at(static_cast<std::size_t>(field));
}

std::string Overrides::add(const std::string& given, const Scalar& as_written) {
  std::string name = given;
  std::replace(name.begin(), name.end(), '-', '_');
  const Scalar value = plain_value(name, as_written);
  const int field = request_field(name);
  if (field < 0) {
    const std::string hint = nearest(name, field_names());
    return '"' + excerpt(given) + "\" is not an option" +
           (hint.empty() ? std::string() : "; did you mean \"" + hint + "\"?");
  }
  if (value.kind == Scalar::Kind::null) return {};  // the default
  // The system would end a file name at a zero byte, while this program would still read the extension after
  // it.
  const auto has_zero = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (has_zero(value.text) || std::any_of(value.items.begin(), value.items.end(), has_zero))
    return name + " holds a zero byte, expected text";
  if (has(name.c_str())) return name + " is given twice";
  Request scratch;
  std::string expected;
  with_field(scratch, field, [&](auto& f) { expected = expected_value(name, set_from_scalar(f, value)); });
  if (!expected.empty()) {
    const bool quoted = value.kind == Scalar::Kind::text || value.kind == Scalar::Kind::untyped;
    std::string shown = excerpt(value.text);
    if (quoted) shown.insert(0, 1, '"').push_back('"');
    return name + " is " + shown + ", expected " + expected;
  }
  const auto position = static_cast<std::uint8_t>(field);
  if (value.kind == Scalar::Kind::list) {
    for (const std::string& item : value.items) values_.push_back({position, item});
  } else {
    values_.push_back({position, value.text});
  }
  return {};
}

bool Overrides::has(const char* name) const {
  const int field = request_field(name);
  return std::any_of(values_.begin(), values_.end(), [&](const Value& v) { return v.field == field; });
}

std::optional<std::string> Overrides::text(const char* name) const {
  const int field = request_field(name);
  std::optional<std::string> found;
  for (const Value& value : values_) {
    if (value.field == field) found = value.text;
  }
  return found;
}

std::vector<std::string> Overrides::names() const {
  std::vector<std::string> names;
  for (const Value& value : values_) {
    const std::string& name = field_names().at(value.field);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void Overrides::add_missing(const Overrides& others) {
  const Overrides before = *this;
  const bool has_length = before.has("seconds") || before.has("frames");
  for (const Value& value : others.values_) {
    const std::string& name = field_names().at(value.field);
    const bool is_length = name == "seconds" || name == "frames";
    if (!before.has(name.c_str()) && !(is_length && has_length)) values_.push_back(value);
  }
}

void Overrides::apply(Request& request) const {
  for (const Value& value : values_) {
    forget_other_length(request, value.field);
    with_field(request, value.field, [](auto& field) {  // a new list replaces the old one
      if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::vector<std::string>>) field.clear();
    });
  }
  for (const Value& value : values_) {
    with_field(request, value.field,
               [&](auto& field) { (void)set_from_text(field, value.text); });  // checked by add()
  }
}

}  // namespace sora
