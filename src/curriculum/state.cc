#include "limbic/curriculum/state.h"

#include <nlohmann/json.hpp>

#include "limbic/core/json_number.h"
#include "limbic/core/json_reader.h"

namespace limbic::curriculum {
namespace {

using Json = nlohmann::json;

Json tracks_to_json(const std::vector<Track>& tracks) {
  Json list = Json::array();
  for (const Track& track : tracks) {
    list.push_back({{"streak", track.streak},
                    {"best", number_to_json<Json>(track.best)},
                    {"last", number_to_json<Json>(track.last)}});
  }
  return list;
}

std::vector<Track> tracks_from_json(const Json& list, const std::string& place) {
  std::vector<Track> tracks;
  for (const Json& item : list) {
    ObjectReader<Json> reader(item, place + ": a condition");
    tracks.push_back({reader.count("streak"), reader.number("best"), reader.number("last")});
    reader.refuse_unread_keys();
  }
  return tracks;
}

}  // namespace

Json to_json(const State& state) {
  return {{"status", name_of(state.status)},
          {"stage", state.stage},
          {"entered_at", state.entered_at},
          {"visits", state.visits},
          {"fall_backs", state.fall_backs},
          {"until", tracks_to_json(state.until)},
          {"fall_back", tracks_to_json(state.fall_back)}};
}

State state_from_json(const Json& json, const std::string& place) {
  ObjectReader<Json> reader(json, place);
  State state{.status = reader.choice<Status>("status"),
              .stage = reader.count("stage"),
              .entered_at = reader.count("entered_at"),
              .visits = reader.counts("visits"),
              .fall_backs = reader.counts("fall_backs"),
              .until = tracks_from_json(reader.list("until"), place),
              .fall_back = tracks_from_json(reader.list("fall_back"), place)};
  reader.refuse_unread_keys();
  return state;
}

}  // namespace limbic::curriculum
