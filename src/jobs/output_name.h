// Where a video goes when no name is given, and whether it may go where a name says.
#pragma once

#include <cstdint>
#include <string>

namespace sora {

/// The prompt as a file name: lower-case ASCII letters and digits joined by dashes, at most 60 characters,
/// cut between words where possible; "video" when nothing is left of the prompt.
std::string slug(const std::string& prompt);

/// `<slug>-<seed>.<extension>`
std::string default_output_name(const std::string& prompt, std::uint64_t seed,
                                const std::string& extension = "mp4");

/// Throws Error (cannot_create) when `output` is a folder, lies in a folder that is missing or not writable,
/// or exists and `overwrite` is false. A name with a number pattern (shots/%05d.png) exists when its first
/// picture does. Looks only; "-" is always fine. `option` is what the message advises to use.
void check_output(const std::string& output, bool overwrite, const std::string& option = "-o");

}  // namespace sora
