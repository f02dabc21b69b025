// Text inside WebP and AVIF files: an XMP packet whose dc:description is the comment. Other programs show it
// as the picture's description.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "media/image_text.h"

namespace sora {

/// Adds `comment` to an encoded WebP, still or animated.
void add_webp_comment(std::vector<std::uint8_t>& webp, const std::string& comment);

/// What is appended to a finished AVIF: a box with the comment.
std::string avif_comment_box(const std::string& comment);

/// Read the text that the functions above put in; empty for other files. Of a damaged file, what precedes the
/// damage.
Metadata webp_comment(std::string_view bytes);
Metadata avif_comment(const File& file);

}  // namespace sora
