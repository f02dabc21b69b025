// The files of a tokenizer. The first byte chooses which one the input is; a tokenizer that is read is used.
#include "fuzz.h"
#include "models/t5/tokenizer/tokenizer.h"
#include "places.h"

namespace sora::fuzz {
namespace {

constexpr const char* kTexts[] = {"a red ball rolls", "<extra_id_0> </s>ﬁ é\u0301 \u3000x",
                                  "\u2581\u2581 漢字🙂"};

const RamFolder& folder() {
  static const RamFolder made;
  static const bool once = [] {
    made.write("config/spiece.model", read_file(test_data() / "text/tokenizers/bytes/spiece.model"));
    return true;
  }();
  (void)once;
  return made;
}

void use(const std::filesystem::path& place) {
  const T5Tokenizer tokenizer(place);
  for (const char* text : kTexts) {
    for (const std::int64_t id : tokenizer.tokenize(text)) require(id >= 0, "an id below 0");
    require(tokenizer.encode(text, 4).size() <= 4, "more ids than were asked for");
  }
  (void)tokenizer.unknown_words(kTexts[1]);
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora::fuzz;
  constexpr const char* kNames[] = {"sentencepiece/spiece.model", "json/tokenizer.json",
                                    "config/tokenizer_config.json", "gguf/text.gguf"};
  Input input(data, size);
  const int which = input.choice(4);
  folder().write(kNames[which], input.rest());
  const std::filesystem::path file = folder() / kNames[which];
  survives([&] { use(which == 3 ? file : file.parent_path()); }, {sora::ErrorKind::refused});  // a pickle
  return 0;
}
