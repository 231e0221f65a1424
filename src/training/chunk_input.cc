#include "limbic/training/chunk_input.h"

namespace limbic::training {

void ChunkInput::hand_over(brain::Upload& upload) {
  for (at::Tensor& column : episodes.value) upload.add(column);
  upload.add(place);
  upload.add(weight_L);
  upload.decide(thought.has_value());
  if (thought) thought->hand_over(upload);
  for (std::optional<losses::Lesson>& lesson : lessons) {
    upload.decide(lesson.has_value());
    if (lesson) lesson->hand_over(upload);
  }
  if (upload.is_repeatable()) upload.add(episodes.present_BTV);
}

}  // namespace limbic::training
