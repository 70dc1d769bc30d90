// Compiling: parse, check, and compute what is constant once and for all.
#include "engine/cel/program.h"

#include <re2/re2.h>

#include <algorithm>

#include "engine/cel/check.h"
#include "engine/cel/eval.h"
#include "engine/cel/lexer.h"
#include "engine/cel/parser.h"

namespace plenum::cel {
namespace {

// Constants are small: what is larger is computed when it is needed.
constexpr uint64_t kFoldingSteps = 2000;

class Folder {
 public:
  explicit Folder(Compiled& program) : program_(program), context_(program.arena, meter_) {}

  // Replaces literal lists and maps, and calls and sums of constants, by their values.  Mistakes
  // stay where they are.
  void fold(Node& node) {
    bool constant = true;
    for (size_t i = 0; i < node.count; ++i) {
      fold(*node.operands[i]);
      constant = constant && node.operands[i]->op == Op::constant;
    }
    const bool can = node.op == Op::list || node.op == Op::map || node.op == Op::arithmetic ||
                     node.op == Op::negate || (node.op == Op::call && node.function);
    if (!constant || !can || meter_.stopped) return;
    const Value value = Evaluator(program_, nullptr, context_).eval(node);
    if (value.failed() || meter_.stopped || !context_.documents.empty()) return;
    node.op = Op::constant;
    node.value = value;
  }

 private:
  Compiled& program_;
  Meter meter_{kFoldingSteps};
  Context context_;
};

}  // namespace

Compiled::Compiled() = default;
Compiled::~Compiled() = default;

tl::expected<std::shared_ptr<const Compiled>, Problems> compile(std::string_view text,
                                                                const Names& names,
                                                                Checking checking) {
  auto program = std::make_shared<Compiled>();
  program->text = std::string(text.substr(0, kLongest + 1));
  Parsed parsed = parse(text.size() > kLongest ? text : program->text, program->arena);
  if (parsed.problem) return tl::unexpected(Problems{std::move(*parsed.problem)});
  Problems problems = Checker(*program, names, checking).run(*parsed.root);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  Folder(*program).fold(*parsed.root);
  program->root = parsed.root;
  return program;
}

Error error_of(const Compiled& program, const Value& error) {
  const Position at = Places(program.text).at(error.fault->place);
  return {Kind::invalid,
          std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
              std::string(error.fault->message),
          error.fault->limit ? "expression_limit" : ""};
}

}  // namespace plenum::cel
