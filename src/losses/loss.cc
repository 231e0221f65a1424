#include "limbic/losses/loss.h"

#include "limbic/core/error.h"

namespace limbic::losses {

void Loss::check(const brain::Brain& brain) const {
  if (teaches_assessors() && brain.amygdala_rule() != nullptr)
    throw input_error("this amygdala learns by a rule of its own, and from no loss");
  check_needs(brain);
}

void Lesson::hand_over(brain::Upload& upload) {
  for (brain::Question& question : questions) question.hand_over(upload);
  for (at::Tensor& tensor : tensors) upload.add(tensor);
  if (stream) upload.decide_later();
}

}  // namespace limbic::losses
