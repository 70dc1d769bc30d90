// Where the parts of a form begin and end.
//
// The whole body is in memory, so a part is a view into it and the search for the next delimiter is
// one pass.  What stands in a delimiter's place but is none is an error: a part must never swallow
// another one.
#include "server/front/multipart.h"

#include <cstring>
#include <utility>

#include "engine/base/diagnostic.h"
#include "server/front/text.h"

namespace plenum::front {
namespace {

tl::unexpected<Error> malformed(std::string message) {
  return fail(Kind::invalid, "the multipart body is malformed: " + std::move(message),
              "malformed_multipart");
}

using Parameters = std::vector<std::pair<std::string, std::string>>;  // names in lower case

// A parameter's value at the front of `rest`, which is shortened: a token or a quoted string.  In a
// quoted string a backslash escapes a quote or itself only, because old browsers send plain
// backslashes in file names.
Result<std::string> take_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest.front() != '"') {
    while (!rest.empty() && kTokenLower[static_cast<uint8_t>(rest.front())]) {
      value += rest.front();
      rest.remove_prefix(1);
    }
    if (value.empty()) return malformed("a header parameter has no value");
    return value;
  }
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    value += rest[i];
  }
  return malformed("a quoted header parameter has no closing quote");
}

// What follows the first word of a header: `; name=value` any number of times.
Result<Parameters> take_parameters(std::string_view rest) {
  Parameters parameters;
  for (rest = trim(rest); !rest.empty(); rest = trim(rest)) {
    if (rest.front() != ';')
      return malformed("a header has " + plenum::quote(rest) + " where `;` should stand");
    rest = trim(rest.substr(1));
    if (rest.empty()) break;  // one `;` too many at the end is common and harmless
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos || !is_token(trim(rest.substr(0, equals))))
      return malformed("a header has " + plenum::quote(rest) + " where `name=value` should stand");
    std::string name(trim(rest.substr(0, equals)));
    for (char& c : name) c = lower(c);
    rest = trim(rest.substr(equals + 1));
    std::string value = TRY(take_value(rest));
    for (const auto& [known, unused] : parameters)
      if (known == name)
        return malformed("the parameter " + plenum::quote(name) + " is given twice");
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

const std::string* find(const Parameters& parameters, std::string_view name) {
  for (const auto& [known, value] : parameters)
    if (known == name) return &value;
  return nullptr;
}

// RFC 2046 section 5.1.1.
bool is_boundary(std::string_view text) {
  for (const char c : text)
    if (!(c >= '0' && c <= '9') && !(lower(c) >= 'a' && lower(c) <= 'z') &&
        std::string_view("'()+_,-./:=? ").find(c) == std::string_view::npos)
      return false;
  return !text.empty() && text.back() != ' ';
}

Result<std::string> boundary_of(std::string_view content_type, size_t limit) {
  const size_t end = content_type.find(';');
  if (!equal_ignoring_case(trim(content_type.substr(0, end)), "multipart/form-data"))
    return malformed("Content-Type is not multipart/form-data");
  const Parameters parameters = TRY(take_parameters(
      end == std::string_view::npos ? std::string_view() : content_type.substr(end)));
  const std::string* boundary = find(parameters, "boundary");
  if (!boundary) return malformed("Content-Type has no boundary; send `boundary=…`");
  if (boundary->size() > limit)
    return malformed("the boundary has " + std::to_string(boundary->size()) +
                     " characters; at most " + std::to_string(limit) + " are accepted");
  if (!is_boundary(*boundary))
    return malformed("the boundary " + plenum::quote(*boundary) +
                     " is empty or has characters that a boundary may not have");
  return *boundary;
}

bool has_control(std::string_view text) {
  return !is_field_value(text) || text.find('\t') != std::string_view::npos;
}

// The last segment: old browsers send the whole path.
std::string base_name(const std::string& filename) {
  const size_t slash = filename.find_last_of("/\\");
  return slash == std::string::npos ? filename : filename.substr(slash + 1);
}

Result<> take_disposition(std::string_view value, Part& part) {
  const size_t end = value.find(';');
  if (!equal_ignoring_case(trim(value.substr(0, end)), "form-data"))
    return malformed("a part's Content-Disposition is not form-data");
  const Parameters parameters =
      TRY(take_parameters(end == std::string_view::npos ? std::string_view() : value.substr(end)));
  const std::string* name = find(parameters, "name");
  if (!name || name->empty()) return malformed("a part has no name");
  part.name = *name;
  if (const std::string* filename = find(parameters, "filename")) {
    part.is_file = true;
    part.filename = base_name(*filename);
  }
  for (const std::string& text : {part.name, part.filename})
    if (!is_utf8(text) || has_control(text))
      return malformed("the name " + plenum::quote(text) +
                       " is not UTF-8 or has a control character");
  return {};
}

Result<> take_header(std::string_view line, Part& part, bool& disposed) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return malformed("a part has the line " + plenum::quote(line) + " where a header should stand");
  const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
  if (!is_field_value(value))
    return malformed("a part's header " + plenum::quote(name) + " has a control character");
  if (equal_ignoring_case(name, "content-disposition")) {
    if (std::exchange(disposed, true))
      return malformed("a part has two Content-Disposition headers");
    return take_disposition(value, part);
  }
  if (equal_ignoring_case(name, "content-type")) {
    if (!is_utf8(value)) return malformed("a part's Content-Type is not UTF-8");
    part.content_type = value;
  }
  // RFC 7578 section 4.7 deprecates it, and nobody sends an encoding that would have to be undone.
  if (equal_ignoring_case(name, "content-transfer-encoding"))
    for (const std::string_view encoded : {"base64", "quoted-printable"})
      if (equal_ignoring_case(value, encoded))
        return malformed("a part is encoded as " + plenum::quote(value) +
                         "; send its bytes as they are");
  return {};
}

