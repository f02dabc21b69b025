#include "jobs/output_files.h"

#include <filesystem>
#include <map>

#include "jobs/output_name.h"
#include "jobs/sidecar.h"
#include "plan/credentials.h"
#include "plan/kept_latents.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// Equal for two names of the same file, without following links.
std::string plain_name(const std::string& path) {
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code);
  return (code ? fs::path(path) : absolute).lexically_normal().string();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> files_beside(const Request& request) {
  std::vector<std::pair<std::string, std::string>> files;
  if (request.sidecar) files.emplace_back("--sidecar", sidecar_name(*request.output));
  if (request.keep_latents) files.emplace_back("--keep-latents", latents_name(*request.output));
  if (const std::string beside = credentials_sidecar(request); !beside.empty())
    files.emplace_back("--credentials", beside);
  if (request.contact_sheet) files.emplace_back("--contact-sheet", *request.contact_sheet);
  if (request.thumbnail) files.emplace_back("--thumbnail", *request.thumbnail);
  if (request.dump_tensors) files.emplace_back("--dump-tensors", *request.dump_tensors);
  return files;
}

void check_files_beside(const Request& request) {
  if (request.sidecar && *request.output == "-") {
    throw Error(ErrorKind::usage, "options",
                "--sidecar writes a file beside the output, and -o - is a stream; name a file");
  }
  if (request.keep_latents && *request.output == "-") {
    throw Error(ErrorKind::usage, "options",
                "--keep-latents writes a file beside the output, and -o - is a stream; name a file");
  }
  std::map<std::string, std::string> options{{plain_name(*request.output), "-o"}};
  for (const auto& [option, path] : files_beside(request)) {
    // For pictures, check_pictures() reports "-" with a better message.
    if (option == "--dump-tensors" && path == "-") {
      throw Error(ErrorKind::usage, "options", "--dump-tensors -: expected the name of a file");
    }
    const bool named_by_output = option == "--sidecar" || option == "--keep-latents";
    check_output(path, request.overwrite, named_by_output ? "-o" : option);
    const auto [other, fresh] = options.emplace(plain_name(path), option);
    if (!fresh && path != "-") {
      throw Error(ErrorKind::usage, "options",
                  path + ": is the file of both " + other->second + " and " + option +
                      "; give one of them another name");
    }
  }
}

void check_output_files(const Request& request) {
  check_output(*request.output, request.overwrite);
  check_files_beside(request);
}

}  // namespace sora
