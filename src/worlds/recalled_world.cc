#include "limbic/worlds/recalled_world.h"

#include <c10/util/Exception.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/json_reader.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/spline.h"

namespace limbic::worlds {

using nlohmann::json;

namespace {

constexpr int64_t kFormat = 1;

json to_json(double number) { return number_to_json<json>(number); }

json to_json(const Tiling& tiling) {
  return {{"rows", tiling.rows},
          {"columns", tiling.columns},
          {"height", tiling.height},
          {"width", tiling.width}};
}

json to_json(const Transform& transform) {
  json knots = json::array();
  if (transform.spline) {
    for (const Knot& knot : transform.spline->knots())
      knots.push_back(json::array({to_json(knot.x), to_json(knot.y)}));
  }
  return {{"kind", name_of(transform.kind)},
          {"offset", to_json(transform.offset)},
          {"unit", to_json(transform.unit)},
          {"knots", knots}};
}

json to_json(const Variable& variable) {
  return {{"name", variable.name},
          {"kind", name_of(variable.kind)},
          {"size", variable.size},
          {"num_cells", variable.num_cells},
          {"num_ticks", variable.num_ticks},
          {"modality", variable.modality},
          {"access", name_of(variable.access)},
          {"center", to_json(variable.center)},
          {"scale", to_json(variable.scale)},
          {"low", to_json(variable.low)},
          {"high", to_json(variable.high)},
          {"transform", to_json(variable.transform)},
          {"names", variable.names},
          {"tiling", to_json(variable.tiling)}};
}

json to_json(const CsvDialect& dialect) {
  return {{"delimiter", std::string{dialect.delimiter}},
          {"missing", dialect.missing},
          {"skipped", dialect.skipped}};
}

using Reader = ObjectReader<json>;

double number(Reader& reader, const char* key, const std::string& place) {
  const std::optional<double> found = reader.number(key);
  if (!found) throw damaged(place, " has a '", key, "' that makes no sense: 'null'");
  return *found;
}

Knot knot_from_json(const json& pair, const std::string& place) {
  const auto x = number_from_json(pair.at(0)), y = number_from_json(pair.at(1));
  if (!x || !y) throw damaged(place, ": ", quoted(pair.dump()), " is no knot");
  return {*x, *y};
}

std::vector<std::string> texts(Reader& reader, const char* key) {
  return reader.list(key).get<std::vector<std::string>>();
}

Tiling tiling_from_json(const json& object, const std::string& place) {
  Reader reader(object, place);
  const Tiling tiling{.rows = reader.count("rows"),
                      .columns = reader.count("columns"),
                      .height = reader.count("height"),
                      .width = reader.count("width")};
  reader.refuse_unread_keys();
  return tiling;
}

Transform transform_from_json(const json& object, const std::string& place) {
  Reader reader(object, place);
  Transform transform{.kind = reader.choice<TransformKind>("kind"),
                      .offset = number(reader, "offset", place),
                      .unit = number(reader, "unit", place)};
  std::vector<Knot> knots;
  for (const json& knot : reader.list("knots")) knots.push_back(knot_from_json(knot, place));
  reader.refuse_unread_keys();
  if (transform.kind == TransformKind::kQuantile)
    transform.spline = std::make_shared<Spline>(knots);
  return transform;
}

Variable variable_from_json(const json& object, const std::string& place) {
  Reader reader(object, place);
  Variable variable{.name = reader.text("name"),
                    .kind = reader.choice<Kind>("kind"),
                    .size = reader.count("size"),
                    .num_cells = reader.count("num_cells"),
                    .num_ticks = reader.count("num_ticks"),
                    .modality = reader.text("modality"),
                    .access = reader.choice<Access>("access"),
                    .center = number(reader, "center", place),
                    .scale = number(reader, "scale", place),
                    .low = number(reader, "low", place),
                    .high = number(reader, "high", place),
                    .transform = transform_from_json(reader.at("transform"), place + ": transform"),
                    .names = texts(reader, "names"),
                    .tiling = tiling_from_json(reader.at("tiling"), place + ": tiling")};
  reader.refuse_unread_keys();
  return variable;
}

CsvDialect dialect_from_json(const json& object, const std::string& place) {
  Reader reader(object, place);
  const std::string delimiter = reader.text("delimiter");
  if (delimiter.size() != 1)
    throw damaged(place, ": the delimiter ", quoted(delimiter), " is not one character");
  CsvDialect dialect{.delimiter = delimiter.front(),
                     .missing = texts(reader, "missing"),
                     .skipped = texts(reader, "skipped")};
  reader.refuse_unread_keys();
  return dialect;
}

class RecalledWorld final : public World {
 public:
  RecalledWorld(const json& object, const std::string& file) {
    Reader reader(object, file);
    const int64_t format = reader.count("format");
    if (format != kFormat)
      throw input_error(file, ": format ", format, " is not ", kFormat,
                        ", the one that this limbic reads");
    regimes_ = texts(reader, "regimes");
    dialect_ = dialect_from_json(reader.at("csv"), file + ": csv");
    const int64_t num_ticks = reader.count("num_ticks");
    std::vector<Variable> variables;
    for (const json& variable : reader.list("variables"))
      variables.push_back(
          variable_from_json(variable, concat(file, ": variable ", variables.size())));
    reader.refuse_unread_keys();
    schema_ = Schema(std::move(variables), num_ticks);
  }

  [[nodiscard]] const Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }
  [[nodiscard]] CsvDialect csv_dialect() const override { return dialect_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& /*stream*/) const override {
    TORCH_CHECK(false, "a recalled world has no episodes, asked for ", draw.num_rows, " of '",
                draw.regime, "'");
  }

 private:
  Schema schema_;
  std::vector<std::string> regimes_;
  CsvDialect dialect_;
};

}  // namespace

std::string to_json(const World& world) {
  json variables = json::array();
  for (const Variable& variable : world.schema().variables())
    variables.push_back(to_json(variable));
  const json all = {{"format", kFormat},
                    {"num_ticks", world.schema().num_ticks()},
                    {"regimes", world.regimes()},
                    {"csv", to_json(world.csv_dialect())},
                    {"variables", variables}};
  return all.dump(1) + "\n";
}

std::unique_ptr<World> recalled_world(const std::string& text, const std::string& file) {
  try {
    return std::make_unique<RecalledWorld>(json::parse(text, nullptr, false), file);
  } catch (const json::exception& error) {
    throw damaged(file, ": ", error.what());
  } catch (const c10::Error& error) {  // of a schema or a spline that cannot be
    throw damaged(file, ": ", error.what_without_backtrace());
  }
}

}  // namespace limbic::worlds
