// fuzz TARGET COUNT SEED CORPUS...: feeds COUNT mutants of the corpus files to one of limbic's
// parsers; prints a JSON object.
//
// Targets: config, expression, tensors, manifest, state, world, csv, idx. A mutant must be accepted
// or refused with a limbic::Error; any other exception is printed with the mutant and counts as a
// fault; one that hangs is printed and ends the process. Built with the preset `asan` it also finds
// what stays inside the process.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/app/parts.h"
#include "limbic/app/run_config.h"
#include "limbic/brain/steering/program.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/hash.h"
#include "limbic/core/stream.h"
#include "limbic/training/manifest.h"
#include "limbic/training/run_state.h"
#include "limbic/training/safetensors.h"
#include "limbic/worlds/csv.h"
#include "limbic/worlds/idx.h"
#include "limbic/worlds/recalled_world.h"

namespace limbic {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::vector<std::string> kTokens = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ":",
                                          ",",
                                          "\n",
                                          "  ",
                                          "- ",
                                          "*a",
                                          "&a ",
                                          "<<: ",
                                          "\"",
                                          "'",
                                          "#",
                                          "~",
                                          "!!int ",
                                          "type: ",
                                          "inherit: see",
                                          "0x10",
                                          "010",
                                          "1e999",
                                          "-1",
                                          "nan",
                                          "9223372036854775808",
                                          "18446744073709551615",
                                          "1k steps",
                                          "present(",
                                          "ema(",
                                          "slope(",
                                          "delay(",
                                          "max(",
                                          " and ",
                                          " or ",
                                          "not ",
                                          " > ",
                                          "*",
                                          "/",
                                          "((((",
                                          "))",
                                          "assess.flinch",
                                          "flinch",
                                          "retina",
                                          "mean(",
                                          "data_offsets",
                                          "dtype",
                                          "shape",
                                          "F32",
                                          "\\u0000",
                                          "\xff",
                                          "\xc0\x80"};

/// Draws numbers one after the other.
class Dice {
 public:
  explicit Dice(Stream stream) : stream_(stream) {}
  size_t below(size_t bound) {
    return static_cast<size_t>(stream_.below(static_cast<int64_t>(bound), next_++));
  }

 private:
  Stream stream_;
  int64_t next_ = 0;
};

std::string piece_of(const std::string& text, Dice& dice) {
  if (text.empty()) return {};
  const size_t begin = dice.below(text.size());
  return text.substr(begin, 1 + dice.below(std::min<size_t>(64, text.size() - begin)));
}

void mutate_once(std::string& text, const std::vector<std::string>& corpus, Dice& dice) {
  const size_t at = dice.below(text.size() + 1);
  const size_t in = text.empty() ? 0 : dice.below(text.size());
  switch (dice.below(8)) {
    case 0:
      if (!text.empty()) text[in] ^= static_cast<char>(1U << dice.below(8));
      break;
    case 1:
      if (!text.empty()) text[in] = static_cast<char>(dice.below(256));
      break;
    case 2:
      text.erase(in, 1 + dice.below(16));
      break;
    case 3:
      text.insert(at, piece_of(text, dice));
      break;
    case 4:
      text.insert(at, piece_of(corpus[dice.below(corpus.size())], dice));
      break;
    case 5:
      text.resize(in);
      break;
    case 6: {
      const std::string piece = piece_of(text, dice);
      for (size_t times = dice.below(40); times > 0; --times) text.insert(at, piece);
      break;
    }
    default:
      text.insert(at, kTokens[dice.below(kTokens.size())]);
  }
}

/// One parser and what it starts from.
struct Target {
  std::vector<std::string> corpus;
  std::function<void(const std::string&, Dice&)> parse;
};

std::vector<std::string> contents(const std::vector<std::string>& files) {
  std::vector<std::string> texts;
  for (const std::string& file : files) texts.push_back(read_file(file));
  return texts;
}

Target config_target(const std::vector<std::string>& files) {
  const auto context = std::make_shared<const config::Context>(app::parts());
  return {contents(files), [context](const std::string& text, Dice&) {
            (void)config::parse<app::RunConfig>(text, "mutant.yaml", *context);
          }};
}

