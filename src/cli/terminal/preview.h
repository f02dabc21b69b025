// --preview: the picture so far in the terminal, redrawn in place above the progress bar.
#pragma once

#include <string>

#include "cli/options.h"
#include "sora/progress.h"

namespace sora {

/// A sink that draws previews on stderr: with Kitty's graphics or iTerm2's inline images where the
/// environment shows that the terminal has them, else with half blocks in 24-bit colour or 256 colours. Empty
/// without --preview, and where stderr is no terminal (with a warning). To be called for each video.
PreviewSink make_preview(const Options& options);

/// Draws a picture into cells of the terminal, from the cursor's line and column `left` (from 0) on, and
/// leaves the cursor in the picture's first line. Pictures with the same `number` replace each other.
std::string picture_drawing(const Preview& picture, int left, int columns, int rows, unsigned number);

}  // namespace sora
