// libc2pa_c, the C interface of the C2PA project's own library (c2pa-rs), from the wheel c2pa-python. It
// comes without a header: what is used of it is declared here. It is opened only where something is signed or
// read, in a child process (isolated.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sora {

/// Where the library is: $SORA_GEN_C2PA ("none": nowhere), beside the program or libsora, or in third_party/
/// of the source folder. Empty where there is none. Looks at the disk, and opens nothing.
std::filesystem::path c2pa_library_file();

struct C2paStreamContext;
struct C2paStream;
struct C2paSettings;
struct C2paContextBuilder;
struct C2paContext;
struct C2paReader;
struct C2paBuilder;
struct C2paSigner;

struct C2paSignerInfo {
  const char* alg;
  const char* sign_cert;
  const char* private_key;
  const char* ta_url;
};

enum C2paSeekMode : int { c2pa_seek_start = 0, c2pa_seek_current = 1, c2pa_seek_end = 2 };

/// The functions. Those that return int or a length are negative on an error, the others return null.
struct C2paFunctions {
  char* (*version)();
  char* (*error)();
  int (*free)(const void*);

  C2paStream* (*create_stream)(C2paStreamContext*,
                               std::intptr_t (*read)(C2paStreamContext*, std::uint8_t*, std::intptr_t),
                               std::intptr_t (*seek)(C2paStreamContext*, std::intptr_t, C2paSeekMode),
                               std::intptr_t (*write)(C2paStreamContext*, const std::uint8_t*, std::intptr_t),
                               std::intptr_t (*flush)(C2paStreamContext*));
  void (*release_stream)(C2paStream*);

  C2paSettings* (*settings_new)();
  int (*settings_update_from_string)(C2paSettings*, const char* settings, const char* format);
  C2paContextBuilder* (*context_builder_new)();
  int (*context_builder_set_settings)(C2paContextBuilder*, C2paSettings*);
  C2paContext* (*context_builder_build)(C2paContextBuilder*);  ///< takes the builder

  C2paReader* (*reader_from_context)(C2paContext*);
  /// Both take the reader, and return another one.
  C2paReader* (*reader_with_stream)(C2paReader*, const char* format, C2paStream*);
  C2paReader* (*reader_with_manifest_data_and_stream)(C2paReader*, const char* format, C2paStream*,
                                                      const unsigned char* manifest, std::size_t bytes);
  char* (*reader_json)(C2paReader*);

  C2paBuilder* (*builder_from_context)(C2paContext*);
  C2paBuilder* (*builder_with_definition)(C2paBuilder*, const char* json);  ///< takes the builder
  void (*builder_set_no_embed)(C2paBuilder*);
  int (*builder_add_ingredient_from_stream)(C2paBuilder*, const char* json, const char* format, C2paStream*);
  std::int64_t (*builder_sign)(C2paBuilder*, const char* format, C2paStream* source, C2paStream* target,
                               C2paSigner*, const unsigned char** manifest);

  C2paSigner* (*signer_from_info)(const C2paSignerInfo*);
};

/// Opens the library and checks its version. Throws Error (unavailable) when it is missing, cannot be opened,
/// or is not of the version that the declarations above are of.
const C2paFunctions& c2pa();

/// "0.91.3", of the opened library.
std::string c2pa_version();

/// The library's message for its last error, in one line.
std::string c2pa_last_error();

/// Frees what the library allocated.
struct C2paFree {
  void operator()(const void* object) const {
    if (object != nullptr) c2pa().free(object);
  }
};
template <class T>
using C2paPointer = std::unique_ptr<T, C2paFree>;

/// A context that never uses the network, makes no thumbnails, and keeps no large file in memory.
/// `trust_anchors`: PEM certificates of those who are trusted; may be empty.
C2paPointer<C2paContext> c2pa_context(const std::string& trust_anchors = {});

/// An open file as one of the library's streams. The descriptor has to stay open.
class C2paFileStream {
 public:
  explicit C2paFileStream(int fd);
  C2paFileStream(const C2paFileStream&) = delete;
  C2paFileStream& operator=(const C2paFileStream&) = delete;
  ~C2paFileStream();

  C2paStream* get() const { return stream_; }

 private:
  struct Position;
  std::unique_ptr<Position> position_;
  C2paStream* stream_ = nullptr;
};

}  // namespace sora
