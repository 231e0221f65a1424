#include "limbic/losses/loss.h"

#include "limbic/brain/own_rule.h"
#include "limbic/core/error.h"

namespace limbic::losses {

void Loss::check(const brain::Brain& brain) const {
  if (teaches_assessors() && dynamic_cast<const brain::OwnRule*>(&brain.amygdala()) != nullptr)
    throw input_error("this amygdala learns by a rule of its own, and from no loss");
}

void Lesson::hand_over(brain::Upload& upload) {
  for (brain::Question& question : questions) question.hand_over(upload);
  for (at::Tensor& tensor : tensors) upload.add(tensor);
  if (stream) upload.decide_later();
}

}  // namespace limbic::losses
