#include "limbic/inference/imagine.h"

#include <ATen/ATen.h>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/preference.h"
#include "limbic/inference/sampler.h"
#include "limbic/worlds/image.h"
#include "limbic/worlds/place.h"
#include "limbic/worlds/text.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Place;
using worlds::Schema;

namespace {

Place cortical(const Schema& schema, const std::string& name) {
  Place place = Place::named(schema, name);
  if (schema[place.variable].access != worlds::Access::kCortex)
    throw input_error("the cortex does not see ", quoted(name));
  return place;
}

at::Tensor read_value(const Place& place, const Schema& schema, const std::string& text) {
  const worlds::Variable variable = place.part_of(schema);
  const bool is_picture = variable.tiling.rows > 0;
  if (is_picture && (text.ends_with(".png") || text.ends_with(".PNG"))) {
    return worlds::cells_from_image(variable, worlds::read_png(text), text).unsqueeze(0);
  }
  if (is_picture && text.find(',') == std::string::npos)
    throw input_error(variable.name, ": expected a PNG such as shoe.png, got ", quoted(text));
  return worlds::parse_value(variable, text);
}

}  // namespace

Episodes told(const Schema& schema, const std::map<std::string, std::string>& given) {
  Episodes episodes = worlds::empty_episodes(schema, 1);
  for (const auto& [name, text] : given) {
    const Place place = cortical(schema, name);
    const at::Tensor present = place.of_mask(episodes.present_BTV, schema);
    if (present.any().item<bool>()) throw input_error("of ", quoted(name), " some is given twice");
    place.of_own(episodes.value[place.variable]).copy_(read_value(place, schema, text));
    present.fill_(true);
  }
  return episodes;
}

Answer imagine(brain::Brain& brain, const Schema& schema, const Query& query, const Stream& stream,
               at::Device device) {
  const at::NoGradGuard no_grad;
  const Episodes episodes = told(schema, query.given);
  Answer answer;
  answer.roles = {episodes.present_BTV.clone(), at::zeros_like(episodes.present_BTV)};
  for (const std::string& name : query.ask) {
    const Place place = cortical(schema, name);
    if (place.of_mask(episodes.present_BTV, schema).any().item<bool>())
      throw input_error(quoted(name), " is both given and asked");
    place.of_mask(answer.roles.asked_BTV, schema).fill_(true);
  }
  const Episodes on_device = episodes.to(device);
  answer.marginals = brain.cortex().marginals(on_device, answer.roles);
  answer.scorecard = brain.signals(on_device, answer.roles.observed_BTV).scorecard;
  Request request{worlds::repeat_rows(on_device, query.num_samples),
                  worlds::repeat_rows(answer.roles, query.num_samples)};
  for (const std::string& text : query.where)
    request.evidence.push_back(parse_evidence(schema, text));
  request.tilt = parse_preference(brain, schema, query.prefer, query.tick);
  const Samples samples = sample(brain.cortex(), schema, request, query.dials, stream);
  answer.samples = samples.episodes;
  answer.log_evidence_B = samples.log_evidence_B;
  answer.effective_B = samples.effective_B;
  answer.unmet_B = samples.unmet_B;
  return answer;
}

}  // namespace limbic::inference
