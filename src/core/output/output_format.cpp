#include "core/output/output_format.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <string_view>

#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

using Names = std::vector<std::string>;

struct Container {
  std::string name;
  Names aliases;  // extensions and other names, without the dot
  Names codecs;   // the default first
  bool still = false;
  bool animation = false;  // a still format that can have more frames too
};

struct Codec {
  std::string name;
  Names pix_fmts;  // the default first
  int max_crf = 0;
};

// Combinations that common players play; libav could write more.
const std::vector<Container>& containers() {
  static const std::vector<Container> table{
      {"mp4", {"mp4", "m4v"}, {"h264", "hevc", "av1", "vp9"}},
      {"matroska", {"mkv", "matroska"}, {"h264", "hevc", "av1", "vp9", "ffv1"}},
      {"webm", {"webm"}, {"vp9", "av1"}},
      {"mov", {"mov", "qt"}, {"h264", "hevc"}},
      {"gif", {"gif"}, {"gif"}},
      {"png", {"png"}, {"png"}, true},
      {"jpg", {"jpg", "jpeg"}, {"mjpeg"}, true},
      {"webp", {"webp"}, {"webp"}, true, true},
      {"avif", {"avif"}, {"av1"}, true, true},
      {"y4m", {"y4m"}, {"rawvideo"}},
      {"rgb24", {"rgb24", "rgb"}, {"rawvideo"}},
  };
  return table;
}

// ffv1 is lossless and so has RGB by default. JPEG's samples are full-range BT.601 (JFIF); WebP takes RGB and
// converts it itself.
const std::vector<Codec>& codecs() {
  static const std::vector<Codec> table{
      {"h264", {"yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"}, 51},
      {"hevc", {"yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"}, 51},
      {"av1", {"yuv420p", "yuv420p10le"}, 63},
      {"vp9", {"yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p10le"}, 63},
      {"ffv1", {"bgr0", "yuv420p", "yuv422p", "yuv444p"}},
      {"gif", {"pal8"}},
      {"png", {"rgb24"}},
      {"mjpeg", {"yuv444p", "yuv420p"}, 51},
      {"webp", {"bgra"}, 51},
  };
  return table;
}

template <class T>
bool has(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string comma_list(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::usage, "output", message); }

const Container* find_container(const std::string& name) {
  for (const Container& container : containers()) {
    if (has(container.aliases, ascii_lower(name))) return &container;
  }
  return nullptr;
}

std::string container_names() {
  Names names;
  for (const Container& container : containers()) names.push_back(container.aliases.front());
  return comma_list(names);
}

const Container& choose_container(const std::string& path, const std::optional<std::string>& format) {
  if (format) {
    if (const Container* container = find_container(*format)) return *container;
    fail("--format " + *format + " is not known; choose one of " + container_names());
  }
  if (path == "-") return containers().front();
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension.empty()) {
    fail(path + ": the name has no extension for the format; add one, such as .mp4, or pass --format (" +
         container_names() + ")");
  }
  if (const Container* container = find_container(extension.substr(1))) return *container;
  fail(path + ": the extension " + extension + " is not known; use one of " + container_names() +
       ", or pass --format");
}

struct Pattern {
  std::size_t begin = 0, end = 0;  // of the directive %d or %05d
  int digits = 0;
  int directives = 0;
  bool valid = true;  // all other percent signs are doubled
};

Pattern parse_pattern(std::string_view text) {
  Pattern pattern;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 1 < text.size() && text[i + 1] == '%') {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    int digits = 0;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9' && digits < 100) {
      digits = digits * 10 + (text[end++] - '0');
    }
    if (end >= text.size() || text[end] != 'd' || digits > 18) {
      pattern.valid = false;
      continue;
    }
    if (++pattern.directives == 1) pattern.begin = i, pattern.end = end + 1, pattern.digits = digits;
    i = end;
  }
  return pattern;
}

std::string undouble(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '%' && i + 1 < text.size() && text[i + 1] == '%') ++i;
  }
  return out;
}

// A name such as "50%.png" is a plain name; only %d makes a sequence.
bool is_sequence(const std::string& path) {
  const Pattern pattern = parse_pattern(path);
  if (pattern.directives == 0) return false;
  if (pattern.directives > 1 || !pattern.valid) {
    fail(path + ": expected one number in the name, such as %05d; write other percent signs as %%");
  }
  if (parse_pattern(std::filesystem::path(path).filename().string()).directives == 0) {
    fail(path + ": the number of the frame belongs in the file's name, not in the folder's");
  }
  return true;
}

}  // namespace

