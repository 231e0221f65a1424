#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/reader.h"

namespace limbic::worlds {

/// Classes of pictures by their words. YAML: `sandal` or `[sandal, bag]`.
struct ClassWords {
  std::vector<std::string> words{"sandal"};

  static ClassWords from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape();
  friend bool operator==(const ClassWords& a, const ClassWords& b) = default;
};

/// YAML: `world: {type: spider}`.
struct SpiderConfig {
  ClassWords threat;
  std::string data = "/usr/share/datasets/fashion-mnist";
  bool shuffle_captions = false;
  bool book_pictures = true;

  static void fields(auto& self, auto&& field) {
    field("threat", self.threat, "the class that bites; several: one retina and one label each");
    field("data", self.data, "folder with Fashion-MNIST's four idx.gz files");
    field("shuffle_captions", self.shuffle_captions,
          "captions of books speak of any class (ablation: nothing can carry over)");
    field("book_pictures", self.book_pictures,
          "books have pictures (false is an ablation: nothing can carry over)");
  }
};

}  // namespace limbic::worlds
