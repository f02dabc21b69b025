#include "jobs/output_name.h"

#include <unistd.h>

#include <filesystem>

#include "core/output_format.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::size_t kLongestSlug = 60;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::cannot_create, "output", message);
}

}  // namespace

std::string slug(const std::string& prompt) {
  std::string result;
  for (const char c : prompt) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      result += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (c != '\'' && !result.empty() && result.back() != '-') {  // "it's" -> "its"
      result += '-';
    }
    // One letter more than fits tells whether the last word is whole.
    if (result.size() > kLongestSlug) {
      const std::size_t dash = result.rfind('-');
      result.resize(dash == std::string::npos || dash == 0 ? kLongestSlug : dash);
      break;
    }
  }
  while (!result.empty() && result.back() == '-') result.pop_back();
  return result.empty() ? "video" : result;
}

std::string default_output_name(const std::string& prompt, std::uint64_t seed, const std::string& extension) {
  return slug(prompt) + "-" + std::to_string(seed) + "." + extension;
}

void check_output(const std::string& output, bool overwrite, const std::string& option) {
  if (output == "-") return;
  if (output.empty()) refuse("the output has an empty name; give one with " + option);
  const fs::path path(output);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    refuse(output + ": there is no folder " + folder.string() + "; create it, or choose another name with " +
           option);
  }
  if (fs::is_directory(path, code) || !path.has_filename()) {
    refuse(output + ": is a folder, expected the name of a file" +
           (option == "-o" ? ", such as " + (path / "video.mp4").string() : "; give one with " + option));
  }
  for (const std::string& name : {output, sequence_name(output, 1)}) {
    if (fs::is_regular_file(fs::status(name, code)) && !overwrite) {
      refuse(name + ": exists already; add --overwrite to replace it, or choose another name with " + option);
    }
  }
  const bool replaces_device =
      fs::exists(path, code) && !fs::is_regular_file(path, code);  // /dev/null, a named pipe
  if (::access((replaces_device ? path : folder).c_str(), W_OK) != 0) {
    refuse(output + ": the folder " + folder.string() + " is not writable for you; choose another with " +
           option);
  }
}

}  // namespace sora
