#include "plan/output.h"

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"
#include "core/option_checks.h"
#include "core/output/output_format.h"
#include "plan/credentials.h"
#include "plan/watermark.h"
#include "sora/error.h"

namespace sora {

Output plan_output(const Request& request, const Picture& picture) {
  Output output;
  output.path = request.output.value_or("");
  const OutputFormat format = resolve_output(output.path.empty() ? "video.mp4" : output.path, request.format,
                                             request.codec, request.pix_fmt);
  check_size(format, picture.width, picture.height);
  output.container = format.container;
  output.codec = format.codec;
  output.pix_fmt = format.pix_fmt;
  output.crf = request.crf.value_or(18);
  if (request.crf && format.max_crf == 0)
    bad_option("--crf with " + format.codec, "no --crf: this codec has no quality scale");
  if (format.max_crf > 0) in_range("--crf", output.crf, 0, format.max_crf);
  plan_credentials(request, output);
  plan_watermark(request, picture, output);
  return output;
}

void check_pictures(const Request& request) {
  std::vector<std::string> names{request.output.value_or("")};
  const auto check = [&](const std::string& option, const std::optional<std::string>& name) {
    if (!name) return;
    if (*name == "-") bad_option(option + " -", "the name of a file; standard output carries only the video");
    const OutputFormat format = resolve_output(*name);
    if (!format.still || format.sequence) {
      bad_option(option + " " + *name, "the name of one picture: .png, .jpg, .webp or .avif");
    }
    for (const std::string& other : names) {
      if (std::filesystem::path(other).lexically_normal() ==
          std::filesystem::path(*name).lexically_normal()) {
        bad_option(option + " " + *name, "another name; another output has this one");
      }
    }
    names.push_back(*name);
  };
  check("--contact-sheet", request.contact_sheet);
  check("--thumbnail", request.thumbnail);
}

void check_tensor_files(const Plan& plan) {
  const Request& request = plan.request;
  const Picture& picture = plan.picture;
  if (const auto& path = request.init_noise) {
    const SafetensorsFile file(*path);
    const auto found = file.tensors().find("latents");
    const std::int64_t frames = plan.control.references + plan.timeline.windows.front().count;
    const std::vector<std::int64_t> shape{1, picture.latent_channels, frames, picture.latent_height,
                                          picture.latent_width};
    if (found == file.tensors().end() || found->second.shape != shape) {
      throw Error(ErrorKind::data, "noise",
                  *path + ": latents are " +
                      (found == file.tensors().end() ? "missing" : shape_text(found->second.shape)) +
                      ", the plan needs " + shape_text(shape));
    }
  }
  if (const auto& path = request.dump_tensors) {
    const auto folder = std::filesystem::path(*path).parent_path();
    std::error_code code;
    if (!folder.empty() && !std::filesystem::is_directory(folder, code)) {
      throw Error(ErrorKind::cannot_create, "output", *path + ": there is no folder " + folder.string());
    }
  }
}

}  // namespace sora
