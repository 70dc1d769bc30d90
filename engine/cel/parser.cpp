// Tokens to a tree, by recursive descent over the grammar of the language definition.
//
// Chains of one precedence become one node with many operands, so a long sum is as flat as it
// looks; what is left deep is bounded by a level counter here and by the height of the tree, and so
// is the recursion of everything after it.
#include "engine/cel/parser.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/cel/lexer.h"

namespace plenum::cel {
namespace {

constexpr std::string_view kReserved[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

bool is_reserved(std::string_view name) {
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Token>& tokens, Arena& arena, bool safe_dot)
      : text_(text), places_(text), tokens_(tokens), arena_(arena), safe_dot_(safe_dot) {}

  Parsed run() {
    Node* root = expression();
    if (root && token().kind != Lexeme::end) leftover();
    Parsed parsed;
    parsed.root = problem_ ? nullptr : root;
    parsed.problem = std::move(problem_);
    return parsed;
  }

  bool used_safe_dot() const { return used_safe_dot_; }

 private:
  const Token& token(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool is(char symbol, size_t ahead = 0) const {
    return token(ahead).kind == Lexeme::symbol && token(ahead).symbol == symbol;
  }
  bool is_word(std::string_view word) const {
    return token().kind == Lexeme::name && token().text == word;
  }
  bool accept(char symbol) {
    if (!is(symbol)) return false;
    ++at_;
    return true;
  }

  std::nullptr_t wrong(const Token& at, std::string message, std::string help = {}) {
    return wrong(at.start, at.end, std::move(message), std::move(help));
  }
  std::nullptr_t wrong(size_t from, size_t to, std::string message, std::string help = {}) {
    if (!problem_) {
      problem_ =
          Problem{"X501", places_.at(from), places_.at(to), std::move(message), std::move(help)};
    }
    return nullptr;
  }

  std::string shown(const Token& token) const {
    return plenum::quote(text_.substr(token.start, token.end - token.start));
  }
  std::string place(const Token& token) const {
    const Position at = places_.at(token.start);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  }

  // The mistake that something else than `wanted` stands here; `open` is the bracket that waits to
  // be closed.
  std::nullptr_t unexpected(const std::string& wanted, const Token* open = nullptr) {
    const Token& at = token();
    std::string help;
    if (open) help = "close " + shown(*open) + " at " + place(*open);
    if (at.kind == Lexeme::end)
      return wrong(at, "the expression ends too early: " + wanted + " is missing", help);
    if (const std::string_view word = operator_for(at); !word.empty()) {
      return wrong(at, shown(at) + " is not an operator", "write `" + std::string(word) + "`");
    }
    return wrong(at, "expected " + wanted + ", found " + shown(at), help);
  }

  static std::string_view operator_for(const Token& token) {
    if (token.kind != Lexeme::name) return {};
    if (token.text == "and" || token.text == "AND") return "&&";
    if (token.text == "or" || token.text == "OR") return "||";
    if (token.text == "is" || token.text == "eq" || token.text == "equals") return "==";
    return {};
  }

  void leftover() {
    const Token& at = token();
    const Token& before = tokens_[at_ - 1];
    if (const std::string_view word = operator_for(at); !word.empty()) {
      wrong(at, shown(at) + " is not an operator", "write `" + std::string(word) + "`");
    } else if (before.kind == Lexeme::name && before.text == "not") {
      wrong(before, "`not` is not an operator", "write `!`");
    } else if (is(')') || is(']') || is('}')) {
      wrong(at, shown(at) + " closes nothing", "remove it, or open its bracket");
    } else if (is('{') && before.kind == Lexeme::name) {
      wrong(at, "objects of a named type cannot be built here", "write a map: `{\"name\": value}`");
    } else if (is('?') || is(':')) {
      wrong(at, shown(at) + " stands without its other half",
            "a choice is `condition ? this : that`");
    } else {
      wrong(at, "expected an operator, found " + shown(at),
            "join the two parts with an operator such as `&&` or `+`");
    }
  }

  // One level deeper for the time of a call.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Level() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  bool too_deep() {
    if (depth_ <= kDeepest) return false;
    wrong(token(), "the expression is nested deeper than 64 levels",
          "compute parts of it in a node with only `set`");
    return true;
  }

  Node* make(Op op, size_t start, size_t end, std::initializer_list<Node*> operands = {}) {
    Node* node = arena_.make<Node>();
    node->op = op;
    node->start = node->outer_start = static_cast<uint16_t>(start);
    node->end = node->outer_end = static_cast<uint16_t>(end);
    node->place = node->start;
    return give(node, operands.begin(), operands.size());
  }

  Node* give(Node* node, Node* const* operands, size_t count) {
    node->count = static_cast<uint16_t>(count);
    node->operands = arena_.make<Node*>(count);
    std::copy_n(operands, count, node->operands);
    int height = 0;
    for (size_t i = 0; i < count; ++i) height = std::max<int>(height, operands[i]->height);
    if (height >= kDeepest) {
      return wrong(node->start, node->end, "the expression is nested deeper than 64 levels",
                   "compute parts of it in a node with only `set`");
    }
    node->height = static_cast<uint8_t>(height + 1);
    return node;
  }

  Node* expression() {
    const Level level(*this);
    if (too_deep()) return nullptr;
    Node* condition = chain('|', Op::logical_or);
    if (!condition || !is('?')) return condition;
    const size_t place = token().start;
    ++at_;
    Node* yes = chain('|', Op::logical_or);
    if (!yes) return nullptr;
    if (!accept(':')) return unexpected("`:` and what to take otherwise");
    Node* no = expression();
    if (!no) return nullptr;
    Node* node = make(Op::conditional, condition->outer_start, no->outer_end, {condition, yes, no});
    if (node) node->place = static_cast<uint16_t>(place);
    return node;
  }

  // a || b || c, a && b && c
  Node* chain(char symbol, Op op) {
    Node* first = symbol == '|' ? chain('&', Op::logical_and) : relation();
    if (!first || !is(symbol)) return first;
    std::vector<Node*> operands{first};
    while (accept(symbol)) {
      Node* next = symbol == '|' ? chain('&', Op::logical_and) : relation();
      if (!next) return nullptr;
      operands.push_back(next);
    }
    Node* node = make(op, first->outer_start, operands.back()->outer_end);
    return give(node, operands.data(), operands.size());
  }

  char relation_here() const {
    if (is_word("in")) return 'i';
    if (token().kind != Lexeme::symbol) return 0;
    switch (token().symbol) {
      case '=':
      case 'l':
      case 'g':
      case '<':
      case '>':
        return token().symbol;
      case 'n':
        return '!';
      default:
        return 0;
    }
  }

  Node* relation() {
    Node* left = sum(true);
    while (left) {
      const char symbol = relation_here();
      if (!symbol) return left;
      auto* op = arena_.make<Operator>();
      *op = {symbol, token().start};
      ++at_;
      Node* right = sum(true);
      if (!right) return nullptr;
      left = make(Op::relation, left->outer_start, right->outer_end, {left, right});
      if (!left) return nullptr;
      left->operators = op;
      left->place = op->place;
    }
    return nullptr;
  }

  // a + b - c, a * b / c % d
  Node* sum(bool additive) {
    const auto more = [&] { return additive ? is('+') || is('-') : is('*') || is('/') || is('%'); };
    const auto part = [&] { return additive ? sum(false) : unary(); };
    Node* first = part();
    if (!first || !more()) return first;
    std::vector<Node*> operands{first};
    std::vector<Operator> operators;
    while (more()) {
      operators.push_back({token().symbol, token().start});
      ++at_;
      Node* next = part();
      if (!next) return nullptr;
      operands.push_back(next);
    }
    Node* node = give(make(Op::arithmetic, first->outer_start, operands.back()->outer_end),
                      operands.data(), operands.size());
    if (!node) return nullptr;
    auto* kept = arena_.make<Operator>(operators.size());
    std::copy(operators.begin(), operators.end(), kept);
    node->operators = kept;
    node->place = kept[0].place;
    return node;
  }

  Node* unary() {
    if (!is('!') && !is('-')) return postfix(primary());
    const Level level(*this);
    if (too_deep()) return nullptr;
    const Token& sign = token();
    ++at_;
    if (sign.symbol == '-' && token().kind == Lexeme::literal) {
      if (Node* number = negative(sign)) return postfix(number);
    }
    Node* operand = unary();
    if (!operand) return nullptr;
    return make(sign.symbol == '!' ? Op::logical_not : Op::negate, sign.start, operand->outer_end,
                {operand});
  }

  // A number right behind a minus is one literal: only so the least int can be written.
  Node* negative(const Token& sign) {
    const Token& number = token();
    Value value = number.value;
    if (value.is(Tag::integer)) {
      value.i = number.big ? value.i : -value.i;
    } else if (value.is(Tag::real)) {
      value.d = -value.d;
    } else {
      return nullptr;
    }
    ++at_;
    Node* node = make(Op::constant, sign.start, number.end);
    node->value = value;
    return node;
  }

  Node* postfix(Node* node) {
    while (node) {
      if (is('.')) {
        ++at_;
        node = dot(node, accept('?'));
      } else if (is('[')) {
        node = index(node);
      } else if (safe_dot_ && is('?') && is('.', 1) && !token(1).space_before &&
                 token(2).kind == Lexeme::name && !token(2).space_before) {
        used_safe_dot_ = true;
        at_ += 2;
        node = dot(node, true);
      } else {
        return node;
      }
    }
    return nullptr;
  }

  Node* dot(Node* operand, bool optional) {
    const Token& name = token();
    if (name.kind != Lexeme::name && name.kind != Lexeme::quoted_name)
      return unexpected("a field's name after `.`");
    if (name.kind == Lexeme::name &&
        (name.text == "in" || name.text == "true" || name.text == "false" || name.text == "null")) {
      return wrong(name, shown(name) + " is a word of the language, not a field's name",
                   "write `[\"" + std::string(name.text) + "\"]`");
    }
    ++at_;
    if (is('(') && name.kind == Lexeme::name && !optional) return call(operand, name);
    Node* node = make(Op::select, operand->outer_start, name.end, {operand});
    if (!node) return nullptr;
    node->text = name.text;
    node->place = name.start;
    node->optional = optional;
    return node;
  }

  Node* index(Node* operand) {
    const Token& open = token();
    ++at_;
    const bool optional = accept('?');
    Node* inner = expression();
    if (!inner) return nullptr;
    const size_t end = token().end;
    if (!accept(']')) return unexpected("`]`", &open);
    Node* node = make(Op::index, operand->outer_start, end, {operand, inner});
    if (!node) return nullptr;
    node->place = open.start;
    node->optional = optional;
    return node;
  }

  Node* primary() {
    const Token& at = token();
    switch (at.kind) {
      case Lexeme::literal:
        return literal();
      case Lexeme::name:
        return name(false);
      case Lexeme::symbol:
        break;
      case Lexeme::quoted_name:
        return wrong(at, "a name in backquotes stands only behind a dot", "remove the backquotes");
      case Lexeme::end:
        return unexpected("a value");
    }
    if (is('(')) return parentheses();
    if (is('[')) return list();
    if (is('{')) return map();
    if (is('.') && token(1).kind == Lexeme::name) {
      ++at_;
      return name(true);
    }
    return unexpected("a value");
  }

  Node* literal() {
    const Token& at = token();
    if (at.big) return wrong(at, shown(at) + " is larger than an int (64 bits) can hold");
    ++at_;
    return constant(at, at.value);
  }

  Node* constant(const Token& at, Value value) {
    Node* node = make(Op::constant, at.start, at.end);
    node->value = value;
    return node;
  }

  Node* name(bool absolute) {
    const Token& at = token();
    if (!absolute && at.text == "true") return ++at_, constant(at, Value::boolean(true));
    if (!absolute && at.text == "false") return ++at_, constant(at, Value::boolean(false));
    if (!absolute && at.text == "null") return ++at_, constant(at, Value());
    if (is_reserved(at.text) || at.text == "in") {
      return wrong(at, shown(at) + " is a reserved word of the expression language",
                   "choose another name");
    }
    ++at_;
    if (is('(')) return call(nullptr, at);
    Node* node = make(Op::name, absolute ? at.start - 1 : at.start, at.end);
    node->text = at.text;
    node->place = at.start;
    node->absolute = absolute;
    return node;
  }

  Node* parentheses() {
    const Token& open = token();
    ++at_;
    Node* inner = expression();
    if (!inner) return nullptr;
    const size_t end = token().end;
    if (!accept(')')) return unexpected("`)`", &open);
    inner->outer_start = open.start;
    inner->outer_end = static_cast<uint16_t>(end);
    inner->parenthesized = true;
    return inner;
  }

  const bool* keep(const std::vector<char>& bits) {
    if (std::find(bits.begin(), bits.end(), 1) == bits.end()) return nullptr;
    bool* kept = arena_.make<bool>(bits.size());
    std::copy(bits.begin(), bits.end(), kept);
    return kept;
  }

  Node* list() {
    const Token& open = token();
    ++at_;
    std::vector<Node*> items;
    std::vector<char> bits;
    while (!is(']')) {
      bits.push_back(accept('?'));
      items.push_back(expression());
      if (!items.back()) return nullptr;
      if (!accept(',')) break;
    }
    const size_t end = token().end;
    if (!accept(']')) return unexpected("`,` or `]`", &open);
    Node* node = give(make(Op::list, open.start, end), items.data(), items.size());
    if (node) node->optional_bits = keep(bits);
    return node;
  }

  Node* map() {
    const Token& open = token();
    ++at_;
    std::vector<Node*> items;
    std::vector<char> bits;
    while (!is('}')) {
      bits.push_back(accept('?'));
      items.push_back(expression());
      if (!items.back()) return nullptr;
      if (!accept(':')) return unexpected("`:` and the key's value", &open);
      items.push_back(expression());
      if (!items.back()) return nullptr;
      if (!accept(',')) break;
    }
    const size_t end = token().end;
    if (!accept('}')) return unexpected("`,` or `}`", &open);
    Node* node = give(make(Op::map, open.start, end), items.data(), items.size());
    if (node) node->optional_bits = keep(bits);
    return node;
  }

  Node* call(Node* receiver, const Token& name) {
    const Token& open = token();
    ++at_;
    std::vector<Node*> operands;
    if (receiver) operands.push_back(receiver);
    while (!is(')')) {
      operands.push_back(expression());
      if (!operands.back()) return nullptr;
      if (!accept(',')) break;
      if (is(')')) return unexpected("another argument");
    }
    const size_t end = token().end;
    if (!accept(')')) return unexpected("`,` or `)`", &open);
    const size_t start = receiver ? receiver->outer_start : name.start;
    return finish_call(make(Op::call, start, end), receiver, name, operands);
  }

  // The macro that this call is, or the call itself.
  Node* finish_call(Node* node, Node* receiver, const Token& name, std::vector<Node*>& operands) {
    node->place = name.start;
    node->text = name.text;
    node->member = receiver != nullptr;
    if (!receiver && name.text == "has") return has(node, operands);
    const size_t arguments = operands.size() - (receiver ? 1 : 0);
    const Node* const* first = operands.data() + (receiver ? 1 : 0);
    const bool second_is_name = arguments > 1 && is_plain_name(*first[1]);
    const bool is_bind =
        receiver && name.text == "bind" && receiver->op == Op::name && receiver->text == "cel";
    const MacroRule* rule =
        is_bind ? find_macro("cel.bind", false, arguments, false)
                : find_macro(name.text, receiver != nullptr, arguments, second_is_name);
    if (rule) return macro(node, *rule, operands);
    if (const auto form = macro_form(is_bind ? "cel.bind" : name.text); receiver && !form.empty()) {
      return wrong(name, shown(name) + " is not written with these arguments",
                   "write `" + std::string(form) + "`");
    }
    return give(node, operands.data(), operands.size());
  }

  static bool is_plain_name(const Node& node) { return node.op == Op::name && !node.absolute; }

  Node* has(Node* node, const std::vector<Node*>& operands) {
    if (operands.size() != 1 || operands[0]->op != Op::select || operands[0]->optional) {
      return wrong(node->start, node->end, "`has` asks for a field", "write `has(object.field)`");
    }
    Node* field = operands[0];
    Node* made = make(Op::has, node->start, node->end, {field->operands[0]});
    made->text = field->text;
    made->place = field->place;
    made->name_place = field->outer_start;
    made->name_place2 = field->outer_end;
    return made;
  }

  Node* macro(Node* node, const MacroRule& rule, std::vector<Node*>& operands) {
    const size_t first = 1;  // behind the receiver; of cel.bind the receiver is `cel`
    node->op = Op::macro;
    node->macro = rule.macro;
    node->variables = rule.variables;
    for (size_t i = 0; i < rule.variables; ++i) {
      const Node& variable = *operands[first + i];
      if (!is_plain_name(variable)) {
        return wrong(variable.start, variable.end,
                     "`" + std::string(rule.name) + "` needs a plain name here",
                     "write `" + std::string(macro_form(rule.name)) + "`");
      }
      (i ? node->text2 : node->text) = variable.text;
      (i ? node->name_place2 : node->name_place) = variable.start;
    }
    if (rule.variables == 2 && node->text == node->text2) {
      return wrong(node->name_place2, node->name_place2 + node->text2.size(),
                   "both variables have the same name", "give each its own");
    }
    operands.erase(operands.begin() + (rule.macro == Macro::bind ? 0 : 1),
                   operands.begin() + 1 + rule.variables);
    return give(node, operands.data(), operands.size());
  }

  std::string_view text_;
  Places places_;
  const std::vector<Token>& tokens_;
  Arena& arena_;
  bool safe_dot_, used_safe_dot_ = false;
  size_t at_ = 0;
  int depth_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace

Parsed parse(std::string_view text, Arena& arena) {
  std::vector<Token> tokens;
  Parsed parsed;
  parsed.problem = tokenize(text, arena, &tokens);
  if (parsed.problem) return parsed;
  Parser parser(text, tokens, arena, true);
  parsed = parser.run();
  if (!parsed.problem || !parser.used_safe_dot()) return parsed;
  // `a?.b` also reads as a choice of the absolute name `.b`: if only that makes sense, it is meant.
  Parsed strict = Parser(text, tokens, arena, false).run();
  return strict.problem ? std::move(parsed) : std::move(strict);
}

}  // namespace plenum::cel
