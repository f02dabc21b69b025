#include "models/t5/tokenizer/spiece_model.h"

#include <cmath>
#include <cstring>

#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora {
namespace {

// Field numbers and values of sentencepiece_model.proto.
namespace proto {
enum Model { kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3 };
enum SentencePiece { kPiece = 1, kScore = 2, kType = 3 };
enum PieceType { kUnknown = 2, kControl = 3, kUserDefined = 4 };
enum Trainer { kModelType = 3 };
enum ModelType { kUnigram = 1 };
enum Normalizer {
  kPrecompiledCharsmap = 2,
  kAddDummyPrefix = 3,
  kRemoveExtraWhitespaces = 4,
  kEscapeWhitespaces = 5
};
}  // namespace proto

/// A field of a message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding/).
struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  ///< of a varint
  std::string_view bytes;   ///< of everything else
};

class Message {
 public:
  Message(std::string_view bytes, const std::string& where)
      : rest_(bytes), size_(bytes.size()), where_(where) {}

  /// False at the end of the message.
  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field = {};
    field.number = tag >> 3;
    switch (tag & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.bytes = take(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.bytes = take(4);
        break;
      default:
        fail();
    }
    return true;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  [[noreturn]] void fail() const {
    throw Error(ErrorKind::data, "tokenizer",
                where_ + ": is not a sentencepiece model (a message of " + std::to_string(size_) +
                    " bytes breaks off at " + std::to_string(size_ - rest_.size()) +
                    "); fetch the file again");
  }

  std::string_view rest_;
  std::size_t size_;
  const std::string& where_;
};

void add_piece(std::string_view bytes, const std::string& where, SpieceModel& model) {
  Message message(bytes, where);
  Piece piece;
  std::uint64_t type = 0;
  for (Field field; message.next(field);) {
    if (field.number == proto::kPiece) piece.text = field.bytes;
    if (field.number == proto::kType) type = field.value;
    if (field.number == proto::kScore && field.bytes.size() == sizeof(float)) {
      float score = 0;
      std::memcpy(&score, field.bytes.data(), sizeof score);
      piece.score = score;
    }
  }
  if (piece.text.empty() || !from_utf8(piece.text) || !std::isfinite(piece.score)) {
    throw Error(ErrorKind::data, "tokenizer",
                where + ": piece " + std::to_string(model.pieces.size()) +
                    " is empty, is not UTF-8, or its score is not finite; fetch the file again");
  }
  if (type == proto::kControl || type == proto::kUserDefined) model.special.push_back(piece.text);
  model.pieces.push_back(std::move(piece));
}

// --- writing

void write_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void write_number(std::uint64_t field, std::uint64_t value, std::string& out) {
  write_varint(field << 3, out);
  write_varint(value, out);
}

void write_bytes(std::uint64_t field, std::string_view bytes, std::string& out) {
  write_varint(field << 3 | 2, out);
  write_varint(bytes.size(), out);
  out += bytes;
}

}  // namespace

SpieceWriter::SpieceWriter() {
  std::string normalizer;
  for (const auto field :
       {proto::kAddDummyPrefix, proto::kRemoveExtraWhitespaces, proto::kEscapeWhitespaces}) {
    write_number(field, 0, normalizer);
  }
  write_bytes(proto::kNormalizerSpec, normalizer, bytes_);
  std::string unknown;
  write_bytes(proto::kPiece, "\1unknown", unknown);
  write_number(proto::kType, proto::kUnknown, unknown);
  write_bytes(proto::kPieces, unknown, bytes_);
}

void SpieceWriter::add(std::string_view text, float score) {
  std::string piece;
  write_bytes(proto::kPiece, text, piece);
  write_varint(proto::kScore << 3 | 5, piece);
  piece.append(reinterpret_cast<const char*>(&score), sizeof score);
  write_bytes(proto::kPieces, piece, bytes_);
}

SpieceModel parse_spiece_model(std::string_view bytes, const std::string& where) {
  SpieceModel model;
  Message message(bytes, where);
  for (Field field; message.next(field);) {
    Message inner(field.bytes, where);
    Field part;
    if (field.number == proto::kPieces) {
      add_piece(field.bytes, where, model);
    } else if (field.number == proto::kTrainerSpec) {
      while (inner.next(part)) {
        if (part.number == proto::kModelType && part.value != proto::kUnigram) {
          throw Error(ErrorKind::data, "tokenizer",
                      where + ": the model's type is " + std::to_string(part.value) +
                          ", expected 1 (unigram); is this the tokenizer of a T5 model?");
        }
      }
    } else if (field.number == proto::kNormalizerSpec) {
      while (inner.next(part)) {
        if (part.number == proto::kPrecompiledCharsmap) model.charsmap = part.bytes;
      }
    }
  }
  return model;
}

}  // namespace sora