OutputFormat resolve_output(const std::string& path, const std::optional<std::string>& format,
                            const std::optional<std::string>& codec,
                            const std::optional<std::string>& pix_fmt) {
  const Container& container = choose_container(path, format);
  OutputFormat out;
  out.container = container.name;
  out.still = container.still;
  out.sequence = container.still && path != "-" && is_sequence(path);
  out.animation = container.animation && !out.sequence;

  out.codec = codec ? ascii_lower(*codec) : container.codecs.front();
  if (out.codec == "h265") out.codec = "hevc";
  if (!has(container.codecs, out.codec)) {
    fail("--codec " + *codec + " does not go into " + container.aliases.front() + "; it takes " +
         comma_list(container.codecs));
  }

  Names pix_fmts;
  for (const Codec& known : codecs()) {
    if (known.name == out.codec) pix_fmts = known.pix_fmts, out.max_crf = known.max_crf;
  }
  // Stills may have odd sizes, which need full chroma.
  if (out.container == "avif") pix_fmts.emplace_back("yuv444p");
  if (out.container == "y4m") pix_fmts = {"yuv420p", "yuv422p", "yuv444p"};
  if (out.container == "rgb24") pix_fmts = {"rgb24"};
  out.pix_fmt = pix_fmt ? ascii_lower(*pix_fmt) : pix_fmts.front();
  if (!has(pix_fmts, out.pix_fmt)) {
    fail("--pix-fmt " + *pix_fmt + " does not go with " + out.codec + " here; choose one of " +
         comma_list(pix_fmts));
  }
  return out;
}

void check_size(const OutputFormat& format, int width, int height) {
  if (width < 1 || height < 1 || width > 16384 || height > 16384) {
    fail("size " + std::to_string(width) + "x" + std::to_string(height) +
         " is out of range; expected 1 to 16384");
  }
  // Also for mjpeg and ffv1, which could pad: some players do not play a video of odd size.
  const bool half_width = format.pix_fmt.starts_with("yuv420") || format.pix_fmt.starts_with("yuv422");
  const bool half_height = format.pix_fmt.starts_with("yuv420");
  if ((half_width && width % 2 != 0) || (half_height && height % 2 != 0)) {
    fail("size " + std::to_string(width) + "x" + std::to_string(height) + " is odd, which " + format.pix_fmt +
         " cannot be; choose an even size");
  }
}

bool takes_sound(const std::string& container, const std::string& codec) {
  static const std::map<std::string, Names> table{
      {"mp4", {"aac", "mp3", "ac3", "eac3", "alac", "opus"}},
      {"mov",
       {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be",
        "pcm_s32le"}},
      {"matroska",
       {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "vorbis", "flac", "pcm_s16le", "pcm_s24le",
        "pcm_s32le", "pcm_f32le"}},
      {"webm", {"opus", "vorbis"}},
  };
  const auto found = table.find(container);
  return found != table.end() && has(found->second, codec);
}

bool can_splice(const std::string& codec) { return codec == "h264" || codec == "vp9" || codec == "av1"; }

std::string sequence_name(const std::string& pattern, std::int64_t number) {
  const Pattern found = parse_pattern(pattern);
  if (found.directives != 1) return pattern;
  std::string digits = std::to_string(number);
  const auto width = static_cast<std::size_t>(found.digits);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  const std::string_view text = pattern;
  return undouble(text.substr(0, found.begin)) + digits + undouble(text.substr(found.end));
}

FrameRate frame_rate(double fps) {
  if (!(fps >= 0.01 && fps <= 1000)) {
    fail("fps is " + number_text(fps) + ", expected 0.01 to 1000");
  }
  for (const int base : {24, 30, 48, 60, 120}) {  // NTSC rates, which are often given rounded
    if (std::abs(fps - base * 1000.0 / 1001) < 0.0045) return {base * 1000, 1001};
  }
  // Other rates are exact to thousandths.
  const auto thousandths = static_cast<int>(std::lround(fps * 1000));
  const int divisor = std::gcd(thousandths, 1000);
  return {thousandths / divisor, 1000 / divisor};
}

}  // namespace sora
