#include "limbic/brain/steering/names.h"

#include <algorithm>
#include <array>

#include "limbic/brain/steering/functions.h"
#include "limbic/brain/steering/lexer.h"
#include "limbic/core/suggest.h"

namespace limbic::brain::steering {
namespace {

using worlds::Access;
using worlds::Kind;

/// assess.flinch -> {assess, flinch}; {"", name} where there is no dot that splits.
struct Dotted {
  std::string_view prefix, name;
};
Dotted split(const Term& term) {
  const std::string_view text = term.text;
  const size_t dot = term.verbatim ? std::string_view::npos : text.find('.');
  if (dot == std::string_view::npos) return {"", text};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

bool is_category(const worlds::Variable& variable) {
  return variable.kind == Kind::kCategory && !variable.names.empty();
}

bool is_word_of_the_language(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kWords{"and",   "or",      "not",    "always",
                                                          "never", "present", "assess", "truth"};
  return std::ranges::find(kWords, name) != kWords.end() || find_function(name) != nullptr;
}

void note_shadowed(const Definition& variable, const worlds::Schema& schema,
                   config::Problems& problems) {
  constexpr std::array<std::array<const char*, 2>, 2> kMeanings{
      {{"assess.", "what the amygdala predicts"}, {"truth.", "the truth"}}};
  for (const auto& [prefix, meaning] : kMeanings) {
    const std::string name = prefix + variable.name;
    if (schema.find(name) < 0) continue;
    problems.add(variable.mark, quoted(name) + " would name a variable of the world and " +
                                    meaning + " of variable " + quoted(variable.name) +
                                    "; rename one of them");
  }
}

std::string who(const Asker& asker) {
  return asker.part == Part::kProbe ? "a probe" : word_for(asker.part) + " " + quoted(asker.name);
}

std::string rule_for(const Asker& asker) {
  return asker.part == Part::kSense ? "; a sense may read only primitive variables and other senses"
                                    : "; the steering subsystem senses only primitive variables";
}

}  // namespace

Names::Names(const worlds::Schema& schema, const std::vector<Definition>& definitions,
             config::Problems& problems)
    : schema_(schema) {
  for (int64_t i = 0; i < schema_.size(); ++i) symbols_[schema_[i].name] = {Part::kWorld, i};
  for (size_t i = 0; i < definitions.size(); ++i) {
    ordinals_.push_back(definitions[i].ordinal);
    declare(definitions[i], static_cast<int64_t>(i), problems);
  }
}

void Names::declare(const Definition& definition, int64_t index, config::Problems& problems) {
  const std::string& name = definition.name;
  if (!is_plain_name(name)) {
    problems.add(definition.mark, "no expression could name " + quoted(name) +
                                      "; use letters, digits and '_', no digit first");
  } else if (is_word_of_the_language(name)) {
    problems.add(definition.mark, quoted(name) + " is a word of the language; choose another name");
  }
  if (definition.part == Part::kVariable) note_shadowed(definition, schema_, problems);
  const auto [known, is_new] = symbols_.try_emplace(name, Symbol{definition.part, index});
  if (is_new) return;
  problems.add(definition.mark,
               quoted(name) + " is already the name of a " + word_for(known->second.part));
}

const Symbol* Names::find(std::string_view name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

int64_t Names::dependency(const Term& term, Part asker) const {
  if (term.kind != Term::Kind::kName) return -1;
  const Symbol* symbol = find(term.text);
  if (symbol == nullptr || symbol->part == Part::kWorld) return -1;
  return asker == Part::kSense && symbol->part != Part::kSense ? -1 : symbol->index;
}

std::vector<std::string> Names::readable(const Asker& asker) const {
  std::vector<std::string> known;
  for (const auto& [name, symbol] : symbols_) {
    if (refusal(symbol, Term{}, asker).empty()) known.push_back(name);
    if (symbol.part != Part::kVariable || asker.part == Part::kSense) continue;
    known.push_back("assess." + name);
    if (asker.part == Part::kProbe) known.push_back("truth." + name);
  }
  return known;
}

std::string Names::refusal(const Symbol& symbol, const Term& term, const Asker& asker) const {
  if (asker.part == Part::kProbe) return "";
  if (symbol.part == Part::kWorld) {
    const Access access = schema_[symbol.index].access;
    if (access == Access::kPrimitive) return "";
    const std::string kind =
        access == Access::kLabel ? ", a label that only evals see" : ", which the cortex sees";
    return who(asker) + " reads " + quoted(term.text) + kind + rule_for(asker);
  }
  if (asker.part != Part::kSense || symbol.part == Part::kSense) return "";
  return who(asker) + " reads the " + word_for(symbol.part) + " " + quoted(term.text) +
         rule_for(asker);
}

std::string Names::unknown(const Term& term, const Asker& asker) const {
  const std::string message = "unknown name " + quoted(term.text);
  if (find_function(term.text) != nullptr || term.text == "present") {
    return quoted(term.text) + " is a function; write " + term.text + "(...)";
  }
  if (term.text == "true") return message + "; write 'always'";
  if (term.text == "false") return message + "; write 'never'";
  for (const worlds::Variable& variable : schema_.variables()) {
    const bool is_named_so = std::ranges::find(variable.names, term.text) != variable.names.end();
    if (is_named_so) {
      return message + "; a category of '" + variable.name + "' is written in quotes";
    }
  }
  return message + did_you_mean(term.text, readable(asker));
}

Value Names::resolve(const Term& term, const Asker& asker, const Outputs& outputs, Code& code,
                     const Note& note) const {
  const bool asks_presence = term.kind == Term::Kind::kPresent;
  const Symbol* symbol = find(term.text);
  if (symbol == nullptr && !asks_presence && (term.text == "always" || term.text == "never")) {
    return code.always_or_never(term.text == "always");
  }
  if (symbol == nullptr && !split(term).prefix.empty()) {
    return dotted_value(term, asker, outputs, code, note);
  }
  if (symbol == nullptr) return note(unknown(term, asker)), Value{};
  if (const std::string message = refusal(*symbol, term, asker); !message.empty()) {
    return note(message), Value{};
  }
  if (symbol->part == Part::kWorld) return world_value(symbol->index, term, code, note);
  if (asks_presence) {
    note("only variables of the world can be absent; " + quoted(term.text) + " is a " +
         word_for(symbol->part));
    return {};
  }
  if (term.cell >= 0) {
    note("only variables of the world have cells; " + quoted(term.text) + " is a " +
         word_for(symbol->part));
    return {};
  }
  return outputs.realised[symbol->index];
}

Value Names::dotted_value(const Term& term, const Asker& asker, const Outputs& outputs, Code& code,
                          const Note& note) const {
  const auto [prefix, name] = split(term);
  const Symbol* symbol = find(name);
  const bool is_variable = symbol != nullptr && symbol->part == Part::kVariable;
  const bool is_assess = prefix == "assess" && is_variable;
  const bool is_truth = prefix == "truth" && is_variable;
  if (prefix == "assess" && asker.part == Part::kSense) {
    note(who(asker) + " reads the amygdala (" + quoted(term.text) + ")" + rule_for(asker));
  } else if (is_truth && asker.part != Part::kProbe) {
    note(quoted(term.text) + " may be named only by evals; " + quoted(name) +
         " is the realised output");
  } else if (!is_assess && !is_truth) {
    note(unknown(term, asker));
  } else if (term.kind == Term::Kind::kPresent) {
    note("only variables of the world can be absent");
  } else if (term.cell >= 0) {
    note("only variables of the world have cells");
  } else {
    if (is_truth) return outputs.truth[symbol->index];
    const Operation operation{.op = Op::kAssess, .index = ordinals_[symbol->index]};
    return code.source(operation, Type::kNumber, 1);
  }
  return {};
}

Value Names::world_value(int64_t variable, const Term& term, Code& code, const Note& note) const {
  const worlds::Variable& known = schema_[variable];
  if (term.cell >= known.num_cells) {
    note("'" + known.name + "' has " + std::to_string(known.num_cells) +
         (known.num_cells == 1 ? " cell" : " cells") + ", the last is " + known.name + "[" +
         std::to_string(known.num_cells - 1) + "]");
    return {};
  }
  Operation operation{.op = Op::kPresent, .index = variable, .cell = term.cell};
  if (term.kind == Term::Kind::kPresent) return code.source(operation, Type::kClaim, 1);
  operation.op = Op::kLoad;
  const int64_t num_cells = term.cell >= 0 ? 1 : known.num_cells;
  const int64_t width = num_cells * known.numbers_a_cell();
  Value value = code.source(operation, Type::kNumber, width);
  if (!is_category(known)) return value;
  value.type = Type::kCategory;
  value.category = variable;
  return value;
}

}  // namespace limbic::brain::steering
