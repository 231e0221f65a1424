#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/brain/steering/code.h"
#include "limbic/brain/steering/definitions.h"
#include "limbic/worlds/schema.h"

namespace limbic::brain::steering {

/// What a name stands for.
struct Symbol {
  Part part = Part::kWorld;
  int64_t index = 0;  // of the world's variable, or of the definition
};

/// Who names it, for the rules and for messages.
struct Asker {
  Part part = Part::kProbe;
  std::string name;
};

/// The values that definitions have so far, by their index. Broken until they are compiled.
struct Outputs {
  std::vector<Value> realised;  // of a sense or drive: its value
  std::vector<Value> truth;     // of a variable
};

/// All that an expression can name, and who may name it:
///
///   sense            primitive variables, senses
///   variable, drive  these and variables (realised), assess.<variable>, drives
///   probe            these and cortex variables, labels, truth.<variable>
class Names {
 public:
  /// Notes names that no expression could say, or that stand for two things.
  Names(const worlds::Schema& schema, const std::vector<Definition>& definitions,
        config::Problems& problems);

  [[nodiscard]] const worlds::Schema& schema() const { return schema_; }
  [[nodiscard]] const Symbol* find(std::string_view name) const;
  /// The definition that `term` makes `asker` depend on, or -1.
  [[nodiscard]] int64_t dependency(const Term& term, Part asker) const;

  using Note = std::function<void(std::string message)>;
  /// What a term of kind kName or kPresent yields; broken and noted if the asker may not name it.
  Value resolve(const Term& term, const Asker& asker, const Outputs& outputs, Code& code,
                const Note& note) const;

 private:
  void declare(const Definition& definition, int64_t index, config::Problems& problems);
  [[nodiscard]] std::vector<std::string> readable(const Asker& asker) const;
  [[nodiscard]] std::string unknown(const Term& term, const Asker& asker) const;
  /// Empty if it may, else what is wrong.
  [[nodiscard]] std::string refusal(const Symbol& symbol, const Term& term,
                                    const Asker& asker) const;
  Value world_value(int64_t variable, const Term& term, Code& code, const Note& note) const;
  Value dotted_value(const Term& term, const Asker& asker, const Outputs& outputs, Code& code,
                     const Note& note) const;

  worlds::Schema schema_;
  std::map<std::string, Symbol, std::less<>> symbols_;
  std::vector<int64_t> ordinals_;  // by definition
};

}  // namespace limbic::brain::steering
