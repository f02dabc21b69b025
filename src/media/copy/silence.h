// Packets of silence between two stretches of copied sound.
#pragma once

#include "media/av.h"

namespace sora {

/// A packet of silence for a stream of this kind, made by libavcodec's AAC encoder; null for all but AAC-LC
/// (which nearly all MP4 files have). Players do not agree on what a gap in the sound of an MP4 means; some
/// play the sound on and lose the pictures.
av::PacketPtr silent_packet(const AVCodecParameters& sound);

}  // namespace sora
