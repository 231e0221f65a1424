#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "limbic/training/safetensors.h"

namespace limbic::training {

inline constexpr int64_t kCheckpointFormat = 1;
inline constexpr const char* kManifestName = "MANIFEST.json";

/// What one file of a checkpoint must be.
struct FileRecord {
  uint64_t bytes = 0;
  std::string hash;                                 // XXH3-128 of the whole file
  std::map<std::string, std::string> tensors = {};  // name -> XXH3-128 of its values
};

/// MANIFEST.json: what a checkpoint holds, with size and hash of every file and tensor.
///
/// The text ends in `,\n "sha256": "<64 digits>"\n}\n`, in this and any later format; the digest is
/// that of all bytes before this ending, so no bit of a manifest can flip unseen.
struct Manifest {
  int64_t step = 0;
  std::map<std::string, FileRecord> files = {};

  void add(const std::string& name, std::string_view bytes);
  void add(const std::string& name, std::string_view bytes,
           const std::vector<NamedTensor>& tensors);
  [[nodiscard]] std::string text() const;

  /// `file` is for messages. Errors: damaged, or (input) of another format than this program reads.
  static Manifest parse(std::string_view text, const std::string& file);
};

/// Whether a file's name stays in its directory: [A-Za-z0-9._-]+, not beginning with a dot.
[[nodiscard]] bool is_plain_name(std::string_view name);

/// Errors: damaged, naming `file` and, of a safetensors file, the tensor.
void check_file(const FileRecord& record, std::string_view bytes, const std::string& file);

/// The tensors of a safetensors file that check_file() passes.
[[nodiscard]] std::vector<NamedTensor> read_tensors(const FileRecord& record,
                                                    std::string_view bytes,
                                                    const std::string& file);

}  // namespace limbic::training
