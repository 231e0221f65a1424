#include "limbic/app/cli_help.h"

#include <array>
#include <string>

#include "limbic/core/text.h"

namespace limbic::app {
namespace {

constexpr size_t kColumns = 100, kIndent = 30;

struct Place {
  const char* command;
  const char* head;
  const char* example;
};

constexpr const char* kTrain = "Train";
constexpr const char* kAsk = "Ask";
constexpr const char* kLook = "Look";
constexpr std::array<Place, 18> kPlaces{{
    {"train", kTrain, "configs/quick.yaml --run runs/quick"},
    {"resume", kTrain, "runs/quick"},
    {"fork", kTrain, "runs/quick --at best --to runs/other --set optimizer.learning_rate=0.001"},
    {"check", kTrain, "configs/quick.yaml"},
    {"plan", kTrain, "configs/quick.yaml --time"},
    {"eval", kAsk, "runs/table --split test"},
    {"draw", kAsk, "configs/omni/two_moons.yaml --rows 5 --split test"},
    {"infer", kAsk, "runs/two_moons --given x=0.1,0.2 --ask theta"},
    {"decide", kAsk, "runs/luck --choose arm --outcome outcome"},
    {"score", kAsk, "runs/two_moons rows.csv --given x"},
    {"condition", kAsk, "--battery --only blocking"},
    {"list", kLook, "evals"},
    {"inspect", kLook, "runs/spider --assessor flinch --regime live --episode 3"},
    {"explain", kLook, "runs/quick"},
    {"metrics", kLook, "runs/mine-0 runs/mine-1 runs/mine-2 --out curves.svg"},
    {"diff", kLook, "runs/quick runs/other"},
    {"export", kLook, "runs/quick --at best --to weights.safetensors"},
    {"verify", kLook, "runs/quick"},
}};

// The words of a text; all lines but the first begin with `indent` blanks.
std::string paragraph(const std::string& text, size_t indent) {
  std::string lines;
  for (const std::string& line : wrapped(text, kColumns - indent))
    lines += (lines.empty() ? "" : "\n" + std::string(indent, ' ')) + line;
  return lines;
}

// A name, and beside it what it means.
std::string entry(const std::string& name, const std::string& help) {
  std::string text = "  " + name;
  if (text.size() >= kIndent)
    text.append("\n").append(kIndent, ' ');
  else
    text.resize(kIndent, ' ');
  return text + paragraph(help, kIndent) + "\n";
}

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    return paragraph(app->get_description(), 0) + "\n";
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return entry(command->get_name(), command->get_description());
  }
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return entry(make_option_name(option, is_positional) + make_option_opts(option),
                 option->get_description());
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";  // a flag
    const bool repeats = option->get_expected_max() == CLI::detail::expected_max_vector_size;
    return " " + option->get_type_name() + (repeats ? " ..." : "") +
           (option->get_required() ? " REQUIRED" : "");
  }
};

}  // namespace

std::shared_ptr<CLI::Formatter> help_formatter() { return std::make_shared<HelpFormatter>(); }

void arrange_help(CLI::App& app) {
  for (const Place& place : kPlaces) {
    CLI::App& command = *app.get_subcommand(std::string(place.command));
    command.group(place.head);
    command.footer("Example: limbic " + command.get_name() + " " + place.example);
  }
}

}  // namespace limbic::app
