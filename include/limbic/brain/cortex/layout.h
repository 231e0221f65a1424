#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/cortex/question.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"

namespace limbic::brain {

/// Which tokens a batch of roles makes, worked out on the CPU so that every count is known without
/// asking a device.
///
/// Keys of a row are [null, observed sites..., hidden asked sites in rank order]; queries are
/// [hidden asked in rank order..., echoes]. So every query sees a prefix of the keys: a hidden one
/// all that is observed and what comes before it in rank, an echo all that is observed.
///
/// Shapes  B rows, S sites, T ticks, V cells. Rows that need fewer tokens than the fullest are
///         padded; padded keys are hidden by `key_padding`, padded queries are not in
///         `query_there`.
struct Layout {
  /// The queries about one variable: where its states stand among the queries, its values in the
  /// column, its cells in [B, T, V]. Of a padding entry query and value are the first there is, and
  /// place and cell are one past the last.
  struct Asked {
    at::Tensor query;  // [n] in [B * num_queries]
    at::Tensor value;  // [n] in [B * t * cells]
    at::Tensor place;  // the same, but of padding
    at::Tensor cell;   // [n] in [B * T * V]
  };

  int64_t num_rows = 0;
  int64_t num_observed = 0;
  int64_t num_realised = 0;  // hidden asked sites that come back as keys: all but the last of a
                             // row, none for marginals
  int64_t num_queries = 0;
  at::Tensor key_site;       // [B * (num_observed + num_realised)] in [B * S]
  at::Tensor query_site;     // [B * num_queries] in [S]
  at::Tensor query_echo;     // [B * num_queries] 0 hidden, 1 echo
  at::Tensor query_there;    // [B * num_queries] bool: it is about something
  at::Tensor key_padding;    // [B, num_keys] uint8, undefined if no row is padded
  at::Tensor key_prefix;     // [num_keys]: how many keys each sees
  at::Tensor query_prefix;   // [num_queries]
  std::vector<Asked> asked;  // one per variable of the schema
  at::Tensor sees;           // [B * num_queries, S] bool, see seen_sites; may be undefined

  [[nodiscard]] int64_t num_keys() const { return 1 + num_observed + num_realised; }
  [[nodiscard]] Layout to(at::Device device) const;
  void hand_over(Upload& upload);
};

/// One or several, as a question to a transformer.
struct Layouts : Preparation {
  std::vector<Layout> all;
  bool is_computed_anew = false;  // the answer, each time
  void hand_over(Upload& upload) override;
};

/// How many tokens a layout has room for: what the fullest row needs, or more, so that layouts have
/// few sizes: none, half or all of what there may be (of what is asked about a variable, all its
/// cells).
struct Room {
  int64_t seen = 0, asked = 0;  // sites that any row may see or be asked about; 0: exactly those
};

/// Which sites each query of a layout on the CPU sees, as the prefixes of keys say: [B *
/// num_queries, S] bool.
at::Tensor seen_sites(const Layout& layout, int64_t num_sites);

/// Joint layout in the order of rank_BTV (int64, CPU), or one of marginals if it is undefined.
Layout make_layout(const worlds::Schema& schema, const std::vector<worlds::Site>& sites,
                   const worlds::Roles& roles, const at::Tensor& rank_BTV, Room room = {});

}  // namespace limbic::brain
