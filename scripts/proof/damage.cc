#include "damage.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/hash.h"
#include "limbic/training/checkpoint.h"

namespace limbic::proof {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using training::CheckpointStore;
using training::Snapshot;

void write_plainly(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string content(const Snapshot& snapshot) {
  std::string all = snapshot.state_json + snapshot.config_yaml + snapshot.world_json;
  for (const auto& [circuit, tensors] : snapshot.circuits)
    all += circuit + training::encode(tensors);
  return xxh3_128(all);
}

class Damage {
 public:
  Damage(const std::string& directory, Stream stream) : store_(directory), stream_(stream) {
    const auto steps = store_.list();
    TORCH_CHECK(steps.size() >= 3, directory, " holds ", steps.size(), " checkpoints, wants 3");
    newest_ = steps.back();
    before_ = steps[steps.size() - 2];
    before_content_ = content(store_.load(before_));
    for (const auto& entry : fs::directory_iterator(store_.path(newest_))) {
      files_.push_back(entry.path().filename().string());
    }
    std::ranges::sort(files_);
    for (const std::string& file : files_) bytes_.push_back(read_file(path_of(file)));
  }

  json run(int64_t count) {
    each("flipped bits", count, [&](std::string& bytes, const Stream& own) {
      const int64_t bit = own.below(static_cast<int64_t>(8 * bytes.size()), 1);
      bytes[static_cast<size_t>(bit / 8)] ^= static_cast<char>(1 << bit % 8);
    });
    each("cuts", count / 10, [&](std::string& bytes, const Stream& own) {
      bytes.resize(static_cast<size_t>(own.below(static_cast<int64_t>(bytes.size()), 1)));
    });
    each("zeroed blocks", count / 10, [&](std::string& bytes, const Stream& own) {
      const auto begin = static_cast<size_t>(own.below(static_cast<int64_t>(bytes.size()), 1));
      const size_t size = std::min<size_t>(bytes.size() - begin, 512);
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(begin), size, '\0');
    });
    swap_files();
    return out_;
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& file) const {
    return store_.path(newest_) + "/" + file;
  }

  // Files are chosen by their sizes, every fourth time each alike, so that small ones have their
  // share.
  template <class Harm>
  void each(const std::string& kind, int64_t count, Harm harm) {
    const Stream stream = stream_.child(kind);
    for (int64_t i = 0; i < count; ++i) {
      const size_t file = choose(stream.at(i), i % 4 == 0);
      std::string bytes = bytes_[file];
      for (int64_t again = 0; bytes == bytes_[file]; ++again) harm(bytes, stream.at(i).at(again));
      write_plainly(path_of(files_[file]), bytes);
      ask(kind, files_[file]);
      write_plainly(path_of(files_[file]), bytes_[file]);
    }
  }

  [[nodiscard]] size_t choose(const Stream& stream, bool alike) const {
    if (alike) return static_cast<size_t>(stream.below(std::ssize(files_), 0));
    int64_t total = 0;
    for (const std::string& bytes : bytes_) total += std::ssize(bytes);
    int64_t at = stream.below(total, 0);
    for (size_t i = 0; i < bytes_.size(); ++i) {
      at -= std::ssize(bytes_[i]);
      if (at < 0) return i;
    }
    return 0;
  }

  void swap_files() {
    for (size_t i = 0; i < files_.size(); ++i) {
      for (const int64_t step : store_.list()) {
        const std::string other = read_file(store_.path(step) + "/" + files_[i]);
        if (other == bytes_[i]) continue;
        write_plainly(path_of(files_[i]), other);
        ask("files of other steps", files_[i]);
        write_plainly(path_of(files_[i]), bytes_[i]);
      }
    }
  }

  void ask(const std::string& kind, const std::string& file) {
    auto& row = out_[kind];
    if (row.is_null())
      row = {{"tried", 0}, {"refused", 0}, {"named", 0}, {"tensors_named", 0}, {"came_back", 0}};
    std::string said;
    std::string got;
    try {
      const Snapshot snapshot =
          store_.load_newest([&](const std::string& line) { said += line + "\n"; });
      got = snapshot.step == before_ ? content(snapshot) : "";
    } catch (const std::exception& error) {
      said = error.what();
    }
    const auto add = [&](const char* key, bool so) { row[key] = row[key].get<int64_t>() + so; };
    add("tried", true);
    add("refused", !said.empty());
    add("named", said.find(path_of(file)) == 0);
    add("tensors_named", said.find(": tensor '") != std::string::npos);
    add("came_back", got == before_content_);
  }

  CheckpointStore store_;
  Stream stream_;
  int64_t newest_ = 0, before_ = 0;
  std::string before_content_;
  std::vector<std::string> files_, bytes_;
  json out_;
};

}  // namespace

json damage_checkpoints(const std::string& directory, int64_t count, const Stream& stream) {
  return Damage(directory, stream).run(count);
}

}  // namespace limbic::proof
