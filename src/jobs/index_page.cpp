#include "jobs/index_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/base64.h"
#include "core/text.h"

namespace sora {
namespace {

// There are colours for the light and the dark scheme of the reader's system. Cards out of view are not laid
// out, so that a page of a thousand cards scrolls smoothly.
constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ground: #f5f5f3; --card: #fff; --text: #1c1c1a; --soft: #62625e;
  --line: #dededa; --accent: #0b5cad; --bad: #a8201a; --empty: #e6e6e2; }
@media (prefers-color-scheme: dark) { :root { --ground: #161618; --card: #212124; --text: #ececea;
  --soft: #a3a3a0; --line: #38383c; --accent: #7db8f5; --bad: #ff8f87; --empty: #2c2c30; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { padding: 1.25rem clamp(1rem, 3vw, 2.5rem) .75rem; }
h1 { margin: 0; font-size: 1.4rem; line-height: 1.25; overflow-wrap: anywhere; }
.summary { margin: .25rem 0 0; color: var(--soft); }
form { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin-top: .9rem; }
form[hidden] { display: none; }
input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .45rem; padding: .45rem .7rem; min-height: 2.6rem; }
input { flex: 1 1 14rem; max-width: 32rem; min-width: 0; }
output { color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul { list-style: none; margin: 0; padding: .5rem clamp(1rem, 3vw, 2.5rem) 2.5rem; display: grid; gap: 1.1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); align-items: start; }
li { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; overflow: hidden;
  content-visibility: auto; contain-intrinsic-size: auto 24rem; }
li[hidden] { display: none; }
.picture { display: flex; align-items: center; justify-content: center; aspect-ratio: 16 / 10;
  background: var(--empty); color: var(--soft); text-decoration: none; }
.picture { position: relative; }
.picture:has(video:not([controls]))::after { content: ""; position: absolute; left: .7rem; bottom: .7rem; width: 2rem;
  height: 2rem; border-radius: 50%; pointer-events: none; background: #000a
  conic-gradient(from 240deg at 100% 50%, #fff 60deg, #0000 0) 58% 50% / 45% 45% no-repeat; }
.picture.playing::after { display: none; }
.picture video { cursor: pointer; }
.picture video, .picture img { width: 100%; height: 100%; object-fit: contain; display: block; }
.number { position: absolute; left: .5rem; top: .5rem; padding: .05rem .55rem; border-radius: .45rem;
  background: #000a; color: #fff; font-weight: 600; pointer-events: none; }
code { font-family: ui-monospace, monospace; font-size: .875rem; user-select: all; overflow-wrap: anywhere; }
.text { padding: .75rem .9rem .85rem; }
h2 { margin: 0; font-size: 1rem; font-weight: 500; white-space: pre-line; overflow-wrap: anywhere;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden; }
li:has(details[open]) h2 { -webkit-line-clamp: unset; display: block; }
.facts { margin: .4rem 0 0; color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
.error { margin: .4rem 0 0; color: var(--bad); font-size: .875rem; overflow-wrap: anywhere; }
a { color: var(--accent); }
details { margin-top: .5rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--soft); padding: .15rem 0; }
dl { margin: .3rem 0 0; display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
)css";

// Videos play while the pointer is over them, unless the reader prefers reduced motion; after a click or a
// key they show their controls. Without scripts they show the controls from the start, and there is no
// filter.
constexpr std::string_view kScript = R"js(
{
  const form = document.querySelector("form"), words = form.elements.words, status = form.elements.status;
  const cards = [...document.querySelectorAll("li")];
  const texts = cards.map(card => card.textContent.toLowerCase());
  const count = document.querySelector("output");
  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, i) => {
      const fits = (!status.value || card.dataset.status === status.value) &&
                   wanted.every(word => texts[i].includes(word));
      card.hidden = !fits;
      if (fits) ++shown;
      else card.querySelector("video")?.pause();
    });
    count.value = shown === cards.length ? "" : shown + " of " + cards.length + " shown";
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  filter();
  // The controls appear with the first click or key, so that they do not cover the poster before.
  const begin = video => { video.controls = true; video.play().catch(() => {}); };
  const hovers = matchMedia("(hover: hover) and (prefers-reduced-motion: no-preference)").matches;
  for (const video of document.querySelectorAll("video")) {
    video.controls = false;
    video.tabIndex = 0;
    video.addEventListener("click", event => {
      if (video.controls) return;
      event.preventDefault();
      begin(video);
    });
    video.addEventListener("keydown", event => {
      if (video.controls || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      begin(video);
    });
    video.addEventListener("play", () => video.parentNode.classList.add("playing"));
    video.addEventListener("pause", () => video.parentNode.classList.remove("playing"));
    if (!hovers) continue;
    video.addEventListener("mouseenter", () => video.play().catch(() => {}));
    video.addEventListener("mouseleave", () => video.pause());
  }
}
)js";

// Loads the page anew while it is filling, unless a video plays.
constexpr std::string_view kFillingScript = R"js(
setInterval(() => {
  if ([...document.querySelectorAll("video")].every(video => video.paused)) location.reload();
}, 3000);
)js";

// --- texts ----------------------------------------------------------------------------------

// For element content and for attributes in double quotes.
std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    const char c = text[at];
    if (!character.valid || (is_deceptive(character.code) && c != '\n' && c != '\t')) {
      result += "\xef\xbf\xbd";  // U+FFFD
    } else if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&#39;";
    } else {
      result += text.substr(at, character.bytes);
    }
    at += character.bytes;
  }
  return result;
}

