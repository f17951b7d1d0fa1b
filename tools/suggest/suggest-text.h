/* A suggestion as policy text, and the bundle that it would make: what the dry run judges by is
 * the text that is shown, compiled. */
#pragma once

#include "suggest/suggest.h"

/* "os/debian-12/suggested-5c1f09ab"; of a staged release its own name. "" for values of a set. */
#define SUGGEST_NAME_ROOM (3u * LIMIT_BUNDLE_NAME + 32u)
const char *suggest_text_name(const struct suggest *suggest, const struct suggest_group *group,
                              char room[SUGGEST_NAME_ROOM]);

/* The release, in this state, with what is in force already and all devices of the group show
 * beside what is new: a release is whole. Returns 0 and *ret (free()), -EINVAL when the group makes
 * none (values of sets; a variant of which one device has something for itself), or another
 * negative errno. */
MUST_CHECK int suggest_text(const struct suggest *suggest, const struct suggest_group *group,
                            enum bundle_state state, char **ret);

/* The bundle in force (text: policy_text_of()) with the group active. Returns 0 and *ret
 * (rulebook_free()); 1 when no such bundle can be made; or a negative errno. */
MUST_CHECK int suggest_text_book(const struct suggest *suggest, const struct suggest_group *group,
                                 const char *text, struct rulebook **ret);
