/* Small boots by hand for learn-rig.h: a log is begun, gets events, and is added as a boot. */
#pragma once

#include "lib/learn-rig.h"
#include "lib/slot-rig.h"

/* Begins a log that has an image "shim" in PCR 4 and a separator there, so that a policy can be
 * learnt from it; a bare one has neither. */
void learn_make_begin(void);
void learn_make_bare(void);

/* Ends it and adds it as a boot of learn_rig; userspace: systemd's log, or NULL. */
struct learn_rig_boot *learn_make_end(const char *userspace);

/* Events by content: the digest is of it. */
void learn_make_firmware(const char *content);
void learn_make_driver(const char *content);
void learn_make_image(const char *content);
void learn_make_file(const char *path, const char *content);
void learn_make_command(const char *line);
void learn_make_cmdline(const char *line);
void learn_make_text(uint32_t pcr, uint32_t type, const char *text);
void learn_make_label(uint32_t pcr, uint32_t type, const char *content, const char *label);

/* Variables of PCR 7; flag: one byte. */
void learn_make_flag(const char *name, uint8_t value);
void learn_make_list(const char *name, struct bytes value); /* of the keys, db and dbx */
void learn_make_authority(enum slot_rig_guid guid, const char *name, struct bytes value);

/* A signature list of image hashes, each one byte repeated; of certificates, likewise. The memory
 * lives until the process ends. */
struct bytes learn_make_hashes(const char *bytes);
struct bytes learn_make_certs(const char *bytes);

/* A record of systemd's log, as a string; the memory lives until the process ends. */
const char *learn_make_record(uint32_t pcr, const char *text);

/* Learns from all boots, loads what was learnt, and lets each of them pass by it: none is refused.
 */
void learn_make_learn(void);

/* Does the policy's text hold this? Fails the case with the text if not; or if it does. */
void learn_make_says(const char *text);
void learn_make_says_not(const char *text);
