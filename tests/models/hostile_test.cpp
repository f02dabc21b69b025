// Weight files that are damaged or made to do harm: each is an error (bad data) and allocates little memory.
// Time is measured by scripts/stress/weights.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>

#include "checkpoint/lora.h"
#include "core/file.h"
#include "models/allocations.h"
#include "models/t5/files.h"
#include "models/t5/tokenizer/gguf_tokenizer.h"
#include "models/wan/components.h"
#include "models/wan/names.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

const fs::path kLayouts = test_data() / "layouts";
constexpr std::int64_t kMostMemory = 100'000'000;  // bytes

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// --- safetensors ---------------------------------------------------------------------------------

std::string safetensors(const std::string& header, std::size_t data = 0) {
  return raw<std::uint64_t>(header.size()) + header + std::string(data, '\0');
}

std::string entry(const std::string& name, const std::string& shape, std::uint64_t begin, std::uint64_t end,
                  const std::string& dtype = "F32") {
  std::string out = "\"";
  out.append(name).append("\":{\"dtype\":\"").append(dtype).append("\",\"shape\":").append(shape);
  out.append(",\"data_offsets\":[").append(std::to_string(begin)).append(",").append(std::to_string(end));
  return out.append("]}");
}

// --- GGUF ----------------------------------------------------------------------------------------

std::string text(const std::string& value) { return raw<std::uint64_t>(value.size()) + value; }

std::string gguf(std::uint64_t tensors, std::uint64_t keys, const std::string& rest = "",
                 std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(keys) + rest;
}

std::string tensor(const std::string& name, const std::vector<std::uint64_t>& dims, std::uint32_t type,
                   std::uint64_t offset) {
  std::string out = text(name) + raw(static_cast<std::uint32_t>(dims.size()));
  for (const std::uint64_t dim : dims) out += raw(dim);
  return out + raw(type) + raw(offset);
}

std::string padded(std::string header, std::size_t data) {
  header.resize((header.size() + 31) / 32 * 32, '\0');
  return header + std::string(data, '\0');
}

constexpr std::uint32_t kF32 = 0, kQ8 = 8, kText = 8, kList = 9, kU32 = 4;

// --- the cases -----------------------------------------------------------------------------------

struct Case {
  std::string name;
  std::string bytes;
};

