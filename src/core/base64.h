#pragma once

#include <string>
#include <string_view>

namespace sora {

/// RFC 4648 by OpenSSL, with padding and without line breaks, for up to 1 GB.
std::string base64(std::string_view bytes);

}  // namespace sora
