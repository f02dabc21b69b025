// The encoders of the installed libav.
#pragma once

#include <string>
#include <vector>

namespace sora {

struct EncoderInfo {
  std::string codec;    ///< as in core/output/output_format.h: h264, hevc, ...; also webp_anim, avif
  std::string encoder;  ///< libav's name of the encoder that is used; empty: none is installed
};

/// Every codec that the program writes, with the encoder that is used for common sizes.
std::vector<EncoderInfo> installed_encoders();

/// The encoder for a codec, a size and a pixel format. Throws unavailable, naming the codecs that are
/// installed.
std::string encoder_for(const std::string& codec, int width, int height, const std::string& pix_fmt = "");

/// Versions of libavformat, libavcodec and libswscale, as "libavformat 59.27.100".
std::vector<std::string> media_versions();

}  // namespace sora
