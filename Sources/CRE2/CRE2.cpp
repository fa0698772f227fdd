#include "CRE2.h"

#include <re2/re2.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

using re2::RE2;
using re2::StringPiece;

struct mx_re2 {
  RE2 re;
  mx_re2(StringPiece pattern, const RE2::Options &options) : re(pattern, options) {}
};

extern "C" {

mx_re2 *mx_re2_new(const char *pattern, size_t length, char *error, size_t capacity) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  auto *result = new mx_re2(StringPiece(pattern, length), options);
  if (result->re.ok()) return result;
  if (capacity > 0) {
    std::strncpy(error, result->re.error().c_str(), capacity - 1);
    error[capacity - 1] = 0;
  }
  delete result;
  return nullptr;
}

void mx_re2_free(mx_re2 *re) { delete re; }

bool mx_re2_full_match(const mx_re2 *re, const char *text, size_t length) {
  return re->re.Match(StringPiece(text, length), 0, length, RE2::ANCHOR_BOTH, nullptr, 0);
}

bool mx_re2_search(const mx_re2 *re, const char *text, size_t length) {
  return re->re.Match(StringPiece(text, length), 0, length, RE2::UNANCHORED, nullptr, 0);
}

int mx_re2_groups(const mx_re2 *re) { return re->re.NumberOfCapturingGroups(); }

const char *mx_re2_group_name(const mx_re2 *re, int index) {
  const auto &names = re->re.CapturingGroupNames();
  auto found = names.find(index);
  return found == names.end() ? nullptr : found->second.c_str();
}

bool mx_re2_match(const mx_re2 *re, const char *text, size_t length, size_t start, bool anchored,
                  ptrdiff_t *offsets, int groups) {
  std::vector<StringPiece> found(static_cast<size_t>(groups) + 1);
  auto anchor = anchored ? RE2::ANCHOR_BOTH : RE2::UNANCHORED;
  if (!re->re.Match(StringPiece(text, length), start, length, anchor, found.data(), groups + 1))
    return false;
  for (int i = 0; i <= groups; i++) {
    bool took = found[i].data() != nullptr;
    offsets[2 * i] = took ? found[i].data() - text : -1;
    offsets[2 * i + 1] = took ? found[i].data() - text + static_cast<ptrdiff_t>(found[i].size()) : -1;
  }
  return true;
}

}  // extern "C"