Target expression_target(const std::vector<std::string>& files) {
  using worlds::Access;
  const worlds::Schema schema(
      {{.name = "retina", .num_cells = 4, .num_ticks = 3, .access = Access::kPrimitive},
       {.name = "sound", .num_ticks = 3, .access = Access::kPrimitive}},
      3);
  const auto steering = config::parse<brain::SteeringConfig>(
      "senses: {dark: mean(1 - retina)}\nvariables:\n  flinch: {truth: dark > 0.5, lead: 1 tick}\n",
      "steering.yaml");
  const auto program = std::make_shared<const brain::Program>(steering, schema);
  std::vector<std::string> lines;
  for (const std::string& text : contents(files)) {
    for (size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
      if (end > at) lines.push_back(text.substr(at, end - at));
    }
  }
  return {
      lines, [program](const std::string& text, Dice&) {
        (void)program->compile_probe({text, {std::make_shared<const std::string>("mutant"), 1, 1}});
      }};
}

/// Half of the mutants of a manifest get a right digest, so that what it seals is read too.
std::string resealed(const std::string& text) {
  constexpr std::string_view kOpens = ",\n \"sha256\": \"";
  const std::string body = text.substr(0, text.rfind(kOpens));
  return concat(body, kOpens, sha256(body), "\"\n}\n");
}

Target file_target(const std::vector<std::string>& files,
                   const std::function<void(const std::string&)>& read) {
  const std::string path =
      concat(fs::temp_directory_path().string(), "/limbic-mutant-", ::getpid());
  return {contents(files), [=](const std::string& bytes, Dice&) {
            std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
            read(path);
          }};
}

void read_cells(const std::string& path) {
  const worlds::Csv csv = worlds::read_csv(path);
  for (const uint32_t offset : csv.offsets) (void)csv.cell_at(offset);
}

Target make_target(const std::string& name, const std::vector<std::string>& files) {
  using namespace training;  // NOLINT(google-build-using-namespace)
  if (name == "config") return config_target(files);
  if (name == "expression") return expression_target(files);
  if (name == "csv") return file_target(files, read_cells);
  if (name == "idx")
    return file_target(files, [](const std::string& path) { (void)worlds::read_idx_gz(path, 3); });
  if (name == "tensors")
    return {contents(files),
            [](const std::string& bytes, Dice&) { (void)decode(bytes, "mutant"); }};
  if (name == "state")
    return {contents(files),
            [](const std::string& text, Dice&) { (void)parse_run_state(text, "mutant"); }};
  if (name == "world")
    return {contents(files),
            [](const std::string& text, Dice&) { (void)worlds::recalled_world(text, "mutant"); }};
  if (name == "manifest") {
    return {contents(files), [](const std::string& text, Dice& dice) {
              (void)Manifest::parse(dice.below(2) == 0 ? text : resealed(text), "mutant");
            }};
  }
  throw input_error("unknown target '", name, "'");
}

int64_t peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024 / 1'000'000;
}

constexpr unsigned kHang = 60;        // s
const std::string* parsed = nullptr;  // what end_hung tells

[[noreturn]] void end_hung(int /*signal*/) {
  for (const std::string_view said :
       {std::string_view("fuzz: a mutant hangs\n"), std::string_view(*parsed)}) {
    if (::write(STDERR_FILENO, said.data(), said.size()) < 0) break;
  }
  ::_exit(1);
}

json run(const Target& target, int64_t count, const Stream& stream) {
  TORCH_CHECK(!target.corpus.empty(), "an empty corpus");
  std::signal(SIGALRM, end_hung);
  int64_t accepted = 0, refused = 0, faults = 0;
  double slowest = 0;
  for (int64_t i = 0; i < count; ++i) {
    Dice dice(stream.at(i));
    std::string text = target.corpus[dice.below(target.corpus.size())];
    for (size_t times = 1 + dice.below(6); times > 0; --times)
      mutate_once(text, target.corpus, dice);
    const auto started = std::chrono::steady_clock::now();
    parsed = &text;
    ::alarm(kHang);
    try {
      target.parse(text, dice);
      ++accepted;
    } catch (const Error&) {
      ++refused;
    } catch (const std::exception& error) {
      if (++faults <= 3)
        std::cerr << "fuzz: mutant " << i << ": " << error.what() << "\n" << text << "\n";
    }
    ::alarm(0);
    slowest = std::max(
        slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  return {{"tried", count},   {"accepted", accepted}, {"refused", refused},
          {"faults", faults}, {"slowest_s", slowest}, {"peak_mb", peak_megabytes()}};
}

}  // namespace
}  // namespace limbic

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: fuzz config|expression|tensors|manifest|state|world|csv|idx COUNT SEED "
                 "CORPUS...\n";
    return 2;
  }
  try {
    const auto target = limbic::make_target(argv[1], {argv + 4, argv + argc});
    std::cout << limbic::run(target, std::stoll(argv[2]),
                             limbic::Stream(std::stoull(argv[3])).child(argv[1]))
              << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "fuzz: " << error.what() << "\n";
    return 1;
  }
}
