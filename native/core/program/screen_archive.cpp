#include "program/screen_archive.h"

#include <sys/types.h>  // off_t, which the next header uses without declaring it

#include <caffe2/serialize/in_memory_adapter.h>
#include <caffe2/serialize/inline_container.h>

#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <string_view>

#include "error/error.h"

namespace drmguard {
namespace {

using caffe2::serialize::MemoryReadAdapter;
using caffe2::serialize::PyTorchStreamReader;

/// Source text is small; a larger one is an attempt to exhaust memory.
constexpr size_t kLargestSource = size_t{64} << 20;
constexpr size_t kMostRecords = 200'000;

struct Suspect {
  std::string_view text;
  std::string_view meaning;
};

/// Texts of serialised TorchScript that must not occur. Loading runs __setstate__ before any graph could be checked,
/// and a custom class runs its own C++; the operators are named here too so that they are refused unparsed.
constexpr std::array<Suspect, 8> kSuspects = {{
    {"def __setstate__", "a __setstate__ method, which would run while the file loads"},
    {"__torch__.torch.classes", "a custom class, which would run its own code while the file loads"},
    {"torch.save(", "aten::save, which writes a file"},
    {"ops.aten.save(", "aten::save, which writes a file"},
    {"torch.from_file(", "aten::from_file, which reads a file"},
    {"ops.aten.from_file(", "aten::from_file, which reads a file"},
    {"ops.prim.PythonOp", "prim::PythonOp, which calls Python"},
    {"ops.prim.rpc", "a remote call"},
}};

/// Python operators are written ^Name(…); an exclusive or has a space behind its sign.
bool calls_python(std::string_view source) {
  for (size_t i = 0; i + 1 < source.size(); ++i) {
    const unsigned char next = static_cast<unsigned char>(source[i + 1]);
    if (source[i] == '^' && (std::isalpha(next) != 0 || next == '_')) return true;
  }
  return false;
}

void screen_source(const std::string& record, std::string_view source) {
  if (calls_python(source)) {
    throw Error(ErrorCode::ERR_MODEL_UNSAFE,
                "the model's code (" + record + ") contains prim::PythonOp, which calls Python");
  }
  for (const Suspect& suspect : kSuspects) {
    if (source.find(suspect.text) != std::string_view::npos) {
      throw Error(ErrorCode::ERR_MODEL_UNSAFE,
                  "the model's code (" + record + ") contains " + std::string(suspect.meaning));
    }
  }
}

bool is_source(const std::string& record) {
  return record.rfind("code/", 0) == 0 && record.size() > 3 && record.compare(record.size() - 3, 3, ".py") == 0;
}

std::unique_ptr<PyTorchStreamReader> open_archive(const uint8_t* bytes, size_t size) {
  try {
    return std::make_unique<PyTorchStreamReader>(
        std::make_shared<MemoryReadAdapter>(bytes, static_cast<int64_t>(size)));
  } catch (...) {
    const Error error = current_exception_as_error(ErrorCode::ERR_MODEL_TRUNCATED, "expected a TorchScript archive");
    throw Error(ErrorCode::ERR_MODEL_TRUNCATED, error.what());
  }
}

}  // namespace

void screen_archive(const uint8_t* bytes, size_t size) {
  const auto archive = open_archive(bytes, size);
  const auto records = archive->getAllRecords();
  if (records.size() > kMostRecords) {
    throw Error(ErrorCode::ERR_MODEL_TOO_LARGE, "the archive holds " + std::to_string(records.size()) + " records; at most " +
                                                    std::to_string(kMostRecords) + " are read");
  }
  size_t sources = 0;
  size_t source_bytes = 0;
  for (const std::string& record : records) {
    const size_t record_size = archive->getRecordSize(record);
    // Stored or deflated, no record of a real model is larger than what all of the file could hold a thousand times.
    if (record_size / 1032 > size) {
      throw Error(ErrorCode::ERR_MODEL_TOO_LARGE, "record " + record + " claims " + std::to_string(record_size) +
                                                      " bytes in a file of " + std::to_string(size));
    }
    if (!is_source(record)) continue;
    source_bytes += record_size;
    if (source_bytes > kLargestSource) {
      throw Error(ErrorCode::ERR_MODEL_TOO_LARGE, "the archive's code is larger than 64 MiB");
    }
    const auto [data, length] = archive->getRecord(record);
    screen_source(record, std::string_view(static_cast<const char*>(data.get()), length));
    ++sources;
  }
  if (sources == 0) {
    throw Error(ErrorCode::ERR_MODEL_FORMAT,
                "expected a TorchScript archive with code; this archive holds " + std::to_string(records.size()) +
                    " records and none of them is code");
  }
}

}  // namespace drmguard
