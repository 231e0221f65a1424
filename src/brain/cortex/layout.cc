#include "limbic/brain/cortex/layout.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace limbic::brain {
namespace {

at::Tensor to_tensor(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

// What is asked about one variable, see Layout::Asked.
struct Lists {
  std::vector<int64_t> query, value, cell;
};

// The sites of one row, by what they are to the cortex.
struct Row {
  std::vector<int64_t> observed, hidden, echoes;
};

class Builder {
 public:
  Builder(const worlds::Schema& schema, const std::vector<worlds::Site>& sites,
          const worlds::Roles& roles, const at::Tensor& rank_BTV, Room room)
      : schema_(schema),
        sites_(sites),
        room_(room),
        observed_(roles.observed_BTV.contiguous()),
        asked_(roles.asked_BTV.contiguous()),
        rank_(rank_BTV.defined() ? rank_BTV.contiguous() : rank_BTV) {
    const std::vector<int64_t> shape = {observed_.size(0), schema.num_ticks(), schema.num_cells()};
    TORCH_CHECK(observed_.device().is_cpu() && observed_.sizes() == at::IntArrayRef(shape) &&
                    asked_.sizes() == observed_.sizes(),
                "roles must be on the CPU and [B, T, V] = ", shape, ", got ", observed_.sizes(),
                " and ", asked_.sizes());
    layout_.num_rows = observed_.size(0);
  }

  Layout build() {
    for (int64_t b = 0; b < layout_.num_rows; ++b) rows_.push_back(read_row(b));
    for (const Row& row : rows_) {
      const auto hidden = static_cast<int64_t>(row.hidden.size());
      layout_.num_observed = std::max<int64_t>(layout_.num_observed, row.observed.size());
      num_hidden_ = std::max(num_hidden_, hidden);
      num_echoes_ = std::max<int64_t>(num_echoes_, row.echoes.size());
    }
    layout_.num_observed = room_for(layout_.num_observed, room_.seen);
    num_hidden_ = room_for(num_hidden_, room_.asked);
    num_echoes_ = room_for(num_echoes_, room_.asked);
    layout_.num_realised = rank_.defined() ? std::max<int64_t>(num_hidden_ - 1, 0) : 0;
    layout_.num_queries = num_hidden_ + num_echoes_;
    write_prefixes();
    write_keys();
    write_queries();
    return std::move(layout_);
  }

 private:
  static int64_t room_for(int64_t count, int64_t most) {
    if (most == 0) return count;
    const int64_t half = (most + 1) / 2;
    return std::min(most, (count + half - 1) / half * half);
  }
  [[nodiscard]] bool is_even() const { return room_.seen > 0; }

  [[nodiscard]] int64_t cell_of(int64_t row, const worlds::Site& site) const {
    return (row * schema_.num_ticks() + site.tick) * schema_.num_cells() + site.row_cell;
  }

  [[nodiscard]] Row read_row(int64_t b) const {
    const bool* const observed = observed_.const_data_ptr<bool>();
    const bool* const asked = asked_.const_data_ptr<bool>();
    Row row;
    for (int64_t s = 0; s < static_cast<int64_t>(sites_.size()); ++s) {
      const int64_t at = cell_of(b, sites_[s]);
      if (observed[at]) row.observed.push_back(s);
      if (asked[at]) (observed[at] ? row.echoes : row.hidden).push_back(s);
    }
    if (rank_.defined()) {
      const int64_t* const rank = rank_.const_data_ptr<int64_t>();
      std::sort(row.hidden.begin(), row.hidden.end(), [&](int64_t x, int64_t y) {
        return rank[cell_of(b, sites_[x])] < rank[cell_of(b, sites_[y])];
      });
    }
    return row;
  }

  void write_prefixes() {
    const int64_t context = 1 + layout_.num_observed;
    std::vector<int64_t> of_keys, of_queries;
    for (int64_t k = 0; k < layout_.num_keys(); ++k) of_keys.push_back(std::max(context, k + 1));
    for (int64_t q = 0; q < layout_.num_queries; ++q) {
      const bool hidden = q < num_hidden_;
      of_queries.push_back(context + (hidden ? std::min(q, layout_.num_realised) : 0));
    }
    layout_.key_prefix = to_tensor(of_keys);
    layout_.query_prefix = to_tensor(of_queries);
  }

  void write_keys() {
    const int64_t num_sites = static_cast<int64_t>(sites_.size());
    std::vector<int64_t> key_site;
    std::vector<uint8_t> padding;
    bool padded = false;
    for (int64_t b = 0; b < layout_.num_rows; ++b) {
      const auto add = [&](const std::vector<int64_t>& from, int64_t count) {
        for (int64_t j = 0; j < count; ++j) {
          const bool there = j < static_cast<int64_t>(from.size());
          key_site.push_back(b * num_sites + (there ? from[j] : 0));
          padding.push_back(!there);
          padded = padded || !there;
        }
      };
      padding.push_back(0);
      add(rows_[b].observed, layout_.num_observed);
      add(rows_[b].hidden, layout_.num_realised);
    }
    layout_.key_site = to_tensor(key_site);
    if (padded || is_even()) {
      layout_.key_padding = at::empty({layout_.num_rows, layout_.num_keys()}, at::kByte);
      std::copy(padding.begin(), padding.end(), layout_.key_padding.mutable_data_ptr<uint8_t>());
    }
  }

  void write_queries() {
    const int64_t total = layout_.num_rows * layout_.num_queries;
    std::vector<int64_t> site(total, 0);
    std::vector<int64_t> echo(total, 0);
    layout_.query_there = at::zeros({total}, at::kBool);
    bool* const there = layout_.query_there.mutable_data_ptr<bool>();
    std::vector<Lists> asked(schema_.size());
    for (int64_t b = 0; b < layout_.num_rows; ++b) {
      const auto add = [&](const std::vector<int64_t>& from, int64_t first, bool is_echo) {
        for (int64_t j = 0; j < static_cast<int64_t>(from.size()); ++j) {
          const int64_t query = b * layout_.num_queries + first + j;
          const worlds::Site& place = sites_[from[j]];
          const auto& variable = schema_[place.variable];
          site[query] = from[j];
          echo[query] = is_echo;
          there[query] = true;
          Lists& lists = asked[place.variable];
          lists.query.push_back(query);
          lists.value.push_back((b * variable.num_ticks + place.tick) * variable.num_cells +
                                place.cell);
          lists.cell.push_back(cell_of(b, place));
        }
      };
      add(rows_[b].hidden, 0, false);
      add(rows_[b].echoes, num_hidden_, true);
    }
    layout_.query_site = to_tensor(site);
    layout_.query_echo = to_tensor(echo);
    for (int64_t i = 0; i < schema_.size(); ++i) layout_.asked.push_back(finished(asked[i], i));
  }

  // What was asked about a variable, with entries of padding up to all of its cells.
  [[nodiscard]] Layout::Asked finished(Lists& lists, int64_t variable) const {
    const auto& about = schema_[variable];
    const int64_t all = layout_.num_rows * about.num_ticks * about.num_cells;
    Layout::Asked result;
    if (is_even() && layout_.num_queries > 0 && about.access == worlds::Access::kCortex) {
      std::vector<int64_t> place = lists.value;
      place.resize(all, all);
      result.place = to_tensor(place);
      lists.query.resize(all, 0);
      lists.value.resize(all, 0);
      lists.cell.resize(all, observed_.numel());
    }
    result.query = to_tensor(lists.query);
    result.value = to_tensor(lists.value);
    result.cell = to_tensor(lists.cell);
    if (!result.place.defined()) result.place = result.value;
    return result;
  }

  const worlds::Schema& schema_;
  const std::vector<worlds::Site>& sites_;
  Room room_;
  at::Tensor observed_, asked_, rank_;
  std::vector<Row> rows_;
  int64_t num_hidden_ = 0;
  int64_t num_echoes_ = 0;
  Layout layout_;
};

}  // namespace

Layout Layout::to(at::Device device) const {
  if (device.is_cpu()) return *this;
  Layout moved = *this;
  Upload upload;
  moved.hand_over(upload);
  for (at::Tensor* const tensor : upload.tensors())
    *tensor = tensor->to(device, /*non_blocking=*/true);
  return moved;
}

void Layout::hand_over(Upload& upload) {
  for (const int64_t number : {num_rows, num_observed, num_realised, num_queries})
    upload.decide(number);
  for (at::Tensor* const tensor : {&key_site, &query_site, &query_echo, &query_there, &key_padding,
                                   &key_prefix, &query_prefix, &sees})
    upload.add(*tensor);
  for (Asked& about : asked) {
    for (at::Tensor* const tensor : {&about.query, &about.value, &about.place, &about.cell})
      upload.add(*tensor);
  }
}

void Layouts::hand_over(Upload& upload) {
  for (Layout& layout : all) layout.hand_over(upload);
  if (is_computed_anew) upload.decide_later();
}

at::Tensor seen_sites(const Layout& layout, int64_t num_sites) {
  auto sees = at::zeros({layout.num_rows * layout.num_queries, num_sites}, at::kBool);
  const auto& padding = layout.key_padding;
  const int64_t keys = layout.num_keys() - 1;  // without the null token
  const int64_t* const prefix = layout.query_prefix.const_data_ptr<int64_t>();
  for (int64_t b = 0; b < layout.num_rows; ++b) {
    const int64_t* const site = layout.key_site.const_data_ptr<int64_t>() + b * keys;
    const uint8_t* const hidden =
        padding.defined() ? padding.const_data_ptr<uint8_t>() + b * (keys + 1) + 1 : nullptr;
    for (int64_t q = 0; q < layout.num_queries; ++q) {
      bool* const row = sees.mutable_data_ptr<bool>() + (b * layout.num_queries + q) * num_sites;
      for (int64_t k = 0; k + 1 < prefix[q]; ++k) {
        if (!hidden || !hidden[k]) row[site[k] - b * num_sites] = true;
      }
    }
  }
  return sees;
}

Layout make_layout(const worlds::Schema& schema, const std::vector<worlds::Site>& sites,
                   const worlds::Roles& roles, const at::Tensor& rank_BTV, Room room) {
  return Builder(schema, sites, roles, rank_BTV, room).build();
}

}  // namespace limbic::brain
