#include "limbic/worlds/spider.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <future>
#include <numeric>
#include <span>

#include "limbic/core/hash.h"
#include "limbic/worlds/captions.h"
#include "limbic/worlds/epoch_order.h"
#include "limbic/worlds/retina.h"

namespace limbic::worlds {
namespace {

constexpr double kPixelMean = 0.286, kPixelDeviation = 0.353;  // of all training pictures
constexpr std::array kPlaces{"kitchen", "garden", "street", "forest", "beach", "office"};

// Places in the schema, in this order; then retinas, labels, threats.
constexpr int64_t kPicture = 0, kCaption = 1, kPlace = 2, kFirstRetina = 3;

std::vector<std::string> words_of(const auto& words) { return {words.begin(), words.end()}; }

Variable picture_variable() {
  return {.name = "picture",
          .kind = Kind::kVector,
          .size = kPatchSize,
          .num_cells = kNumPatches,
          .modality = "picture",
          .center = kPixelMean,
          .scale = kPixelDeviation,
          .tiling = {kPatchesPerSide, kPatchesPerSide, kPatchSide, kPatchSide}};
}

Variable category(const std::string& name, std::vector<std::string> names, Access access) {
  return {.name = name,
          .kind = Kind::kCategory,
          .size = std::ssize(names),
          .modality = access == Access::kLabel ? "label" : name,
          .access = access,
          .names = std::move(names)};
}

Variable retina_variable(const std::string& name) {
  return {.name = name,
          .kind = Kind::kVector,
          .size = kRetinaSize,
          .num_ticks = kRetinaTicks,
          .modality = "retina",
          .access = Access::kPrimitive,
          .tiling = {1, 1, kRetinaSide, kRetinaSide}};
}

Schema spider_schema(const std::vector<std::string>& threats) {
  const auto named = [&](const std::string& name, std::string threat) {
    std::ranges::replace(threat, '-', '_');  // expressions name variables
    return threats.size() == 1 ? name : name + "_" + threat;
  };
  std::vector<Variable> variables{picture_variable(),
                                  category("caption", caption_words(), Access::kCortex),
                                  category("place", words_of(kPlaces), Access::kCortex)};
  variables[kCaption].num_cells = kCaptionWords;
  for (const std::string& threat : threats) {
    variables.push_back(retina_variable(named("retina", threat)));
  }
  const std::vector<std::string> nouns(caption_words().begin(),
                                       caption_words().begin() + kNumNouns);
  variables.push_back(category("class", words_of(kClassWords), Access::kLabel));
  variables.push_back(category("noun", nouns, Access::kLabel));
  for (const std::string& threat : threats) {
    variables.push_back(category(named("threat", threat), {"no", "yes"}, Access::kLabel));
  }
  return {std::move(variables), kRetinaTicks};
}

const std::array<float, 256>& brightness() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 255.0F;
    return values;
  }();
  return table;
}

}  // namespace

/// Episodes being filled, row by row.
class Spider::Columns {
 public:
  Columns(const Schema& schema, const std::vector<int64_t>& threats, int64_t num_rows)
      : episodes(empty_episodes(schema, num_rows)),
        schema_(schema),
        threats_(threats),
        class_column_(kFirstRetina + std::ssize(threats)),
        present_(episodes.present_BTV.mutable_data_ptr<bool>()) {}

  void set_category(int64_t variable, int64_t row, int64_t value) {
    *row_of<int64_t>(variable, row) = value;
    mark_present(variable, row);
  }

  void set_picture(int64_t row, const uint8_t* pixels) {
    const std::array<float, 256>& table = brightness();
    float* out = row_of<float>(kPicture, row);
    for (int64_t i = 0; i < kPictureSize; ++i) out[i] = table[pixels[i]];
    mark_present(kPicture, row);
  }

  void set_caption(int64_t row, int64_t class_index, const Stream& stream) {
    const std::span<int64_t, kCaptionWords> words(row_of<int64_t>(kCaption, row), kCaptionWords);
    set_category(class_column_ + 1, row, write_caption(class_index, stream, words));
    mark_present(kCaption, row);
  }

  void set_retina(size_t threat, int64_t row, Movie movie, const Stream& stream) {
    const int64_t variable = kFirstRetina + static_cast<int64_t>(threat);
    const std::span<float, kRetinaTicks * kRetinaSize> out(row_of<float>(variable, row),
                                                           kRetinaTicks * kRetinaSize);
    paint_retina(movie, stream, out);
    mark_present(variable, row);
  }

  void set_class(int64_t row, int64_t class_index) {
    set_category(class_column_, row, class_index);
    for (size_t i = 0; i < threats_.size(); ++i) {
      set_category(class_column_ + 2 + static_cast<int64_t>(i), row, threats_[i] == class_index);
    }
  }

  Episodes episodes;

 private:
  template <class T>
  T* row_of(int64_t variable, int64_t row) {
    const at::Tensor& value = episodes.value[variable];
    return value.mutable_data_ptr<T>() + row * value.stride(0);
  }

