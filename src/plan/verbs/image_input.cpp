#include "plan/verbs/image_input.h"

#include <string>

#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

}  // namespace

void check_images(const ModelFacts& model, bool image, bool last_image, std::int64_t latent_frames) {
  const ImageInput& takes = model.image;
  if (!takes.concat && !takes.tokens) return;
  if (!image) {
    wrong("this model (" + model.title + ") needs an image to begin from, and there is none; use " +
          "sora-gen animate IMAGE --prompt TEXT" + (takes.two_images ? " --last-image IMAGE" : "") +
          ", or a text-to-video model");
  }
  if (takes.two_images && !last_image) {
    wrong("this model (" + model.title +
          ") goes from a first image to a last one, and there is no last one; "
          "give it with --last-image IMAGE");
  }
  if (last_image && takes.tokens && !takes.two_images) {
    wrong("this model (" + model.title +
          ") takes a first image only; leave --last-image out, or use a model "
          "of first and last frame, such as Wan 2.1 FLF2V");
  }
  if (last_image && latent_frames < 2) wrong("--last-image: expected a video of two frames or more");
  const std::int64_t native = (model.frames - 1) / model.temporal_scale + 1;
  if (takes.two_images && latent_frames > native) {
    wrong("this model (" + model.title + ") makes a video of two images with at most " +
          std::to_string(model.frames) + " frames; ask for fewer --seconds or --frames");
  }
}

}  // namespace sora
