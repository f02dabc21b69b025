#include "media/write/video_writer.h"

#include "core/output/output_format.h"
#include "media/av.h"
#include "media/write/writers.h"
#include "sora/error.h"

namespace sora {

std::unique_ptr<FrameWriter> open_writer(const VideoSettings& settings, const Destination& destination) {
  av::use_log();
  const OutputFormat format =
      resolve_output(destination.path, settings.container, settings.codec, settings.pix_fmt);
  check_size(format, settings.width, settings.height);
  if (settings.source_width < 1 || settings.source_height < 1) {
    throw Error(ErrorKind::internal, "media", "the size of the frames is not set");
  }
  if (settings.crf < 0 || settings.crf > (format.max_crf > 0 ? format.max_crf : settings.crf)) {
    throw Error(ErrorKind::usage, "media",
                "crf is " + std::to_string(settings.crf) + ", expected 0 to " +
                    std::to_string(format.max_crf) + " for " + format.codec);
  }
  const bool raw = format.container == "y4m" || format.container == "rgb24";
  const bool webp = format.container == "webp" && !format.sequence;
  const bool avif = format.container == "avif";
  auto writer = webp                      ? make_webp_writer(settings, destination)
                : avif && format.sequence ? make_avif_sequence(settings, destination)
                : format.still && !avif   ? make_image_writer(settings, destination)
                : raw                     ? make_raw_writer(settings, destination)
                                          : make_movie_writer(settings, destination);
  return make_queued_writer(std::move(writer), settings.source_width, settings.source_height);
}

}  // namespace sora
