// The one parser for JSON from outside: requests, lists, storyboards, metadata, sidecars, journals, configs,
// indices, tokenizers. (Only the header of a safetensors file, which may be very long, is parsed as a stream
// in checkpoint/safetensors.cpp.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sora {

/// Deepest nesting that is accepted; real files have less than ten levels. Parsing, destroying and printing
/// JSON are recursive and would overflow the stack.
constexpr std::size_t kDeepestJson = 64;

struct JsonLimits {
  std::size_t bytes = 16'000'000;
  std::size_t values = 1'000'000;
  /// Accept integers beyond 64 bits, such as the 10^30 in many tokenizer configs: they become floating-point
  /// numbers. Otherwise they are a fault.
  bool long_integers = false;
};

struct JsonFault {
  std::string message;      ///< "is not JSON: line 2, column 7: ..."; empty when there is none
  std::uint32_t line = 0;   ///< from 1
  bool over_limit = false;  ///< a limit is exceeded; false: the text is not valid JSON

  explicit operator bool() const { return !message.empty(); }
};

/// Parses all of `text`, in time and memory proportional to its length. Of duplicate keys, the last counts.
JsonFault parse_json(std::string_view text, nlohmann::json& value, const JsonLimits& limits = {});
/// The same, keeping the order of the keys.
JsonFault parse_json(std::string_view text, nlohmann::ordered_json& value, const JsonLimits& limits = {});

/// Parses a file. Throws Error: no_input, io, data with the file's name and the line.
nlohmann::json read_json(const std::filesystem::path& path, const std::string& component,
                         const JsonLimits& limits = {});

}  // namespace sora
