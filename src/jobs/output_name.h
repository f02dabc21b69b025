// Where a video goes when no name is given, and whether it may go where a name says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "sora/request.h"

namespace sora {

/// The prompt as a file name: lower-case ASCII letters and digits joined by dashes, at most 60 characters,
/// cut between words where possible; "video" when nothing is left of the prompt.
std::string slug(const std::string& prompt);

/// What a request's video is called after: its prompt as it was written, or without one its verb and the file
/// that it begins from.
std::string title_of(const Request& request);

/// "mp4", or what --format asks for, as the ending of a name.
std::string extension_of(const Request& request);

/// `<slug>-<seed>.<extension>`
std::string default_output_name(const std::string& prompt, std::uint64_t seed,
                                const std::string& extension = "mp4");

/// What the fields of a name stand for.
struct NameFields {
  std::uint64_t index = 1;   ///< {index}: place in the list, from 1
  std::uint64_t line = 1;    ///< {line}: line of the prompts file
  std::uint64_t repeat = 1;  ///< {repeat}: which of --repeat, from 1
  std::uint64_t seed = 0;    ///< {seed}
  std::string title;         ///< {slug}: slug() of title_of()
  std::string model;         ///< {model}: its folder's name
  std::string extension;     ///< {ext}
};

/// A name from a pattern such as "{index:04}-{slug}-{seed}.{ext}": numbers take a width (04 pads with zeros),
/// texts a longest length ({slug:20}); {{ and }} are braces. Throws Error (usage) for an unknown field,
/// naming those there are.
std::string format_name(const std::string& pattern, const NameFields& fields);

/// The pattern of the names that several videos share: "x.png" -> "x-{repeat}.png". A name with fields in it
/// is a pattern already.
std::string numbered_pattern(const std::string& name);

/// Throws Error (cannot_create) when `output` is a folder, lies in a folder that is missing or not writable,
/// has a name that is too long, is a link to nothing, or exists and `overwrite` is false. A name with a
/// number pattern (shots/%05d.png) exists when its first picture does. Looks only; "-" is fine unless
/// standard output is closed. `option` is what the message advises to use.
void check_output(const std::string& output, bool overwrite, const std::string& option = "-o");

/// The same for many outputs: a folder is looked at once.
class OutputCheck {
 public:
  explicit OutputCheck(std::string option = "-o") : option_(std::move(option)) {}

  /// A folder that the run creates: its outputs are fine though it is missing still.
  void creates(const std::filesystem::path& folder) { created_ = folder; }
  void check(const std::string& output, bool overwrite);
  static bool exists(const std::string& output);  ///< or its first picture

 private:
  void check_folder(const std::string& output, const std::filesystem::path& folder);
  void check_length(const std::string& output, const std::filesystem::path& folder);

  std::string option_;
  std::filesystem::path good_folder_, created_;
};

}  // namespace sora
