// Marks frames on their way to the encoder.
#pragma once

#include <memory>
#include <string>

#include "media/write/video_writer.h"
#include "sora/plan.h"
#include "watermark/payload.h"

namespace sora {

/// What the mark of a plan's output says. `own_key`: it is made with a key of the user's.
WatermarkPayload watermark_payload(const Plan& plan, bool own_key);

/// Puts the invisible watermark into frames before they go on to `video`: into those that are made here, not
/// into those of an input (begin_clip()), which may have a mark already. `key` is the digest of a key of the
/// user's; empty: the common one.
std::unique_ptr<FrameWriter> with_watermark(std::unique_ptr<FrameWriter> video, const Plan& plan,
                                            const std::string& key);

}  // namespace sora
