#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/worlds/pictures.h"
#include "limbic/worlds/spider_config.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// Fear of a word that never met what is feared: pictures, captions, and a retina that only the
/// steering subsystem sees.
///
///   book = picture + caption + place                 (retina ABSENT: nothing overrides)
///   live = picture + place + retina                  (never a caption)
///   talk = caption alone
///
/// Shapes  picture: 16 cells of 49 pixels; caption: 4 words; place: one of 6, independent of all
///         else; retina: 64 pixels at ticks 0 to 3, all else at tick 0. With several threats
///         retina_<word> and threat_<word> for each. class, noun, threat: labels for evals.
/// State   the pictures, as bytes (55 MB).
/// Errors  see read_pictures.
/// Cost    about 3 us a row.
/// Source  Xiao et al. 2017, arXiv:1708.07747 (Fashion-MNIST).
class Spider final : public World {
 public:
  explicit Spider(const SpiderConfig& config);

  [[nodiscard]] const Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& stream) const override;
  /// As many as there are pictures: place, caption and retina are drawn anew, a picture comes
  /// again.
  [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view regime,
                                                         Split split) const override;
  /// captions_with_retina: rows in which a word and a retina are both there.
  [[nodiscard]] std::map<std::string, int64_t> audit(const Episodes& episodes) const override;
  [[nodiscard]] std::string fingerprint() const override { return fingerprint_; }

 private:
  class Columns;
  struct Pool {
    const Pictures* pictures;
    const std::vector<int64_t>* members;
  };

  struct Parts {
    Pictures train, test;
  };

  static Parts read_both(const std::string& directory);
  static std::string fingerprint_of(const Parts& pictures);
  [[nodiscard]] Pool pool(std::string_view regime, Split split) const;
  void fill_book(Columns& columns, int64_t row, int64_t class_index, const Stream& stream) const;
  void fill_live(Columns& columns, int64_t row, int64_t class_index, const Stream& stream) const;
  void fill_talk(Columns& columns, int64_t row, const Stream& stream) const;

  SpiderConfig config_;
  std::vector<std::string> regimes_{"book", "live", "talk"};
  std::vector<int64_t> threats_;  // classes
  Schema schema_;
  Parts pictures_;
  Shares shares_;
  std::vector<int64_t> all_test_;
  std::string fingerprint_;  // of pictures_
};

}  // namespace limbic::worlds
