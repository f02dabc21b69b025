#include "jobs/output_files.h"

#include <filesystem>
#include <map>

#include "jobs/made.h"
#include "jobs/output_name.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// One file under two names, as far as names tell.
std::string plain_name(const std::string& path) {
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code);
  return (code ? fs::path(path) : absolute).lexically_normal().string();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> files_beside(const Request& request) {
  std::vector<std::pair<std::string, std::string>> files;
  if (request.sidecar) files.emplace_back("--sidecar", sidecar_name(*request.output));
  if (request.contact_sheet) files.emplace_back("--contact-sheet", *request.contact_sheet);
  if (request.thumbnail) files.emplace_back("--thumbnail", *request.thumbnail);
  if (request.dump_tensors) files.emplace_back("--dump-tensors", *request.dump_tensors);
  return files;
}

void check_files_beside(const Request& request) {
  if (request.sidecar && *request.output == "-") {
    throw Error(ErrorKind::usage, "options", "--sidecar needs a file, -o - is a stream");
  }
  std::map<std::string, std::string> options{{plain_name(*request.output), "-o"}};
  for (const auto& [option, path] : files_beside(request)) {
    // A picture that goes to "-" is refused with the plan, with more to say.
    if (option == "--dump-tensors" && path == "-") {
      throw Error(ErrorKind::usage, "options", "--dump-tensors -: expected the name of a file");
    }
    check_output(path, request.overwrite, option == "--sidecar" ? "-o" : option);
    const auto [other, fresh] = options.emplace(plain_name(path), option);
    if (!fresh && path != "-") {
      throw Error(ErrorKind::usage, "options",
                  path + ": is the file of both " + other->second + " and " + option +
                      "; give each a name of its own");
    }
  }
}

void check_output_files(const Request& request) {
  check_output(*request.output, request.overwrite);
  check_files_beside(request);
}

}  // namespace sora
