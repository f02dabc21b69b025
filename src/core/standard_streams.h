// Standard input, output and error, which may be closed when the program starts.
#pragma once

namespace sora {

/// Opens /dev/null for those of descriptors 0, 1 and 2 that are closed. Otherwise the next file that is
/// opened would get such a number, and a message for stderr would be written into a video. To be called first
/// in main().
void open_standard_streams() noexcept;

/// Whether descriptor 0, 1 or 2 was closed when open_standard_streams() was called. Reading or writing it
/// must then be an error, which /dev/null would not give.
bool was_closed(int descriptor) noexcept;

}  // namespace sora