// The headers at the front of `rest`, up to and with the empty line.
Result<Part> take_headers(std::string_view& rest, size_t limit) {
  Part part;
  bool disposed = false;
  size_t used = 0;
  for (;;) {
    const size_t end = rest.substr(0, limit - used).find("\r\n");
    if (end == std::string_view::npos)
      return malformed(rest.size() > limit - used
                           ? "a part's headers are longer than " + std::to_string(limit) + " bytes"
                           : "it ends within a part's headers");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    used += end + 2;
    if (line.empty()) break;
    TRY(take_header(line, part, disposed));
  }
  if (!disposed) return malformed("a part has no name: it lacks the Content-Disposition header");
  return part;
}

size_t find_bytes(std::string_view text, std::string_view wanted) {
  const void* at = memmem(text.data(), text.size(), wanted.data(), wanted.size());
  return at ? static_cast<size_t>(static_cast<const char*>(at) - text.data())
            : std::string_view::npos;
}

// What follows a delimiter: true for another part, false for the end.
Result<bool> another_part(std::string_view& rest) {
  const bool last = rest.substr(0, 2) == "--";
  if (last) rest.remove_prefix(2);
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  if (last && rest.empty()) return false;
  if (rest.substr(0, 2) != "\r\n")
    return malformed(rest.size() < 2 ? "it ends within a delimiter"
                                     : "a delimiter is followed by something else than CR LF");
  rest.remove_prefix(2);
  return !last;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          const MultipartLimits& limits) {
  const std::string delimiter = "\r\n--" + TRY(boundary_of(content_type, limits.boundary));
  const std::string_view first = std::string_view(delimiter).substr(2);
  if (body.substr(0, 2) == "\r\n") body.remove_prefix(2);
  if (body.substr(0, first.size()) != first)
    return malformed("it does not begin with the boundary of Content-Type");
  std::string_view rest = body.substr(first.size());
  std::vector<Part> parts;
  size_t files = 0;
  while (TRY(another_part(rest))) {
    if (parts.size() >= limits.parts)
      return malformed("it has more than " + std::to_string(limits.parts) + " parts");
    Part part = TRY(take_headers(rest, limits.header_bytes));
    if (part.is_file && ++files > limits.files)
      return malformed("it has more than " + std::to_string(limits.files) + " files");
    if (rest.substr(0, first.size()) == first)
      return malformed("a boundary does not begin on its own line");
    const size_t end = find_bytes(rest, delimiter);
    if (end == std::string_view::npos)
      return malformed("it ends before the closing boundary; the upload was cut off");
    part.body = rest.substr(0, end);
    rest.remove_prefix(end + delimiter.size());
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace plenum::front
