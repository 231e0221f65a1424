"""Lines that keep a promise, each with one that breaks it: what scripts/proof/mutations plants, one at a time."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Promise:
    name: str
    layer: str  # whose test binary
    tests: str  # those that claim it, as gtest filters them


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    promise: Promise
    file: str  # below src/
    line: str  # a piece of it, which stands in the file once
    broken: str

    @property
    def row(self):
        return f"{self.promise.name}: {self.name}"


HIDDEN = Promise("hidden values move nothing", "brain",
                 "*HiddenValues*:*InAnOrderARealisedValue*:*ShowACortexNothing*:GaussianTest.AbsentAndHidden*:BaseDensity*")
PERMUTED = Promise("order of variables is free", "brain", "*PermutingVariables*:PairsTest.DoNotAskInWhichOrder*")
ABSENT = Promise("ABSENT enters no loss", "losses", "*Absent*:*Visible*:MaskLawTest.*")
UNMEASURED = Promise("ABSENT enters no figure", "evals", "*Absent*")
UNLEARNED = Promise("ABSENT teaches nothing", "brain", "*Absent*:*absent*:*FromTheCellsThatAreThere*")

CORTEX = "brain/cortex/"
MUTANTS = (
    Mutant("keys of a row are all of its cells", HIDDEN, CORTEX + "layout.cc",
           "if (observed[at]) row.observed", "if (observed[at] || asked[at]) row.observed"),
    Mutant("a realised key sees later ones", HIDDEN, CORTEX + "layout.cc", "of_keys.push_back(std::max(context, k + 1))", "of_keys.push_back(layout_.num_keys())"),
    Mutant("a query sees its own value", HIDDEN, CORTEX + "layout.cc", "hidden ? std::min(q, layout_.num_realised)", "hidden ? std::min(q + 1, layout_.num_realised)"),
    Mutant("the direct path sees all keys", HIDDEN, CORTEX + "layout.cc", "k + 1 < prefix[q]", "k < keys"),
    Mutant("the direct path reads all numbers", HIDDEN, CORTEX + "direct_path.cc", " * sees.index_select(1, site_of_number_)", ""),
    Mutant("the direct path reads all sites", HIDDEN, CORTEX + "direct_path.cc", "at::bmm(sees_BQS, of_site_BSH)", "at::bmm(at::ones_like(sees_BQS), of_site_BSH)"),
    Mutant("by hand it reads all features", HIDDEN, CORTEX + "direct_kernel.cc", "to[f] = from[f] * sees[of.first[f]] * sees[of.second[f]]", "to[f] = from[f]"),
    Mutant("by hand one of a pair is enough", HIDDEN, CORTEX + "direct_kernel.cc", " * sees[of.second[f]]", ""),
    Mutant("one of a pair is enough", HIDDEN, CORTEX + "pairs.cc", " * sees.index_select(1, sites_[1])", ""),
    Mutant("attention sees past its prefix", HIDDEN, CORTEX + "attention_kernel.cc", "const int64_t seen = shape.prefix[i];", "const int64_t seen = shape.m;"),
    Mutant("a draw sees what is drawn last", HIDDEN, CORTEX + "transformer_sampler.cc", "sees_.select(1, step)", "sees_.select(1, layout_.num_queries - 1)"),
    Mutant("gaussian reads what is there", HIDDEN, CORTEX + "gaussian.cc",
           "const auto observed_BF = tabulate(episodes, roles.observed_BTV).present_BF", "const auto observed_BF = tabulate(episodes, episodes.present_BTV).present_BF"),
    Mutant("cells are drawn by number", PERMUTED, CORTEX + "embedding.cc", 'stream.child("cell").child(schema[i].name)', 'stream.child("cell").at(i)'),
    Mutant("contents are drawn by number", PERMUTED, CORTEX + "embedding.cc", 'stream.child("value").child(variable.name)', 'stream.child("value").at(i)'),
    Mutant("heads are drawn by number", PERMUTED, CORTEX + "heads.cc", "const Stream own = stream.child(variable.name)", "const Stream own = stream.at(i)"),
    Mutant("direct path is drawn by number", PERMUTED, CORTEX + "direct_path.cc", "const Stream own = stream.child(variable.name)", "const Stream own = stream.at(s)"),
    Mutant("pairs stand in the schema's order", PERMUTED, CORTEX + "pairs.cc", "std::ranges::sort(scalars, {}, &Scalar::name);", ""),
    Mutant("all counts as there", ABSENT, "worlds/roles.cc",
           "return episodes.present_BTV.logical_and(cortical_cells(schema));", "return cortical_cells(schema).expand_as(episodes.present_BTV).clone();"),
    Mutant("what is not there is asked", ABSENT, "losses/mask_law.cc", "visible_BTV.logical_and(law.ask_TV).logical_and(", "law.ask_TV.logical_and("),
    Mutant("what is not there is observed", ABSENT, "losses/mask_law.cc", "visible_BTV.logical_and(law.observe_TV);", "law.observe_TV.expand_as(visible_BTV);"),
    Mutant("nothing asked is divided by", ABSENT, "losses/any_subset.cc", ".clamp_min(1e-6)", ""),
    Mutant("distilling asks for absent cells", ABSENT, "losses/distil.cc", "near_Btcd.logical_or(asked_Btc1.logical_not())", "near_Btcd"),
    Mutant("a guess of what is not there may be right", UNMEASURED, "evals/accuracy.cc", ".logical_and(asked.to(source.device))", ""),
    Mutant("what is not there has a rank", UNMEASURED, "evals/coverage.cc", ".masked_select(own)", ""),
    Mutant("gaussian learns absent values", UNLEARNED, CORTEX + "gaussian_learning.cc", "tabulate(rows, rows.present_BTV)", "tabulate(rows, at::ones_like(rows.present_BTV))"),
    Mutant("a base learns absent numbers", UNLEARNED, CORTEX + "base/base_density.cc", "table.seen_BD.push_back(there[b * present.size(1) + cell])", "table.seen_BD.push_back(true)"),
    Mutant("a base learns absent words", UNLEARNED, CORTEX + "base/base_density.cc", "if (there[b * present.size(1) + choice.cell])", "if (true)"),
)