  void mark_present(int64_t variable, int64_t row) {
    const int64_t num_cells = schema_.num_cells();
    for (int64_t tick = 0; tick < schema_[variable].num_ticks; ++tick) {
      bool* cells = present_ + (row * schema_.num_ticks() + tick) * num_cells;
      std::fill_n(cells + schema_.offset(variable), schema_[variable].num_cells, true);
    }
  }

  const Schema& schema_;
  const std::vector<int64_t>& threats_;
  int64_t class_column_;
  bool* present_;
};

std::string Spider::fingerprint_of(const Parts& pictures) {
  std::string hashes;
  for (const Pictures* part : {&pictures.train, &pictures.test}) {
    for (const std::vector<uint8_t>* bytes : {&part->bytes, &part->label})
      hashes += xxh3_128({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  }
  return xxh3_128(hashes);
}

// At once, since a reader waits for little else.
Spider::Parts Spider::read_both(const std::string& directory) {
  auto test = std::async(std::launch::async, read_pictures, directory, "t10k");
  Pictures train = read_pictures(directory, "train");
  return {std::move(train), test.get()};
}

Spider::Spider(const SpiderConfig& config)
    : config_(config),
      schema_(spider_schema(config.threat.words)),
      pictures_(read_both(config.data)),
      shares_(share_out(pictures_.train)),
      all_test_(pictures_.test.size()),
      fingerprint_(fingerprint_of(pictures_)) {
  std::iota(all_test_.begin(), all_test_.end(), 0);
  for (const std::string& word : config.threat.words) {
    const auto found = std::ranges::find(kClassWords, word);
    TORCH_CHECK(found != kClassWords.end(), "'", word, "' is no class of pictures");
    threats_.push_back(found - kClassWords.begin());
  }
}

Spider::Pool Spider::pool(std::string_view regime, Split split) const {
  if (split == Split::kTest) return {&pictures_.test, &all_test_};
  if (split == Split::kValidation) return {&pictures_.train, &shares_.validation};
  return {&pictures_.train, regime == "book" ? &shares_.book : &shares_.live};
}

std::optional<int64_t> Spider::num_distinct_rows(std::string_view regime, Split split) const {
  const bool shows = regime == "live" || (regime == "book" && config_.book_pictures);
  return shows ? std::optional(std::ssize(*pool(regime, split).members)) : std::nullopt;
}

Episodes Spider::draw(const Draw& draw, const Stream& stream) const {
  TORCH_CHECK(std::ranges::find(regimes_, draw.regime) != regimes_.end(), "spider has no regime '",
              draw.regime, "'");
  const Stream source = stream.child(draw.regime).at(static_cast<int64_t>(draw.split));
  const Stream rows = source.child("rows");
  const Pool from = pool(draw.regime, draw.split);
  const EpochOrder order(std::ssize(*from.members), source.child("order"));
  Columns columns(schema_, threats_, draw.num_rows);
  for (int64_t row = 0; row < draw.num_rows; ++row) {
    const int64_t position = draw.first_row + row;
    const Stream row_stream = rows.at(position);
    if (draw.regime == "talk") {
      fill_talk(columns, row, row_stream);
      continue;
    }
    const int64_t picture = (*from.members)[order.item(position)];
    const int64_t class_index = from.pictures->label[picture];
    const bool is_book = draw.regime == "book";
    columns.set_class(row, class_index);
    columns.set_category(kPlace, row, row_stream.below(kPlaces.size(), 0));
    if (!is_book || config_.book_pictures)
      columns.set_picture(row, from.pictures->picture(picture));
    is_book ? fill_book(columns, row, class_index, row_stream)
            : fill_live(columns, row, class_index, row_stream);
  }
  return std::move(columns.episodes);
}

void Spider::fill_book(Columns& columns, int64_t row, int64_t class_index,
                       const Stream& stream) const {
  const int64_t told = config_.shuffle_captions ? stream.below(kNumClasses, 1) : class_index;
  columns.set_caption(row, told, stream.child("caption"));
}

void Spider::fill_live(Columns& columns, int64_t row, int64_t class_index,
                       const Stream& stream) const {
  const Stream retina = stream.child("retina");
  for (size_t i = 0; i < threats_.size(); ++i) {
    const Stream eye = retina.at(static_cast<int64_t>(i));
    const Movie movie = threats_[i] == class_index ? Movie::kThreat : draw_distractor(eye);
    columns.set_retina(i, row, movie, eye);
  }
}

void Spider::fill_talk(Columns& columns, int64_t row, const Stream& stream) const {
  const int64_t class_index = stream.below(kNumClasses, 0);
  columns.set_class(row, class_index);
  columns.set_caption(row, class_index, stream.child("caption"));
}

std::map<std::string, int64_t> Spider::audit(const Episodes& episodes) const {
  const auto has = [&](int64_t first, int64_t num_variables) {
    const int64_t begin = schema_.offset(first), end = schema_.offset(first + num_variables);
    return episodes.present_BTV.slice(2, begin, end).flatten(1).any(1);
  };
  const at::Tensor met = has(kCaption, 1).logical_and(has(kFirstRetina, std::ssize(threats_)));
  return {{"captions_with_retina", met.sum().item<int64_t>()}};
}

}  // namespace limbic::worlds
