#include "core/base64.h"

#include <openssl/evp.h>

namespace sora {

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),  // also writes a final NUL, for which a string has room
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return text;
}

}  // namespace sora
