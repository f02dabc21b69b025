#include "plan/credentials.h"

#include <filesystem>

#include "core/option_checks.h"
#include "core/output/output_format.h"
#include "provenance/c2pa_library.h"
#include "provenance/media_type.h"
#include "sora/error.h"

namespace sora {
namespace {

void check_options(const Request& request) {
  const auto exclude = [](bool a, bool b, const char* message) {
    if (a && b) throw Error(ErrorKind::usage, "options", message);
  };
  exclude(request.credentials, request.no_credentials,
          "both --credentials and --no-credentials are given; leave one out");
  exclude(request.sign_prompt, request.no_credentials,
          "both --sign-prompt and --no-credentials are given; leave one out");
  exclude(request.sign_prompt, request.no_prompt_in_file,
          "both --sign-prompt and --no-prompt-in-file are given; leave one out");
}

bool is_stream(const std::string& path) {
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(path, code);
  return path == "-" || (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
                         !std::filesystem::is_directory(status));
}

// Why an output has no credentials, and what kind of error that is with --credentials; empty: it has some.
std::pair<std::string, ErrorKind> obstacle(const Output& output, const MediaType& type, bool wanted) {
  if (type.name.empty()) return {"raw frames have no place for them", ErrorKind::usage};
  if (is_stream(output.path)) return {"a stream has no place for them", ErrorKind::usage};
  if (c2pa_library_file().empty())
    return {"libc2pa_c is not installed; scripts/setup fetches it", ErrorKind::unavailable};
  if (!type.carries && !wanted) {
    return {output.container + " has no place for them; --credentials writes them into " +
                credentials_beside(output.path).filename().string(),
            ErrorKind::usage};
  }
  return {};
}

}  // namespace

void plan_credentials(const Request& request, Output& output) {
  check_options(request);
  if (request.no_credentials) {
    output.credentials_text = "none, by --no-credentials";
    return;
  }
  const MediaType type = media_type(output.container);
  const auto [why, kind] = obstacle(output, type, request.credentials);
  if (!why.empty()) {
    if (request.credentials) throw Error(kind, "credentials", "--credentials: " + why);
    output.credentials_text = "none: " + why;
    return;
  }
  output.credentials = true;
  output.credentials_text = "C2PA, signed with a self-made key, which is on no trust list";
  if (type.carries) return;
  output.credentials_sidecar = credentials_beside(output.path).string();
  output.credentials_text += ", in " + output.credentials_sidecar;
}

std::string credentials_sidecar(const Request& request) {
  if (!request.credentials || !request.output) return {};
  const OutputFormat format = resolve_output(*request.output, request.format, request.codec, request.pix_fmt);
  const MediaType type = media_type(format.container);
  return type.name.empty() || type.carries ? "" : credentials_beside(*request.output).string();
}

}  // namespace sora
