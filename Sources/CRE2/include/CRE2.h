// RE2 behind a C face: Prometheus' own regular expression syntax and linear time.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mx_re2 mx_re2;

/// Compiles `pattern`; null on a bad pattern, and then up to `capacity` bytes of
/// the reason (with its NUL) stand in `error`. `.` matches a newline, as in Prometheus 3.
mx_re2 *_Nullable mx_re2_new(const char *_Nonnull pattern, size_t length, char *_Nonnull error,
                             size_t capacity);
void mx_re2_free(mx_re2 *_Nonnull re);

/// Whether the whole text matches.
bool mx_re2_full_match(const mx_re2 *_Nonnull re, const char *_Nonnull text, size_t length);

/// Whether any part of the text matches.
bool mx_re2_search(const mx_re2 *_Nonnull re, const char *_Nonnull text, size_t length);

/// The number of capturing groups.
int mx_re2_groups(const mx_re2 *_Nonnull re);

/// The name of group `index` (1-based), null where it has none.
const char *_Nullable mx_re2_group_name(const mx_re2 *_Nonnull re, int index);

/// Finds the first match at or after `start` and stores `2 * (groups + 1)`
/// offsets (start, end; -1 where a group did not take part) in `offsets`.
/// `anchored`: the match must span the whole text.
bool mx_re2_match(const mx_re2 *_Nonnull re, const char *_Nonnull text, size_t length, size_t start,
                  bool anchored, ptrdiff_t *_Nonnull offsets, int groups);

#ifdef __cplusplus
}
#endif
