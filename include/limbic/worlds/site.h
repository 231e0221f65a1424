#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/worlds/schema.h"

namespace limbic::worlds {

/// A place of an episode that can be observed or asked about.
struct Site {
  int64_t variable = 0, tick = 0, cell = 0;
  int64_t row_cell = 0;  // the cell's index in a row of V cells
};

/// All of them, in the order of RowLayout: variable after variable, each [ticks, cells].
std::vector<Site> sites_of(const Schema& schema);

/// The cells of all of them: [T, V] bool.
at::Tensor possible_cells(const Schema& schema);

/// When a variable can be there: "tick 0 alone", "ticks 0 to 2 alone".
std::string ticks_of(const Variable& variable);

/// Those of variables that the cortex sees, in the same order: S of them.
std::vector<Site> cortical_sites(const Schema& schema);

/// What people call it. Tick and cell are said where the variable has several:
///
///   age   theta[3]   position@2   caption@2[3]
std::string site_name(const Schema& schema, const Site& site);

/// The same of some sites, and of ticks with several cells of a variable: `caption@2`.
std::vector<std::string> place_names(const Schema& schema, const std::vector<Site>& sites);

/// Whether a glob names it: its variable or modality, either at its tick, or it alone; '*' and '?'
/// as usual.
bool is_named(const Schema& schema, const Site& site, const std::string& glob);

/// Of a variable's values or beliefs [B, ticks, cells, ...], those there.
inline at::Tensor at_site(const at::Tensor& own, const Site& site) {
  return own.select(1, site.tick).select(1, site.cell);
}

/// Whether a glob names any.
bool names_a_site(const Schema& schema, const std::string& glob);

/// The globs in texts of one or several between commas. One that names sites as a whole, comma and
/// all, is one.
std::vector<std::string> globs_of(const Schema& schema, const std::vector<std::string>& texts);

/// The tail of a message that nothing is called `name`: what to do, where that is a part of a
/// variable's name that globs_of took apart; else empty. `option` is what gave the text.
std::string about_commas(const Schema& schema, const std::string& name, const std::string& option);

/// The sites that globs name.
///
/// Shapes  [T, V] bool on the CPU.
/// Errors  input: a glob that fits nothing, with the nearest name. `option` begins the message.
at::Tensor sites_named(const Schema& schema, const std::vector<std::string>& globs,
                       const std::string& option);
/// The same of sites that the cortex sees, `seen_TV`.
///
/// Errors  input: also a glob that names none of those.
at::Tensor seen_sites_named(const Schema& schema, const std::vector<std::string>& globs,
                            const at::Tensor& seen_TV, const std::string& option);

}  // namespace limbic::worlds
