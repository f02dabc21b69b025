// --preview: the picture so far in the terminal, redrawn in place above the progress bar.
#pragma once

#include "cli/options.h"
#include "sora/progress.h"

namespace sora {

/// What shows previews on stderr, in the best way that the terminal has by its environment: Kitty's graphics,
/// iTerm2's inline images, else half blocks in 24-bit colour or in 256. Empty when --preview is not given;
/// also where there is no terminal, which is said in one line. Make one for each video.
PreviewSink make_preview(const Options& options);

}  // namespace sora