// A file name as a relative URL. Bytes other than slashes and the unreserved characters of RFC 3986 are
// percent-encoded. Without "./", a name such as "//host/a.mp4" or "a:b.mp4" would be another kind of URL.
std::string url_of(const std::string& file) {
  std::string url = file.starts_with('/') ? "" : "./";
  std::string_view rest = file;
  while (rest.starts_with("//")) rest.remove_prefix(1);
  for (const char c : rest) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("-._~/").find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += {'%', "0123456789ABCDEF"[byte >> 4U], "0123456789ABCDEF"[byte & 15U]};
    }
  }
  return url;
}

// --- cards ----------------------------------------------------------------------------------

const char* name_of(IndexStatus status) {
  switch (status) {
    case IndexStatus::done:
      return "done";
    case IndexStatus::failed:
      return "failed";
    case IndexStatus::left:
      break;
  }
  return "left";
}

bool has_extension(const std::string& file, std::initializer_list<std::string_view> extensions) {
  const std::size_t dot = file.rfind('.');
  if (dot == std::string::npos) return false;
  const std::string extension = ascii_lower(file.substr(dot + 1));
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

std::string picture_of(const IndexEntry& entry) {
  const std::string type = entry.poster.starts_with("\x89PNG") ? "png" : "jpeg";
  const std::string poster =
      entry.poster.empty() ? "" : "data:image/" + type + ";base64," + base64(entry.poster);
  const std::string number =
      entry.number == 0 ? "" : "<span class=\"number\">" + std::to_string(entry.number) + "</span>";
  if (entry.status != IndexStatus::done) {
    return "<div class=\"picture\">" + number +
           (entry.status == IndexStatus::failed ? "failed" : "not made yet") + "</div>\n";
  }
  const std::string url = url_of(entry.file);
  const std::string label = escaped(entry.prompt);
  if (has_extension(entry.file, {"mp4", "m4v", "mov", "webm"})) {
    return "<div class=\"picture\"><video src=\"" + url + "\" preload=\"none\"" +
           (poster.empty() ? "" : " poster=\"" + poster + "\"") +
           " controls muted loop playsinline aria-label=\"" + label + "\"></video>" + number + "</div>\n";
  }
  const bool still = has_extension(entry.file, {"png", "jpg", "jpeg", "webp", "avif", "gif"});
  const std::string shown = !poster.empty() ? poster : still ? url : "";
  return "<a class=\"picture\" href=\"" + url + "\">" +
         (shown.empty() ? "open" : "<img src=\"" + shown + "\" loading=\"lazy\" alt=\"" + label + "\">") +
         number + "</a>\n";
}

std::string card_of(const IndexEntry& entry) {
  std::string facts = entry.file.empty() ? ""
                      : entry.status == IndexStatus::done
                          ? "<a href=\"" + url_of(entry.file) + "\">" + escaped(entry.file) + "</a>"
                          : escaped(entry.file);
  const auto fact = [&](const std::string& text) { facts += (facts.empty() ? "" : " · ") + text; };
  if (entry.bytes > 0) fact(bytes_text(entry.bytes));
  if (entry.seconds > 0) fact("made in " + seconds_text(entry.seconds));

  std::string card = std::string("<li data-status=\"") + name_of(entry.status) + "\">\n" + picture_of(entry);
  card += "<div class=\"text\">\n<h2>" + (entry.prompt.empty() ? "(no prompt)" : escaped(entry.prompt)) +
          "</h2>\n";
  if (entry.status == IndexStatus::failed) {
    card += "<p class=\"error\">failed: " + escaped(entry.error) + "</p>\n";
  }
  if (!entry.command.empty()) card += "<p class=\"facts\"><code>" + escaped(entry.command) + "</code></p>\n";
  if (!facts.empty()) card += "<p class=\"facts\">" + facts + "</p>\n";
  if (!entry.parameters.empty()) {
    card += "<details><summary>Parameters</summary><dl>\n";
    for (const auto& [name, value] : entry.parameters) {
      card += "<dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd>\n";
    }
    card += "</dl></details>\n";
  }
  return card + "</div>\n</li>\n";
}

std::string summary_of(const std::vector<IndexEntry>& entries, double per_hour) {
  std::array<std::size_t, 3> counts{};
  std::uint64_t bytes = 0;
  double seconds = 0;
  for (const IndexEntry& entry : entries) {
    ++counts.at(static_cast<std::size_t>(entry.status));
    bytes += entry.bytes;
    seconds += entry.seconds;
  }
  std::string text = std::to_string(counts[0]) + " done";
  if (counts[1] > 0) text += " · " + std::to_string(counts[1]) + " failed";
  if (counts[2] > 0) text += " · " + std::to_string(counts[2]) + " left";
  if (bytes > 0) text += " · " + bytes_text(bytes);
  if (seconds > 0) text += " · made in " + seconds_text(seconds);
  if (per_hour > 0) text += " · " + throughput_text(per_hour);
  return text;
}

// By device and rank, where there are several.
std::string throughput_of_parts(const Throughput& throughput) {
  if (throughput.parts.empty()) return {};
  std::string list = "<details><summary>By device</summary><dl>\n";
  for (const Throughput::Part& part : throughput.parts) {
    list += "<dt>" + escaped(part.name) + "</dt><dd>" + std::to_string(part.videos) +
            (part.videos == 1 ? " video" : " videos") +
            (part.per_hour > 0 ? ", " + throughput_text(part.per_hour) : "") + "</dd>\n";
  }
  return list + "</dl></details>\n";
}

}  // namespace

std::string index_page(const std::string& title, const std::vector<IndexEntry>& entries, bool filling,
                       const Throughput& throughput) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";  // no request for a favicon
  if (filling) page += "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>\n";
  page += "<title>" + escaped(title) + "</title>\n<style>";
  page += kStyle;
  page += "</style>\n</head>\n<body>\n<header>\n<h1>" + escaped(title) + "</h1>\n<p class=\"summary\">" +
          summary_of(entries, throughput.per_hour) + "</p>\n" + throughput_of_parts(throughput) +
          "<form role=\"search\" hidden>\n"
          "<input type=\"search\" name=\"words\" placeholder=\"Filter by words\" aria-label=\"Filter by "
          "words\">\n"
          "<select name=\"status\" aria-label=\"Status\"><option value=\"\">all</option>"
          "<option>done</option><option>failed</option><option>left</option></select>\n"
          "<output aria-live=\"polite\"></output>\n</form>\n</header>\n<main>\n<ul>\n";
  for (const IndexEntry& entry : entries) page += card_of(entry);
  page += "</ul>\n</main>\n<script>";
  page += kScript;
  if (filling) page += kFillingScript;
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace sora
