#include "checkpoint/block_scales.h"

#include <cmath>

#include "checkpoint/half.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::int64_t kTileRows = 128, kTileColumns = 4;
constexpr std::int64_t kMxfp8Group = 32;
constexpr int kExponentBias = 127;
constexpr std::uint8_t kNotANumber = 255;

std::int64_t tiles(std::int64_t count, std::int64_t of) { return (count + of - 1) / of; }

/// Where the scale of a row and column is. A tile's rows r, r + 32, r + 64 and r + 96 are neighbours.
std::int64_t place_in_tiles(std::int64_t row, std::int64_t column, std::int64_t columns) {
  const std::int64_t tile = row / kTileRows * tiles(columns, kTileColumns) + column / kTileColumns;
  const std::int64_t within = row % kTileRows;
  return tile * kTileRows * kTileColumns + within % 32 * 16 + within / 32 * 4 + column % kTileColumns;
}

[[noreturn]] void fail(const WeightFile& file, const std::string& what) {
  throw Error(ErrorKind::data, "checkpoint", file.path().string() + ": " + what);
}

/// The bytes of the scales in tensor `name`, [rows, columns]; `type` is for the message.
std::vector<std::uint8_t> read_bytes(const WeightFile& file, const std::string& name, const char* type,
                                     const TensorInfo& weight, std::int64_t rows, std::int64_t columns,
                                     bool in_tiles) {
  const TensorInfo& info = file.tensors().at(name);
  const std::int64_t expected =
      in_tiles ? tiles(rows, kTileRows) * kTileRows * tiles(columns, kTileColumns) * kTileColumns
               : rows * columns;
  if (static_cast<std::int64_t>(info.end - info.begin) != expected) {
    fail(file, "the scales " + name + " are " + shape_text(info.shape) + " of " + dtype_name(info.dtype) +
                   ", expected " + std::to_string(expected) + " of " + type + " for a weight of " +
                   shape_text(weight.shape));
  }
  std::vector<std::uint8_t> stored(static_cast<std::size_t>(expected)), bytes;
  file.read(info, stored.data());
  bytes.reserve(static_cast<std::size_t>(rows * columns));
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const std::int64_t place = in_tiles ? place_in_tiles(row, column, columns) : row * columns + column;
      bytes.push_back(stored[static_cast<std::size_t>(place)]);
    }
  }
  return bytes;
}

}  // namespace

ScaleGrid read_fp4_scales(const WeightFile& scales, const std::string& name, const WeightFile& factor,
                          const std::string& of_all, const TensorInfo& weight, bool in_tiles) {
  ScaleGrid grid{weight.shape.at(0), weight.shape.at(1) / kFp4Group, {}};
  if (scales.tensors().at(name).dtype != DType::f8_e4m3) {
    fail(scales, "the scales " + name + " have type " + dtype_name(scales.tensors().at(name).dtype) +
                     ", expected F8_E4M3");
  }
  const float all = read_scalar(factor, of_all);
  for (const std::uint8_t byte :
       read_bytes(scales, name, "F8_E4M3", weight, grid.rows, grid.columns, in_tiles)) {
    const float value = e4m3_to_float(byte) * all;
    if (!(value >= 0) || !std::isfinite(value))  // 0: all numbers of the group are 0
      fail(scales, "the scales " + name + " have one below 0 or that is not finite, expected numbers from 0");
    grid.values.push_back(value);
  }
  return grid;
}

bool are_mxfp8_scales(const TensorInfo& scales, const TensorInfo& weight) {
  return weight.dtype == DType::f8_e4m3 && weight.shape.size() == 2 &&
         (scales.dtype == DType::u8 || scales.dtype == DType::f8_e8m0);
}

ScaleGrid read_mxfp8_scales(const WeightFile& file, const std::string& name, const TensorInfo& weight,
                            bool in_tiles) {
  if (weight.shape.at(1) % kMxfp8Group != 0) {
    fail(file, "the scales " + name + " are powers of two for groups of 32, and the weight is " +
                   shape_text(weight.shape));
  }
  ScaleGrid grid{weight.shape.at(0), weight.shape.at(1) / kMxfp8Group, {}};
  for (const std::uint8_t byte : read_bytes(file, name, "U8", weight, grid.rows, grid.columns, in_tiles)) {
    if (byte == kNotANumber) fail(file, "the scales " + name + " have one that is not a number");
    grid.values.push_back(std::ldexp(1.0F, byte - kExponentBias));
  }
  return grid;
}

}  // namespace sora
