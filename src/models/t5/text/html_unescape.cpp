#include "models/t5/text/html_unescape.h"

#include "models/t5/text/prompt_tables.h"

namespace sora {
namespace {

using prompt_tables::Entity;

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::size_t kLongestName = 32;
constexpr std::size_t kLongestCarefulName = 24;

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_hex(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_alnum(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The entity with this name: the text after '&', with the semicolon if there is one.
const Entity* find(std::u32string_view name) {
  std::string ascii;
  for (const char32_t c : name) {
    if (c >= 0x80) return nullptr;
    ascii.push_back(static_cast<char>(c));
  }
  const bool bare = !ascii.ends_with(';');
  if (!bare) ascii.pop_back();
  const auto& entities = prompt_tables::entities();
  const auto at =
      std::lower_bound(entities.begin(), entities.end(), ascii,
                       [](const Entity& entity, const std::string& key) { return entity.name < key; });
  if (at == entities.end() || at->name != ascii || (bare && !at->bare)) return nullptr;
  return &*at;
}

bool is_noncharacter(char32_t c) { return (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE; }

/// The value of digits in `base`, at most 0x110000 (just above Unicode).
char32_t number_of(std::u32string_view digits, unsigned base) {
  char32_t value = 0;
  for (const char32_t c : digits) {
    const char32_t digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    value = std::min<char32_t>(value * base + digit, 0x110000);
  }
  return value;
}

/// Control characters and noncharacters, which are not allowed in a document.
bool is_disallowed(char32_t c) {
  const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r') || c == 0x7F;
  return control || is_noncharacter(c);
}

/// https://html.spec.whatwg.org/multipage/parsing.html#numeric-character-reference-end-state
void append_numeric(std::u32string& out, char32_t c) {
  if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    out.push_back(kReplacement);
  } else if (c >= 0x80 && c <= 0x9F) {
    out.push_back(prompt_tables::windows_1252()[c - 0x80]);  // Windows-1252
  } else if (!is_disallowed(c)) {
    out.push_back(c);
  }
}

/// Parses a numeric reference at the start of `text` (after '&'). Returns its length, or 0 where there is
/// none.
std::size_t parse_numeric(std::u32string_view text, char32_t& value) {
  if (text.empty() || text[0] != '#') return 0;
  const bool hex = text.size() > 1 && (text[1] | 0x20) == 'x';
  const std::size_t begin = hex ? 2 : 1;
  std::size_t end = begin;
  while (end < text.size() && (hex ? is_hex(text[end]) : is_digit(text[end]))) ++end;
  if (end == begin) return 0;
  value = number_of(text.substr(begin, end - begin), hex ? 16 : 10);
  return end < text.size() && text[end] == ';' ? end + 1 : end;
}

bool ends_name(char32_t c) {
  return c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' || c == ';';
}

/// The length of a possible name at the start of `text` (after '&'), with its semicolon.
std::size_t parse_name(std::u32string_view text) {
  std::size_t end = 0;
  while (end < text.size() && end < kLongestName && !ends_name(text[end])) ++end;
  return end > 0 && end < text.size() && text[end] == ';' ? end + 1 : end;
}

void append_named(std::u32string& out, std::u32string_view name) {
  for (std::size_t length = name.size(); length > 1; --length) {
    if (const Entity* entity = find(name.substr(0, length)); entity && !entity->addition) {
      out.append(entity->text);
      out.append(name.substr(length));
      return;
    }
  }
  out.push_back('&');
  out.append(name);
}

}  // namespace

std::u32string html_unescape(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      out.push_back(text[at++]);
      continue;
    }
    const std::u32string_view rest = text.substr(at + 1);
    char32_t value = 0;
    if (const std::size_t numeric = parse_numeric(rest, value)) {
      append_numeric(out, value);
      at += 1 + numeric;
    } else if (const std::size_t name = parse_name(rest)) {
      append_named(out, rest.substr(0, name));
      at += 1 + name;
    } else {
      out.push_back('&');
      ++at;
    }
  }
  return out;
}

std::u32string html_unescape_careful(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '&') {
      // &#? then 1 to 24 letters and digits, then ';'
      const std::u32string_view rest = text.substr(at + 1);
      const std::size_t begin = !rest.empty() && rest[0] == '#' ? 1 : 0;
      std::size_t end = begin;
      while (end < rest.size() && end - begin < kLongestCarefulName && is_alnum(rest[end])) ++end;
      if (end > begin && end < rest.size() && rest[end] == ';') {
        const std::u32string_view name = rest.substr(0, end + 1);
        char32_t value = 0;
        if (const Entity* entity = find(name)) {
          out.append(entity->text);
        } else if (parse_numeric(name, value) == name.size() && value != ';') {
          append_numeric(out, value);
        } else {
          out.push_back('&');
          out.append(name);
        }
        at += 1 + name.size();
        continue;
      }
    }
    out.push_back(text[at++]);
  }
  return out;
}

}  // namespace sora
