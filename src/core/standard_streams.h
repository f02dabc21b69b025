// Descriptors 0, 1 and 2, which the program may be started without.
#pragma once

namespace sora {

/// Opens /dev/null on those of the three that are closed. Without that the next file that is opened gets the
/// number: a message for stderr would then be written into a video. For the very start of a program.
void open_standard_streams() noexcept;

/// Whether descriptor 0, 1 or 2 was closed when open_standard_streams() looked: what is asked of it must
/// fail, where /dev/null would take everything and give nothing.
bool was_closed(int descriptor) noexcept;

}  // namespace sora
