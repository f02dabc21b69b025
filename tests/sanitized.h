// Whether the tests are built with the address sanitizer, which takes time and memory of its own and cannot
// run under a limit of address space.
#pragma once

namespace sora {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace sora
