#include "core/text_kind.h"

#include <algorithm>
#include <array>

namespace sora {
namespace {

// So many zero bytes among the first ones are no slip in a text.
constexpr std::size_t kLooked = 4096;
constexpr int kMostZeros = 7;

struct Kind {
  std::string_view start;
  const char* is;
};

constexpr std::array<Kind, 6> kKinds{
    {{"%PDF-", "a PDF, expected plain text; copy the words into a .txt file"},
     {"PK\3\4", "a ZIP archive, as .docx and .odt are, expected plain text; save it as text (UTF-8)"},
     {"{\\rtf", "a document in RTF, expected plain text; save it as text (UTF-8)"},
     {"\xff\xfe", "a text in UTF-16, expected UTF-8; convert it: iconv -f UTF-16 -t UTF-8"},
     {"\xfe\xff", "a text in UTF-16, expected UTF-8; convert it: iconv -f UTF-16 -t UTF-8"},
     {"\x1f\x8b", "compressed by gzip, expected plain text; gunzip it"}}};

}  // namespace

std::string not_a_text(std::string_view bytes) {
  for (const Kind& kind : kKinds) {
    if (bytes.starts_with(kind.start)) return std::string("is ") + kind.is;
  }
  bytes = bytes.substr(0, kLooked);
  if (std::count(bytes.begin(), bytes.end(), '\0') > kMostZeros)
    return "is no text: it holds zero bytes; expected plain text (UTF-8)";
  return {};
}

}  // namespace sora
