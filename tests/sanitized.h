// Whether the tests are built with the address sanitizer, which needs additional time and memory and cannot
// run with a limit on address space.
#pragma once

namespace sora {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace sora
