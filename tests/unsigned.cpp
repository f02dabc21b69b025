// Tests compare files of two runs byte for byte, and a signature differs in every run; and they compare frames
// with those of the reference: what tests make is neither signed nor marked, unless a test asks for it
// (provenance/signed.h, watermark/marked.h).
#include <cstdlib>

namespace {

[[maybe_unused]] const int is_set =
    ::setenv("SORA_GEN_C2PA", "none", 1) + ::setenv("SORA_GEN_WATERMARK", "none", 1);

}  // namespace
