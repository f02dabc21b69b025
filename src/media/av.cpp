#include "media/av.h"

#include <array>
#include <cstdarg>
#include <mutex>
#include <string_view>

#include "core/log.h"

namespace sora::av {
namespace {

// Whether a message of libav is about the input: decoders and demuxers give one for each damaged packet. The
// readers report the damage once, with its time.
bool is_about_input(const void* object) {
  if (!object) return true;  // helpers of libavformat, about truncated packets
  const AVClass* type = *static_cast<AVClass* const*>(object);
  if (!type) return false;
  // A parser logs through a decoder's context that has no decoder yet.
  if (type == avcodec_get_class()) {
    const AVCodec* codec = static_cast<const AVCodecContext*>(object)->codec;
    return !codec || av_codec_is_decoder(codec) != 0;
  }
  if (std::string_view(type->class_name) == "IMGUTILS") return true;  // of sizes that do not fit
  const AVClassCategory category =
      type->get_category ? type->get_category(const_cast<void*>(object)) : type->category;
  return category == AV_CLASS_CATEGORY_DEMUXER || category == AV_CLASS_CATEGORY_BITSTREAM_FILTER;
}

// libav's warnings are mostly for programmers (deprecated pixel formats, guesses), so they are logged as
// debug. libav writes some lines in pieces; the pieces of a line come from one thread.
void log_line(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_VERBOSE) return;
  thread_local std::string line;
  thread_local int print_prefix = 1;
  std::array<char, 1024> piece{};
  av_log_format_line2(object, level, format, arguments, piece.data(), static_cast<int>(piece.size()),
                      &print_prefix);
  line += piece.data();
  if (line.empty() || (line.back() != '\n' && line.size() < 8192)) return;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  const bool serious = level <= AV_LOG_ERROR && !is_about_input(object);
  if (!line.empty()) log(serious ? LogLevel::warning : LogLevel::debug, "libav: " + line);
  line.clear();
}

}  // namespace

void use_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(log_line); });
}

std::string error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

std::string Options::left() const {
  const AVDictionaryEntry* entry = av_dict_get(entries_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  return entry ? entry->key : "";
}

}  // namespace sora::av
