// Names of outputs, from prompts and patterns, and checks whether a file of a name can be written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "sora/request.h"

namespace sora {

/// The prompt as a file name: lower-case ASCII letters and digits, with dashes between words, at most 60
/// characters, cut between words where possible; "video" where the prompt has no such letters.
std::string slug(const std::string& prompt);

/// The title of a video, for its name: the prompt as it was written, or without one the verb and the name of
/// the input. With --no-prompt-in-file it is the verb alone, or nothing.
std::string title_of(const Request& request);

/// The extension for a name: "mp4", or that of --format.
std::string extension_of(const Request& request);

/// `<slug>-<seed>.<extension>`
std::string default_output_name(const std::string& prompt, std::uint64_t seed,
                                const std::string& extension = "mp4");

/// The values of the fields of a name.
struct NameFields {
  std::uint64_t index = 1;   ///< {index}: place in the list, from 1
  std::uint64_t line = 1;    ///< {line}: line of the prompts file
  std::uint64_t repeat = 1;  ///< {repeat}: number within --repeat, from 1
  std::uint64_t seed = 0;    ///< {seed}
  std::string title;         ///< {slug}: slug() of title_of()
  std::string model;         ///< {model}: its folder's name
  std::string extension;     ///< {ext}
};

/// A name from a pattern such as "{index:04}-{slug}-{seed}.{ext}". A number after the colon is the width of a
/// number (padded with zeros) or the largest length of a text ({slug:20}); {{ and }} are braces. Throws Error
/// (usage) for an unknown field, with a list of the fields.
std::string format_name(const std::string& pattern, const NameFields& fields);

/// A pattern for several videos from one name: "x.png" -> "x-{repeat}.png". A name with fields is returned
/// unchanged.
std::string numbered_pattern(const std::string& name);

/// Throws Error (cannot_create) when `output` is a folder, is in a folder that is missing or not writable,
/// has too long a name, is a link to no file, or exists and `overwrite` is false. A numbered sequence
/// (shots/%05d.png) exists when its first picture does. "-" is an error only if standard output is closed.
/// Creates nothing. `option` is the option that the message names.
void check_output(const std::string& output, bool overwrite, const std::string& option = "-o");

/// The same for many outputs, with one check for each folder.
class OutputCheck {
 public:
  /// `option` chooses another name. `if_taken` is what to do about a file that exists; empty: --overwrite, or
  /// that option.
  explicit OutputCheck(std::string option = "-o", std::string if_taken = {})
      : option_(std::move(option)), if_taken_(std::move(if_taken)) {}

  /// The run will create this folder, so outputs in it are no error although it does not exist yet.
  void creates(const std::filesystem::path& folder) { created_ = folder; }
  void check(const std::string& output, bool overwrite);
  static bool exists(const std::string& output);  ///< for a sequence, its first picture

 private:
  void check_folder(const std::string& output, const std::filesystem::path& folder);
  void check_length(const std::string& output, const std::filesystem::path& folder);

  std::string option_, if_taken_;
  std::filesystem::path good_folder_, created_;
};

}  // namespace sora
