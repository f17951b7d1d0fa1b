/* Enrolments of which any part can be changed before they are written, by a device whose EK is in
 * software: the blob is opened as a TPM would open it. One at a time: a test's own process has one.
 */
#pragma once

#include "lib/keeper-rig.h"
#include "lib/softek.h"
#include "wire/credential.h"

/* One enrolment before it is written. */
struct enrol_parts {
    struct tpm_public ek;
    struct tpm_public ak;
    uint8_t ek_room[2][32]; /* coordinates of the EK */
    struct bytes code;
    struct bytes maker;
    size_t n_certs;
    struct bytes certs[LIMIT_CERTS];
    size_t ek_trailing;
    size_t ak_trailing;
};

extern struct keeper_rig rig;
extern struct softek softek;
extern struct enrol_parts parts;

/* A keeper, a device and its connection; parts are plain. */
void enrol_start(void);

/* The device's own areas again, with the EK that can be opened. */
void enrol_plain(void);

/* Another device: other EK, other AK; parts are plain. */
void enrol_other_device(void);

/* A TPMT_PUBLIC and so many bytes behind it. */
struct bytes enrol_area(uint8_t room[1024], const struct tpm_public *public, size_t trailing);

/* The request; valid until the next call. */
struct bytes enrol_written(void);

/* Asks with a body; the code of the answer. */
uint8_t enrol_on_certificate(struct bytes body);
uint8_t enrol_on_psk(struct bytes body);

/* Devices of all states in the store. */
int64_t enrol_rows(void);

/* The credential in the last reply, its signature by the site key verified. */
struct credential enrol_credential_got(void);

/* Asks for a credential and takes the identity that it names as the device's. */
void enrol_take_identity(void);

/* The last reply of the PSK connection. */
struct enrolled enrol_state(void);
