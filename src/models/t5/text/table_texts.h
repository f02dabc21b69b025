// The text of the files ftfy.txt and html_entities.txt.
#pragma once

#include <string_view>

namespace sora::prompt_tables {

extern const std::string_view kFtfyText, kHtmlEntitiesText;

}  // namespace sora::prompt_tables
