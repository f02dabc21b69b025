// The one parser of JSON that someone else wrote: requests, lists, storyboards, metadata, sidecars, journals,
// configs, indices, tokenizers. (The header of a safetensors file, which may be longer than memory should
// hold, is read as a stream in checkpoint/safetensors.cpp, which admits no nesting.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sora {

/// Nothing that is read here is nested over ten deep; parsers, destructors and printing of JSON recurse.
constexpr std::size_t kDeepestJson = 64;

struct JsonLimits {
  std::size_t bytes = 16'000'000;
  std::size_t values = 1'000'000;
  /// Python writes integers of any length, as the 10^30 in the configs of many tokenizers. With this they
  /// become floating-point numbers, which no reader of an integer takes; without, they are a fault.
  bool long_integers = false;
};

struct JsonFault {
  std::string message;     ///< "is not JSON: line 2, column 7: ..."; empty when there is none
  std::uint32_t line = 0;  ///< from 1
  bool is_json = false;    ///< a limit is passed, which half a text or other words would not do

  explicit operator bool() const { return !message.empty(); }
};

/// Parses all of `text`. Time and memory grow with its length; of keys that stand twice, the last counts.
JsonFault parse_json(std::string_view text, nlohmann::json& value, const JsonLimits& limits = {});
/// The same, with the keys of objects in their order.
JsonFault parse_json(std::string_view text, nlohmann::ordered_json& value, const JsonLimits& limits = {});

/// The JSON in a file. Throws Error: no_input, io, data with the file's name and the place.
nlohmann::json read_json(const std::filesystem::path& path, const std::string& component,
                         const JsonLimits& limits = {});

}  // namespace sora
