#include "core/json/json_text.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <vector>

#include "core/file.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

// "line 3, column 7", or "column 7" of a text of one line; `at` is the offset of a byte.
std::string place_of(std::string_view text, std::size_t at, std::uint32_t& line) {
  const std::string_view before = text.substr(0, at);
  line = 1 + static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = before.rfind('\n');
  const std::string column =
      "column " + std::to_string(at - (start == std::string_view::npos ? 0 : start + 1) + 1);
  return text.find('\n') == std::string_view::npos ? column : "line " + std::to_string(line) + ", " + column;
}

JsonFault over_limit(std::string_view text, std::size_t at, const std::string& what) {
  JsonFault fault;
  fault.over_limit = true;
  fault.message = what + " (" + place_of(text, at, fault.line) + ")";
  return fault;
}

// The offset after the closing quote of the string that begins at `at`, or the end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

bool fits_integer(std::string_view number) {
  const auto fits = [&](auto value) {
    return std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc();
  };
  return number.front() == '-' ? fits(std::int64_t{}) : fits(std::uint64_t{});
}

// Checks the limits before any value is built, so that a text beyond them never reaches the parser.
JsonFault check_limits(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return {"is " + std::to_string(text.size()) + " bytes, expected at most " + std::to_string(limits.bytes),
            1, true};
  }
  std::size_t depth = 0, values = 1;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if ((c == '{' || c == '[') && ++depth > kDeepestJson) {
      return over_limit(text, at, "is nested over " + std::to_string(kDeepestJson) + " deep");
    }
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c == ',' && ++values > limits.values) {
      return over_limit(text, at, "has over " + std::to_string(limits.values) + " values");
    }
    std::size_t end = at + 1;
    if (c == '-' || (c >= '0' && c <= '9')) {
      end = std::min(text.find_first_not_of("0123456789+-.eE", at), text.size());
      const std::string_view number = text.substr(at, end - at);
      const bool digits = number.size() > 1 && number.find_first_not_of("0123456789", 1) == std::string::npos;
      if (digits && !limits.long_integers && !fits_integer(number)) {
        return over_limit(text, at, "has the integer " + excerpt(number) + ", which is out of range");
      }
    }
    at = end;
  }
  return {};
}

// Builds a value from the events of nlohmann's parser. Duplicate keys are found by a hash, since ordered_json
// itself compares each key with all others.
template <class Json>
class Builder final : public nlohmann::json_sax<Json> {
 public:
  using typename nlohmann::json_sax<Json>::string_t;
  using typename nlohmann::json_sax<Json>::binary_t;

  Builder(std::string_view text, Json& root) : text_(text), root_(root) {}

  JsonFault fault;

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(std::int64_t value) override { return add(Json(value)); }
  bool number_unsigned(std::uint64_t value) override { return add(Json(value)); }
  bool number_float(double value, const string_t& written) override {
    // The parser reads numbers by strtod(), for which the locale may have a comma as the decimal point.
    std::string number = written;
    const std::size_t point = number.find_first_not_of("0123456789+-eE");
    if (point != std::string::npos) number[point] = '.';
    double exact = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), exact);
    return add(Json(code == std::errc() && end == number.data() + number.size() ? exact : value));
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }  // JSON has none

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::detail::exception& error) override {
    if (dynamic_cast<const typename Json::out_of_range*>(&error) != nullptr) {
      fault = over_limit(text_, position - std::min(position, token.size()),
                         "has the number " + excerpt(token) + ", which is out of range");
      return false;
    }
    const std::size_t at = position > text_.size() ? text_.size() : position - (position > 0);
    const std::string place = place_of(text_, at, fault.line);
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, ...: ..."
    const std::size_t colon = what.find(": ");
    what.erase(0, colon == std::string::npos ? 0 : colon + 2);
    fault.message = "is not JSON: " + place + ": " + one_line(what, 200);
    return false;
  }

 private:
  struct Open {
    Json* value = nullptr;
    std::string key;                                      // of the object's next value
    std::unordered_map<std::string, std::size_t> places;  // of the object's keys
  };

  Json* put(Json&& value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Open& open = open_.back();
    if (open.value->is_array()) {
      open.value->push_back(std::move(value));
      return &open.value->back();
    }
    if constexpr (std::is_same_v<Json, nlohmann::ordered_json>) {
      auto& items = open.value->template get_ref<typename Json::object_t&>();
      const auto [place, fresh] = open.places.emplace(open.key, items.size());
      if (fresh) {
        items.emplace_back(open.key, std::move(value));
      } else {
        items.begin()[static_cast<std::ptrdiff_t>(place->second)].second = std::move(value);
      }
      return &items.begin()[static_cast<std::ptrdiff_t>(place->second)].second;
    } else {
      return &((*open.value)[open.key] = std::move(value));
    }
  }
  bool add(Json&& value) { return put(std::move(value)), true; }
  bool open(Json&& value) { return open_.push_back({put(std::move(value)), {}, {}}), true; }
  bool close() { return open_.pop_back(), true; }

  std::string_view text_;
  Json& root_;
  std::vector<Open> open_;
};

template <class Json>
JsonFault parse(std::string_view text, Json& value, const JsonLimits& limits) {
  value = Json();
  JsonFault fault = check_limits(text, limits);
  if (fault) return fault;
  Builder<Json> builder(text, value);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    value = Json();
    return builder.fault;
  }
  return {};
}

}  // namespace

JsonFault parse_json(std::string_view text, nlohmann::json& value, const JsonLimits& limits) {
  return parse(text, value, limits);
}

JsonFault parse_json(std::string_view text, nlohmann::ordered_json& value, const JsonLimits& limits) {
  return parse(text, value, limits);
}

nlohmann::json read_json(const std::filesystem::path& path, const std::string& component,
                         const JsonLimits& limits) {
  nlohmann::json value;
  if (const JsonFault fault = parse_json(read_text(path, component, limits.bytes), value, limits)) {
    throw Error(ErrorKind::data, component, path.string() + ": " + fault.message);
  }
  return value;
}

}  // namespace sora
