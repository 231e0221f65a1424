#include <cstdio>

#include <iostream>

#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/parts.h"

namespace limbic::app {

int check(const CheckOptions& options) {
  if (options.schema || options.markdown) {
    const config::Description description = config::describe<RunConfig>(parts());
    std::cout << (options.schema ? config::json_schema(description, "limbic run") : config::markdown(description, "limbic configs"));
    return 0;
  }
  const RunConfig config = read_config(options.config, options.set);
  if (options.resolved) {
    std::cout << config::to_yaml(config::dump(config));
    return 0;
  }
  const training::Parts parts = build_parts(config, "", at::kCPU);
  const Subject subject = build_subject(config);
  std::cout << options.config << ": ok; " << parts.plan.size() << " stages, " << parts.evals.size() << " evals, genome of "
            << subject.program->genome_bytes() << " bytes\n";
  return 0;
}

}  // namespace limbic::app
