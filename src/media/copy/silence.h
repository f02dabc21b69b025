// Packets of silence between two stretches of copied sound.
#pragma once

#include "media/av.h"

namespace sora {

/// A packet of silence that goes into a stream of this kind; null where none can be made: of AAC-LC (which
/// MP4 files have nearly always) it can, by libavcodec's own encoder. Players do not agree on what to do with
/// a gap in the sound of an MP4; some go on with the sound and lose the pictures.
av::PacketPtr silent_packet(const AVCodecParameters& sound);

}  // namespace sora
