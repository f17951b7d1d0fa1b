/* The folder of the keys for whoever changes it: `assay key rotate`, and main, which makes nonce
 * keys anew by itself. Both write files of new names first, then replace the list, then remove what
 * it does not name. */
#pragma once

#include "crypto/privkey.h"
#include "main/keyset.h"

#define KEY_FOLDER_BUNDLE "ca.pem" /* what devices get a copy of; no key's, and it stays */

/* One at a time changes a folder: until the descriptor is closed nobody else does. Returns it,
 * -EWOULDBLOCK while another has it, or another -errno. */
MUST_CHECK int key_folder_lock(const char *folder);

/* Whether a certificate, in DER, is of a key; no when it cannot be read. */
bool key_folder_fits(struct bytes der, const struct privkey *key);

/* Takes out of a list what holds no more: keys that are over, and of a folder without a list the
 * kinds that came later and whose files it lacks. Of keys that are over only those of `kind` go,
 * unless it is KEYSET_KIND_N: where no operator stands behind it, a clock that jumped ahead must
 * not end all that a site has. */
void key_folder_tidy(const char *folder, struct keyset *set, enum keyset_kind kind, int64_t now_s);

/* Removes files of ours that the list does not name, of this change or of one that was ended in
 * between. Goes on after one that stays; returns 0, or the last -errno with the problem. */
MUST_CHECK int key_folder_clean(const char *folder, const struct keyset *set,
                                struct conf_problem *problem);
