// Inputs that come through a pipe: `cat clip.mp4 | sora-gen extend -`, `sora-gen extend <(command)`, a FIFO.
#pragma once

#include "sora/request.h"

namespace sora {

/// Readers of videos and images must be able to seek, which a pipe does not allow. So each input of `request`
/// that is a pipe is copied to an unnamed temporary file, which exists until the process ends, and its path
/// is replaced by that of the copy. `-` is standard input, which only one input can be; where it is a regular
/// file
/// (`< clip.mp4`) it is not copied. Throws Error: usage (standard input is a terminal, or is used twice, or
/// several processes would each read the pipe: shared_input.h), no_input (it is closed), data (nothing came,
/// or more than 16 GB), io (a read failed, or no space for the copy).
void copy_piped_inputs(Request& request);

}  // namespace sora
