/* The file that devices get a copy of. */
#pragma once

#include "main/key-folder.h"

#define KEY_BUNDLE_FILE KEY_FOLDER_BUNDLE

/* Writes the certificates of all CAs of the list into ca.pem of the folder, the newest first,
 * unless a CA's own file has that name, as before the first rotation. Returns 0 or -errno. */
MUST_CHECK int key_bundle(const char *folder, const struct keyset *set);
