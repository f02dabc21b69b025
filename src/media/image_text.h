// Text inside image files: PNG's iTXt chunks, JPEG's and GIF's comments.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sora {

using Metadata = std::map<std::string, std::string>;

/// Adds every key to an encoded PNG.
void add_png_text(std::vector<std::uint8_t>& png, const Metadata& metadata);

/// Adds `comment` to an encoded JPEG; a text of over 65533 bytes becomes several markers.
void add_jpeg_comment(std::vector<std::uint8_t>& jpeg, const std::string& comment);

/// Replaces the last byte of a GIF: the comment, then the end marker again.
std::string gif_comment_block(const std::string& comment);

/// Reads the text that the functions above, or other programs without compression, put in; empty for other
/// files. Of a damaged file, what precedes the damage.
Metadata png_text(const std::string& bytes);
Metadata jpeg_comment(const std::string& bytes);
Metadata gif_comment(const std::string& bytes);

}  // namespace sora
