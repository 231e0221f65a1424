#include "limbic/inference/imagine.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/preference.h"
#include "limbic/inference/sampler.h"
#include "limbic/worlds/image.h"
#include "limbic/worlds/place.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/text.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Place;
using worlds::Schema;

namespace {

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

// Where the name ends in `name=value`.
size_t end_of_name(const Schema& schema, const std::string& text) {
  const size_t first = text.find('=');
  for (size_t end = first; end != std::string::npos; end = text.find('=', end + 1))
    if (Place::find(schema, text.substr(0, end))) return end;
  return first;
}

// The last tick of which anything is told; the first where nothing is.
int64_t last_tick(const at::Tensor& told_BTV) {
  const at::Tensor ticks = told_BTV.any(2).nonzero().select(1, 1);
  return ticks.numel() > 0 ? ticks.max().item<int64_t>() : 0;
}

// Over rows of which some cells are seen, kDrawnAtOnce of them together.
brain::Scorecard mean_scorecard(brain::Brain& brain, const Episodes& episodes,
                                const at::Tensor& seen_BTV) {
  if (brain.program().names().empty()) {
    const at::Tensor none_1TN = at::empty({1, seen_BTV.size(1), 0});
    return {none_1TN, none_1TN, none_1TN};
  }
  std::vector<at::Tensor> raws, means, variances;
  for (int64_t begin = 0; begin < episodes.num_rows(); begin += kDrawnAtOnce) {
    const int64_t end = std::min(begin + kDrawnAtOnce, episodes.num_rows());
    const brain::Scorecard part = brain.amygdala().predict(
        brain.cortex().think(episodes.rows(begin, end), seen_BTV.slice(0, begin, end)));
    raws.push_back(part.raw_BTN);
    means.push_back(part.mean_BTN);
    variances.push_back(part.variance_BTN);
  }
  const auto mean = [](const at::Tensor& x_BTN) { return x_BTN.mean(0, /*keepdim=*/true); };
  const at::Tensor mean_BTN = at::cat(means), mean_1TN = mean(mean_BTN);
  return {mean(at::cat(raws)), mean_1TN,
          mean(at::cat(variances)) + mean((mean_BTN - mean_1TN).square())};
}

}  // namespace

std::map<std::string, std::string> parse_given(const Schema& schema,
                                               const std::vector<std::string>& assignments) {
  std::map<std::string, std::string> given;
  for (const std::string& text : assignments) {
    const size_t end = end_of_name(schema, text);
    TORCH_CHECK(end != std::string::npos, "expected place=value, got ", text);
    const std::string name = text.substr(0, end);
    if (!given.emplace(name, text.substr(end + 1)).second)
      throw input_error("--given: ", quoted(name), " is given twice");
  }
  return given;
}

Episodes told(const Schema& schema, const std::map<std::string, std::string>& given) {
  Episodes episodes = worlds::empty_episodes(schema, 1);
  for (const auto& [name, text] : given) {
    const Place place = Place::seen(schema, name);
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
    const Place place = Place::seen(schema, name);
    if (place.of_mask(episodes.present_BTV, schema).any().item<bool>())
      throw input_error(quoted(name), " is both given and asked");
    place.of_mask(answer.roles.asked_BTV, schema).fill_(true);
  }
  const Episodes on_device = episodes.to(device);
  answer.marginals = brain.cortex().marginals(on_device, answer.roles);
  Request request{worlds::repeat_rows(on_device, query.num_samples),
                  worlds::repeat_rows(answer.roles, query.num_samples)};
  for (const std::string& text : query.where)
    request.evidence.push_back(parse_evidence(schema, text));
  at::Tensor told_BTV = answer.roles.observed_BTV.clone();
  for (const Evidence& evidence : request.evidence) cell_of(told_BTV, schema, evidence).fill_(true);
  request.tilt = parse_preference(brain, schema, query.prefer, query.tick,
                                  told_BTV.logical_or(answer.roles.asked_BTV));
  const Samples samples = sample(brain.cortex(), schema, request, query.dials, stream);
  answer.samples = samples.episodes;
  answer.log_evidence_B = samples.log_evidence_B;
  answer.effective_B = samples.effective_B;
  answer.unmet_B = samples.unmet_B;
  answer.accepted = samples.accepted;
  answer.tick = std::max(last_tick(told_BTV), query.tick);
  if (request.evidence.empty() && !request.tilt) {
    answer.scorecard = brain.signals(on_device, answer.roles.observed_BTV).scorecard;
  } else {
    const at::Tensor seen_BTV = request.tilt ? worlds::visible(samples.episodes, schema)
                                             : told_BTV.repeat({query.num_samples, 1, 1});
    answer.scorecard = mean_scorecard(brain, samples.episodes, seen_BTV);
  }
  return answer;
}

}  // namespace limbic::inference
