// The family's list: a provider is its file and its line here.
#include "engine/llm/provider.h"

#define PROVIDERS     \
  PROVIDER(anthropic) \
  PROVIDER(gemini)    \
  PROVIDER(offline)   \
  PROVIDER(openai)

namespace plenum::llm {

#define PROVIDER(name) std::unique_ptr<Provider> name(Access access, const std::string& fixtures);
PROVIDERS
#undef PROVIDER

std::unique_ptr<Provider> make_provider(const std::string& name, Access access,
                                        const std::string& fixtures) {
#define PROVIDER(member) \
  if (name == #member) return member(std::move(access), fixtures);
  PROVIDERS
#undef PROVIDER
  return nullptr;
}

const std::vector<std::string>& provider_names() {
#define PROVIDER(name) #name,
  static const std::vector<std::string> names = {PROVIDERS};
#undef PROVIDER
  return names;
}

}  // namespace plenum::llm
