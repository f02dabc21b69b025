#include "media/codecs.h"

#include <algorithm>
#include <string_view>

#include "media/av.h"

namespace sora {
namespace {

struct Candidate {
  const char* name;
  int least_side = 1;  // pixels
  bool only_420 = false;
};

struct Known {
  const char* codec;
  std::vector<Candidate> encoders;  // the best first
};

const char* find(const Known& known, int width, int height, const std::string& pix_fmt = "") {
  for (const Candidate& encoder : known.encoders) {
    if (std::min(width, height) < encoder.least_side) continue;
    if (encoder.only_420 && pix_fmt.starts_with("yuv444p")) continue;
    if (avcodec_find_encoder_by_name(encoder.name)) return encoder.name;
  }
  return nullptr;
}

// Software encoders only: the bytes of a graphics card's encoder depend on the card and its driver.
const std::vector<Known>& known_encoders() {
  static const std::vector<Known> table{
      {"h264", {{"libx264"}}},
      {"hevc", {{"libx265"}}},
      {"av1", {{"libsvtav1", 64, true}, {"libaom-av1"}}},
      {"vp9", {{"libvpx-vp9"}}},
      {"ffv1", {{"ffv1"}}},
      {"gif", {{"gif"}}},
      {"png", {{"png"}}},
      {"mjpeg", {{"mjpeg"}}},
      {"webp", {{"libwebp"}}},
      {"webp_anim", {{"libwebp_anim"}}},
  };
  return table;
}

}  // namespace

std::vector<EncoderInfo> installed_encoders() {
  std::vector<EncoderInfo> found;
  for (const Known& known : known_encoders()) {
    const char* encoder = find(known, 64, 64);
    found.push_back({known.codec, encoder ? encoder : ""});
    if (std::string_view(known.codec) != "av1") continue;
    const bool avif = encoder && av_guess_format("avif", nullptr, nullptr);  // from FFmpeg 5.1 on
    found.push_back({"avif", avif ? encoder : ""});
  }
  return found;
}

std::string encoder_for(const std::string& codec, int width, int height, const std::string& pix_fmt) {
  std::string installed;
  for (const Known& known : known_encoders()) {
    const char* encoder = find(known, width, height, pix_fmt);
    if (!encoder) continue;
    if (known.codec == codec) return encoder;
    installed += (installed.empty() ? "" : ", ") + std::string(known.codec);
  }
  throw Error(ErrorKind::unavailable, "media",
              "no encoder for " + codec + " at " + std::to_string(width) + "x" + std::to_string(height) +
                  " in the installed libavcodec; it has " + installed +
                  "; choose one with --codec, or install a libavcodec with more");
}

std::vector<std::string> media_versions() {
  const auto text = [](const char* name, unsigned v) {
    return std::string(name) + " " + std::to_string(AV_VERSION_MAJOR(v)) + "." +
           std::to_string(AV_VERSION_MINOR(v)) + "." + std::to_string(AV_VERSION_MICRO(v));
  };
  return {text("libavformat", avformat_version()), text("libavcodec", avcodec_version()),
          text("libswscale", swscale_version())};
}

}  // namespace sora
