// Tests compare files of two runs byte for byte, and a signature differs in every run: what tests make is not
// signed, unless a test asks for it (provenance/signed.h).
#include <cstdlib>

namespace {

[[maybe_unused]] const int is_set = ::setenv("SORA_GEN_C2PA", "none", 1);

}  // namespace
