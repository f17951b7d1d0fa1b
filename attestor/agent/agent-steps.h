/* Inside attestor/agent/ only: the steps, and what they share. */
#pragma once

#include "agent/agent.h"
#include "base/log.h"
#include "wire/problem.h"

/* What every run needs before its first step. Returns 0 or a negative errno. */
MUST_CHECK int agent_begin(struct agent *agent);

enum agent_result agent_keys(struct agent *agent);
enum agent_result agent_enrol_load(struct agent *agent);
enum agent_result agent_enrol(struct agent *agent);
enum agent_result agent_enrol_activate(struct agent *agent);
enum agent_result agent_join_connect(struct agent *agent);
enum agent_result agent_join(struct agent *agent);
enum agent_result agent_attest(struct agent *agent);
enum agent_result agent_tokens(struct agent *agent);
enum agent_result agent_announce(struct agent *agent);

/* Sets how it ends if this was the last, says so in one line, and returns result. */
enum agent_result agent_tell(struct agent *agent, enum agent_exit exit, enum agent_result result,
                             const char *why);

/* The same for what the TPM said. */
enum agent_result agent_tpm_fault(struct agent *agent, int r, const struct tpm_error *error);

/* The same for what the link said; LATER, or RECONNECT when a connection was lost. */
enum agent_result agent_link_fault(struct agent *agent, int r, const char *text);

/* Judges the credential again when the clock was set since it was judged at the floor; true when it
 * has ended. */
bool agent_enrol_outlived(struct agent *agent);

/* EK certificates, keys and, when `full`, code and machine; body in room. */
struct bytes agent_enrol_body(const struct agent *agent, bool full, uint8_t *room, size_t cap);
#define AGENT_ENROL_ROOM (LIMIT_CERTS * LIMIT_CERT_BYTES + 4096u)

/* 4.03 with 710: the epoch of our PSK is over. Enrols again, once for one failure: a verifier that
 * ends what it has just handed out is waited for. */
enum agent_result agent_ended(struct agent *agent, const char *why);

/* Reads a problem; false when the reply is none. */
bool agent_problem(const struct link_reply *reply, struct problem *ret);

/* The nonce that the next evidence answers to, kept across reboots. */
void agent_nonce_set(struct agent *agent, const uint8_t nonce[WIRE_NONCE_SIZE]);
void agent_nonce_load(struct agent *agent);

/* How much of the growing logs the verifier knows: kept while the machine runs, forgotten with its
 * boot. */
void agent_known_save(const struct agent *agent);
void agent_known_load(struct agent *agent);

/* Judged evidence without trust, and state changes: tokens of before must not outlive it. */
void agent_tokens_remove(const struct agent *agent);

/* The CWT of an answer; without one the old file goes. */
void agent_cwt_write(const struct agent *agent, struct bytes cwt);

/* Item of the device key for the present connection and nonce. Returns 0, > 0 (enum tpm_outcome)
 * with the error, or a negative errno. */
MUST_CHECK int agent_key_item(struct agent *agent, struct wr *wr, struct tpm_error *error);
#define AGENT_KEY_ROOM (DEVICE_CERT_ROOM + 3072u)

/* Asks on this connection for room for so many bytes; its answer brings the next nonce. Returns 0,
 * or 1 after agent_tell() with *ret_result. link_body_max() says what came of it. A connection that
 * was lost before counts as lost still: only what is long may be what it does not survive. */
MUST_CHECK int agent_ask_room(struct agent *agent, size_t len, enum agent_result *ret_result);

/* Quote, claims and logs as one body. Returns 0 (source_file_done() it), 1 after agent_tell() with
 * *ret_result, or a negative errno. */
MUST_CHECK int agent_collect(struct agent *agent, struct source_data *ret_body,
                             enum agent_result *ret_result);

/* Keeps what the last answer was: a code, and the verdict of 2.04 or the reason of a refusal (0:
 * none). */
void agent_last_save(const struct agent *agent, uint8_t code, uint16_t reason);

/* An evidence of so many bytes is too long for this connection, which takes `most` (0: not told).
 * RECONNECT to a server over TCP if one is named, this is none, and it is not the device's class
 * that takes no more; else LATER, rarely. */
enum agent_result agent_too_long(struct agent *agent, size_t len, uint32_t most, bool by_class);

/* What an answer to /attest means. */
enum agent_result agent_answer(struct agent *agent, const struct link_reply *reply);