std::vector<Case> files() {
  const std::string one = entry("a", "[1]", 0, 4);
  std::vector<Case> cases{
      {"empty", ""},
      {"three bytes", "abc"},
      {"text", "#!/bin/sh\nrm -rf /\n"},
      {"safetensors: header of 2^64 - 1 bytes", raw(~std::uint64_t{0}) + "{}"},
      {"safetensors: header longer than the file", raw<std::uint64_t>(1000) + "{}"},
      {"safetensors: no JSON", safetensors("{\"a\":")},
      {"safetensors: deep nesting", safetensors("{\"a\":" + std::string(1'000'000, '['))},
      {"safetensors: 7 MB of spaces", safetensors("{" + std::string(7'000'000, ' '))},
      {"safetensors: 20 MB of spaces", safetensors("{" + std::string(20'000'000, ' '))},
      {"safetensors: invalid UTF-8", safetensors("{\"\xff\xfe\":{}}")},
      {"safetensors: overlap", safetensors("{" + one + "," + entry("b", "[1]", 2, 6) + "}", 6)},
      {"safetensors: the same bytes twice", safetensors("{" + one + "," + entry("b", "[1]", 0, 4) + "}", 4)},
      {"safetensors: a hole", safetensors("{" + one + "," + entry("b", "[1]", 8, 12) + "}", 12)},
      {"safetensors: truncated", safetensors("{" + entry("a", "[100]", 0, 400) + "}", 399)},
      {"safetensors: more than its tensors", safetensors("{" + one + "}", 5)},
      {"safetensors: end before begin", safetensors("{" + entry("a", "[1]", 4, 0) + "}", 4)},
      {"safetensors: offsets past 2^63", safetensors("{" + entry("a", "[1]", ~0ull - 4, ~0ull) + "}", 4)},
      {"safetensors: a shape that overflows to its bytes",
       safetensors("{" + entry("a", "[4611686018427387904,4]", 0, 0) + "}")},
      {"safetensors: a negative shape", safetensors("{" + entry("a", "[-1]", 0, 4) + "}", 4)},
      {"safetensors: a name twice", safetensors("{" + one + "," + one + "}", 4)},
      {"safetensors: an unknown type", safetensors("{" + entry("a", "[1]", 0, 4, "Q9_Z") + "}", 4)},

      {"gguf: magic alone", "GGUF"},
      {"gguf: version 1", gguf(0, 0, "", 1)},
      {"gguf: version 99", gguf(0, 0, "", 99)},
      {"gguf: big-endian", gguf(0, 0, "", 3u << 24)},
      {"gguf: 2^64 - 1 tensors", gguf(~0ull, 0)},
      {"gguf: 2^64 - 1 keys", gguf(0, ~0ull)},
      {"gguf: tensors that are not there", gguf(20'000, 0)},
      {"gguf: a key of 2^64 - 1 bytes", gguf(0, 1, raw(~std::uint64_t{0}))},
      {"gguf: a text of 2^63 bytes", gguf(0, 1, text("a") + raw(kText) + raw(std::uint64_t{1} << 63))},
      {"gguf: a value of unknown type", gguf(0, 1, text("a") + raw(std::uint32_t{13}))},
      {"gguf: a list of 2^62 numbers",
       gguf(0, 1, text("a") + raw(kList) + raw(kU32) + raw(std::uint64_t{1} << 62))},
      {"gguf: a list of 2^61 texts",
       gguf(0, 1, text("a") + raw(kList) + raw(kText) + raw(std::uint64_t{1} << 61))},
      {"gguf: lists in lists", gguf(0, 1, text("a") + raw(kList) + raw(kList) + raw<std::uint64_t>(1))},
      {"gguf: alignment 0", gguf(0, 1, text("general.alignment") + raw(kU32) + raw(std::uint32_t{0}))},
      {"gguf: alignment 2^31", gguf(0, 1, text("general.alignment") + raw(kU32) + raw(1u << 31))},
      {"gguf: a key twice",
       gguf(0, 2, text("a") + raw(kText) + text("x") + text("a") + raw(kText) + text("y"))},
      {"gguf: 2^32 - 1 dimensions", gguf(1, 0, text("a") + raw(~std::uint32_t{0}))},
      {"gguf: a dimension of 0", padded(gguf(1, 0, tensor("a", {0, 4}, kF32, 0)), 64)},
      {"gguf: a shape that overflows",
       padded(gguf(1, 0, tensor("a", {1ull << 32, 1ull << 32}, kF32, 0)), 64)},
      {"gguf: a shape that overflows as bytes", padded(gguf(1, 0, tensor("a", {1ull << 62}, kF32, 0)), 64)},
      {"gguf: a type that is not read", padded(gguf(1, 0, tensor("a", {256}, 16, 0)), 64)},
      {"gguf: rows that are no blocks", padded(gguf(1, 0, tensor("a", {33}, kQ8, 0)), 64)},
      {"gguf: an offset that is not aligned", padded(gguf(1, 0, tensor("a", {4}, kF32, 4)), 64)},
      {"gguf: an offset past the end", padded(gguf(1, 0, tensor("a", {4}, kF32, 1ull << 40)), 64)},
      {"gguf: an offset near 2^64", padded(gguf(1, 0, tensor("a", {16}, kF32, ~0ull - 31)), 64)},
      {"gguf: truncated", padded(gguf(1, 0, tensor("a", {17}, kF32, 0)), 64)},
      {"gguf: overlap", padded(gguf(2, 0, tensor("a", {16}, kF32, 0) + tensor("b", {16}, kF32, 32)), 96)},
      {"gguf: a name twice", padded(gguf(2, 0, tensor("a", {4}, kF32, 0) + tensor("a", {4}, kF32, 32)), 64)},
      {"gguf: an original shape of another size",
       padded(
           gguf(1, 1,
                text("comfy.gguf.orig_shape.a") + raw(kList) + raw(std::uint32_t{5}) + raw<std::uint64_t>(2) +
                    raw<std::int32_t>(3) + raw<std::int32_t>(3) + tensor("a", {4}, kF32, 0)),
           64)},
  };
  // Far more names than any network has.
  std::string names = "{" + one;
  for (int i = 0; i < 200'000; ++i) names.append(",").append(entry(std::to_string(i), "[0]", 4, 4, "U8"));
  cases.push_back({"safetensors: 200000 tensors", safetensors(names + "}", 4)});
  // 60 MB of empty texts, one short.
  const std::uint64_t texts = 7'500'000;
  cases.push_back(
      {"gguf: a list of texts that ends early",
       gguf(0, 1, text("a") + raw(kList) + raw(kText) + raw(texts)) + std::string(8 * (texts - 1), '\0')});
  return cases;
}

class Hostile : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(work_ / name, std::ios::binary) << bytes;
    return work_ / name;
  }

  static void expect_bad_data(const std::function<void()>& open) {
    try {
      open();
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "another kind of exception: " << error.what();
    }
  }

  static void expect_refused(const std::string& name, const std::function<void()>& open) {
    SCOPED_TRACE(name);
    const test::Allocations memory;
    expect_bad_data(open);
    EXPECT_LT(memory.peak(), kMostMemory);
  }

  const TemporaryFolder work_;
};

TEST_F(Hostile, FilesAreBadData) {
  const std::vector<Case> cases = files();
  EXPECT_GE(cases.size(), 40u);
  for (const Case& file : cases) {
    const fs::path path = write("weights", file.bytes);
    expect_refused(file.name, [&] { (void)Checkpoint(path); });
  }
}

// Far beyond any real one. Each is made when it is written: together they would be a gigabyte.
TEST_F(Hostile, HeadersOf30MegabytesAreBadData) {
  constexpr std::size_t most = 30'000'000;
  const auto repeated = [](std::string text, const std::string& part, const std::string& end) {
    while (text.size() < most) text += part;
    return safetensors(text + end);
  };
  const std::vector<std::pair<const char*, std::function<std::string()>>> cases{
      {"spaces, then no JSON", [] { return safetensors("{" + std::string(most, ' ') + "]"); }},
      {"line breaks", [] { return safetensors("{" + std::string(most, '\n')); }},
      {"a text without end", [] { return safetensors("{\"" + std::string(most, 'a')); }},
      {"a name", [] { return safetensors("{\"" + std::string(most, 'a') + "\":1}"); }},
      {"a number", [] { return safetensors("{\"a\":{\"data_offsets\":[" + std::string(most, '1') + "]}}"); }},
      {"dimensions", [&] { return repeated("{\"a\":{\"shape\":[", "0,", "0]}}"); }},
      {"metadata keys",
       [] {
         std::string keys = "{\"__metadata__\":{";
         for (int i = 0; keys.size() < most; ++i)
           keys.append("\"").append(std::to_string(i)).append("\":\"\",");
         return safetensors(keys + "\"a\":\"\"}}");
       }},
      {"escapes", [&] { return repeated("{\"__metadata__\":{\"a\":\"", "\\\\", "\"}"); }},
      {"past the format's limit", [] { return safetensors("{" + std::string(100'000'000, ' ')); }}};
  for (const auto& [name, bytes] : cases) {
    const fs::path path = write("weights", bytes());
    expect_refused(name, [&] { (void)Checkpoint(path); });
  }
}

// A good file cut at any byte, or with any byte of its header changed, is refused or read, and never worse.
TEST_F(Hostile, DamagedFilesEndInAnErrorOrAreRead) {
  for (const char* name : {"transformer/fp8_comfy.safetensors", "transformer/batch.gguf"}) {
    const std::string good = read_text(kLayouts / name, "test");
    const std::size_t header = 4096;
    int refused = 0;
    for (std::size_t i = 0; i < header; i += 41) {
      for (const bool cut : {true, false}) {
        std::string bytes = cut ? good.substr(0, i) : good;
        if (!cut) bytes[i] = static_cast<char>(~bytes[i]);
        const fs::path path = write("weights", bytes);
        try {
          (void)open_transformer({path, test_data() / "transformer/patches"});
        } catch (const Error& error) {
          EXPECT_THAT(error.kind(), testing::AnyOf(ErrorKind::data, ErrorKind::refused)) << error.what();
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, static_cast<int>(header / 41));
  }
}

TEST_F(Hostile, ShardIndexesThatLieAreBadData) {
  write("good.safetensors", safetensors("{" + entry("a", "[1]", 0, 4) + "}", 4));
  const TemporaryFolder outside;
  fs::copy_file(work_ / "good.safetensors", outside / "good.safetensors");
  fs::create_symlink(outside / "good.safetensors", work_ / "link.safetensors");
  fs::create_symlink("loop.safetensors", work_ / "loop.safetensors");
  const auto index = [](const std::string& shard) { return "{\"weight_map\":{\"a\":\"" + shard + "\"}}"; };
  const std::vector<Case> cases{
      {"no JSON", "{"},
      {"no map", "{\"weight_map\":[]}"},
      {"an empty map", "{\"weight_map\":{}}"},
      {"a number for a file", "{\"weight_map\":{\"a\":1}}"},
      {"itself", index("model.safetensors.index.json")},
      {"the folder above", index("../" + outside.path().filename().string() + "/good.safetensors")},
      {"an absolute path", index("/etc/passwd")},
      {"a folder", index(".")},
      {"a link that leaves", index("link.safetensors")},
      {"a link to itself", index("loop.safetensors")},
      {"a zero byte", index("good.safetensors\\u0000.txt")},
      {"a tensor that the shard lacks",
       "{\"weight_map\":{\"a\":\"good.safetensors\",\"b\":\"good.safetensors\"}}"},
      {"3 MB of spaces", "{" + std::string(3'000'000, ' ') + "}"},
      {"deep nesting", std::string(400'000, '[')},
      {"deep nesting that ends", std::string(200'000, '[') + std::string(200'000, ']')},
      {"deep nesting in the map",
       "{\"weight_map\":{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}}"},
  };
  for (const Case& file : cases) {
    write("model.safetensors.index.json", file.bytes);
    expect_refused(file.name, [&] { (void)Checkpoint(work_.path(), "model"); });
  }
}

// A good header whose shapes are no network's: nothing may be allocated or looped over by them.
TEST_F(Hostile, ShapesThatAreNoNetworksAreBadData) {
  const auto one = [](const std::string& name, const std::string& shape) { return entry(name, shape, 0, 0); };
  const std::vector<Case> transformers{
      {"no width", one("patch_embedding.bias", "[0]") + "," + one("patch_embedding.weight", "[0,0,0,0,0]")},
      {"too wide", one("patch_embedding.bias", "[0,4000000000]") + "," +
                       one("patch_embedding.weight", "[4000000000,4000000000,0]")},
      {"a weight alone", one("patch_embedding.weight", "[0]")},
  };
  for (const Case& file : transformers) {
    const fs::path path = write("weights", safetensors("{" + file.bytes + "}"));
    expect_refused(file.name, [&] { (void)open_transformer(path); });
  }
  const std::vector<Case> vaes{
      {"no channels",
       one("decoder.conv_in.weight", "[0,0,3,3,3]") + "," + one("encoder.conv_in.weight", "[0,0,3,3,3]")},
      {"a bias for a kernel",
       one("decoder.conv_in.weight", "[0]") + "," + one("encoder.conv_in.weight", "[0]")},
  };
  for (const Case& file : vaes) {
    const fs::path path = write("weights", safetensors("{" + file.bytes + "}"));
    expect_refused(file.name, [&] { (void)open_vae(path); });
  }
  const std::string q = "encoder.block.0.layer.0.SelfAttention.";
  const fs::path text_encoder = write(
      "weights", safetensors("{" + one("shared.weight", "[0,4]") + "," + one(q + "q.weight", "[0,0]") + "}"));
  expect_refused("no vocabulary", [&] { (void)open_text_encoder(text_encoder); });
  const fs::path other = write("weights", safetensors("{" + one("a.weight", "[0]") + "}"));
  expect_refused("no network", [&] { (void)open_text_encoder(other); });
}

TEST_F(Hostile, ScalesThatAreNoNumbersAreBadData) {
  const auto scaled = [](const std::string& data, const std::string& shape, const std::string& dtype) {
    std::string header = "{";
    header.append(entry("a.scale_weight", shape, 0, data.size(), dtype)).append(",");
    header.append(entry("a.weight", "[0]", data.size(), data.size(), "F8_E4M3")).append("}");
    return safetensors(header) + data;
  };
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                  infinity = std::numeric_limits<float>::infinity();
  const std::vector<Case> cases{
      {"NaN", scaled(raw(nan), "[1]", "F32")},
      {"infinity", scaled(raw(infinity), "[]", "F32")},
      {"minus infinity", scaled(raw(-infinity), "[]", "F32")},
      {"zero", scaled(raw(0.0f), "[1]", "F32")},
      {"NaN in half precision", scaled(raw<std::uint16_t>(0x7e00), "[1]", "F16")},
      {"a matrix", scaled(raw(1.0f) + raw(1.0f), "[2,1]", "F32")},
      {"an integer", scaled(raw(1), "[1]", "I32")},
      {"of nothing", safetensors("{" + entry("a.scale_weight", "[1]", 0, 4) + "}") + raw(1.0f)},
  };
  for (const Case& file : cases) {
    const fs::path path = write("weights", file.bytes);
    expect_refused(file.name, [&] { (void)Checkpoint(path); });
  }
}

TEST_F(Hostile, TokenizersInWeightsThatDoNotFitAreBadData) {
  const auto list = [](const std::string& key, std::uint32_t type, std::uint64_t count,
                       const std::string& values) {
    return text(key) + raw(kList) + raw(type) + raw(count) + values;
  };
  const std::string kind = text("tokenizer.ggml.model") + raw(kText) + text("t5");
  const std::string pieces = list("tokenizer.ggml.tokens", kText, 2, text("a") + text("b"));
  const auto scores = [&](float first) {
    return list("tokenizer.ggml.scores", 6, 2, raw(first) + raw(0.0f));
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Case> cases{
      {"of no kind", gguf(0, 2, pieces + scores(0))},
      {"no scores", gguf(0, 2, kind + pieces)},
      {"fewer scores", gguf(0, 3, kind + pieces + list("tokenizer.ggml.scores", 6, 1, raw(0.0f)))},
      {"scores of 64 bits",
       gguf(0, 3, kind + pieces + list("tokenizer.ggml.scores", 12, 2, raw(0.0) + raw(0.0)))},
      {"a score of NaN", gguf(0, 3, kind + pieces + scores(nan))},
      {"numbers for pieces",
       gguf(0, 3, kind + list("tokenizer.ggml.tokens", kU32, 2, raw(1) + raw(2)) + scores(0))},
      {"an empty piece",
       gguf(0, 3, kind + list("tokenizer.ggml.tokens", kText, 2, text("") + text("b")) + scores(0))},
      {"no UTF-8",
       gguf(0, 3, kind + list("tokenizer.ggml.tokens", kText, 2, text("\xff") + text("b")) + scores(0))},
      {"a table of texts",
       gguf(0, 4,
            kind + pieces + scores(0) + list("tokenizer.ggml.precompiled_charsmap", kText, 1, text("a")))},
  };
  for (const Case& file : cases) {
    const fs::path path = write("weights", file.bytes);
    expect_refused(file.name, [&] { (void)read_gguf_tokenizer(path); });
  }
}

TEST_F(Hostile, LorasThatFitNothingAreBadData) {
  const TransformerFiles network = open_transformer(kLayouts / "original");
  const std::string base = "lora_unet_blocks_0_ffn_0.";
  const std::vector<Case> cases{
      {"no pair", entry(base + "lora_down.weight", "[0,128]", 0, 0)},
      {"a rank of 0", entry(base + "lora_down.weight", "[0,128]", 0, 0) + "," +
                          entry(base + "lora_up.weight", "[32,0]", 0, 0)},
      {"scalars",
       entry(base + "lora_down.weight", "[]", 0, 4) + "," + entry(base + "lora_up.weight", "[]", 4, 8)},
      {"integers", entry(base + "diff", "[32,128]", 0, 4096, "U8")},
      {"an empty alpha", entry(base + "alpha", "[0]", 0, 0)},
  };
  for (const Case& file : cases) {
    const std::size_t data = file.name == "scalars" ? 8 : file.name == "integers" ? 4096 : 0;
    const fs::path path = write("lora", safetensors("{" + file.bytes + "}", data));
    expect_refused(file.name, [&] { Lora({path, 1}, LoraTarget{network.checkpoint, transformer_names()}); });
  }
}

TEST_F(Hostile, MetadataOfLorasThatIsNoObjectOrNestedDeepIsBadData) {
  const TransformerFiles network = open_transformer(kLayouts / "original");
  const std::string base = "lora_unet_blocks_0_ffn_0.";
  const std::string pair = entry(base + "lora_down.weight", "[1,128]", 0, 512) + "," +
                           entry(base + "lora_up.weight", "[32,1]", 512, 640);
  const auto message = [&](const std::string& metadata) {
    const fs::path path = write(
        "lora",
        safetensors("{\"__metadata__\":{\"lora_adapter_metadata\":\"" + metadata + "\"}," + pair + "}", 640));
    try {
      Lora({path, 1}, LoraTarget{network.checkpoint, transformer_names()});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message("{").find("lora_adapter_metadata is not JSON"), std::string::npos);
  EXPECT_NE(message("[]").find("is not a JSON object"), std::string::npos);
  EXPECT_NE(message("{\\\"transformer.lora_alpha\\\":1e999}").find("has the number 1e999"),
            std::string::npos);
  const std::string deep = std::string(60'000, '[') + std::string(60'000, ']');
  EXPECT_NE(message("{\\\"transformer.lora_alpha\\\":" + deep + "}").find("nested over 64 deep"),
            std::string::npos);
}

}  // namespace
}  // namespace sora::wan
