/* Enrolments with EK certificates: a reader reads them, the keeper believes what it can check, and
 * what may happen in between. */
#include "base/hex.h"
#include "formats/x509.h"
#include "lib/check.h"
#include "lib/enrol-parts.h"
#include "lib/mkcert.h"
#include "roles/roles.h"
#include "store/store-sql.h"

static const struct mkcert root = {.subject = "root", .key = MKCERT_ROOT, .exts = MKCERT_CA};
static const struct mkcert inter = {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA};
static const struct mkcert leaf = {.issuer = "inter", .signer = MKCERT_INTER};

static void
anchor(const struct mkcert *what)
{
    struct bytes der = mkcert(what);

    ek_anchors_done(&rig.keeper.anchors);
    CHECK_EQ(ek_anchors_read(rig.hasher, &der, 1, &rig.keeper.anchors), 0);
}

/* The EK that mkcert's leaves are of. */
static void
certified_ek(void)
{
    static uint8_t point[2][32];
    struct pubkey *key = NULL;
    struct x509 cert;

    CHECK_EQ(x509_read(mkcert(&leaf), NULL, &cert), 0);
    CHECK_EQ(x509_key(&cert, &key), 0);
    CHECK_EQ(pubkey_point(key, point[0], point[1]), 0);
    pubkey_free(key);
    parts.ek.ecc_x = BYTES_OF(point[0]);
    parts.ek.ecc_y = BYTES_OF(point[1]);
}

static void
bring(const struct mkcert *what)
{
    parts.certs[parts.n_certs++] = mkcert(what);
}

/* A device with a leaf and its intermediate, whose root the operator has, and an identity. */
static void
start(void)
{
    enrol_start();
    anchor(&root);
    certified_ek();
    bring(&leaf);
    bring(&inter);
    enrol_take_identity();
    CHECK_EQ(rig.n_read, 0); /* who asks for a credential costs no reader */
}

static struct store_device
row(void)
{
    struct store_device device;

    CHECK_EQ(keeper_device(&rig.keeper, bytes_str(rig.identity), &device), 0);
    return device;
}

static void
chain_is(enum ek_chain expected)
{
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(2, 4));
    CHECK_EQ(row().ek_chain, expected);
}

static void
a_chain_to_the_operators_root_is_verified(void)
{
    start();
    chain_is(EK_CHAIN_VERIFIED);
    CHECK_EQ(rig.n_read, 1);
    chain_is(EK_CHAIN_VERIFIED); /* and not read again */
    CHECK_EQ(rig.n_read, 1);
}

static void
without_the_root_or_the_middle_it_is_listed(void)
{
    start();
    anchor(&(struct mkcert){
        .subject = "root", .key = MKCERT_OTHER, .exts = MKCERT_CA, .signer = MKCERT_OTHER});
    chain_is(EK_CHAIN_LISTED);
    keeper_rig_done(&rig);
    enrol_start();
    anchor(&root);
    certified_ek();
    bring(&leaf);
    enrol_take_identity();
    chain_is(EK_CHAIN_LISTED);
}

static void
a_root_installed_later_counts_when_the_device_comes_again(void)
{
    start();
    anchor(&(struct mkcert){.subject = "x", .issuer = "x", .key = MKCERT_ROOT, .exts = MKCERT_CA});
    chain_is(EK_CHAIN_LISTED);
    CHECK_EQ(row().tpm_vendor, 0); /* a certificate that nobody vouches for names no maker */
    chain_is(EK_CHAIN_LISTED);
    CHECK_EQ(rig.n_read, 1); /* nothing has changed: known for an hour */
    rig.now_ms += 3601 * 1000;
    chain_is(EK_CHAIN_LISTED);
    CHECK_EQ(rig.n_read, 2);
    anchor(&root);
    chain_is(EK_CHAIN_VERIFIED);
    CHECK_EQ(row().tpm_vendor, 0x4e544300);
    CHECK_EQ(rig.n_read, 3);
    anchor(&inter);
    chain_is(EK_CHAIN_VERIFIED); /* what was verified stays */
    CHECK_EQ(row().tpm_vendor, 0x4e544300);
    CHECK_EQ(rig.n_read, 3);
}

/* A row of a store of before. */
static void
the_maker_is_learnt_when_a_verified_device_comes_again(void)
{
    struct store_device device;

    start();
    chain_is(EK_CHAIN_VERIFIED);
    CHECK_EQ(row().tpm_vendor, 0x4e544300);
    device = row();
    device.tpm_vendor = 0;
    CHECK_EQ(store_device_put(rig.keeper.store, &device), 0);
    chain_is(EK_CHAIN_VERIFIED);
    CHECK_EQ(row().tpm_vendor, 0x4e544300);
}

static void
certificates_of_other_keys_are_worth_nothing(void)
{
    start();
    enrol_plain(); /* an EK that none of them is of */
    bring(&leaf);
    bring(&inter);
    enrol_take_identity();
    chain_is(EK_CHAIN_NONE);
    CHECK_EQ(rig.n_read, 0);
}

static void
certificates_that_are_for_something_else_are_worth_nothing(void)
{
    enrol_start();
    anchor(&root);
    certified_ek();
    bring(&(struct mkcert){.exts = "[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=clientAuth\n"});
    parts.certs[parts.n_certs++] = bytes_str("rubbish");
    enrol_take_identity();
    chain_is(EK_CHAIN_NONE);
    CHECK_EQ(rig.n_read, 1);
    chain_is(EK_CHAIN_NONE);
    CHECK_EQ(rig.n_read, 1);
}

static struct cert_records lied; /* what the reader said, for a lie to change */

static struct bytes
said(void)
{
    static uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    cert_records_write(&wr, &lied);
    return wr_done(&wr);
}

static void
heard(uint16_t type, struct bytes answer)
{
    CHECK_EQ(type, MSG_CERT_RECORDS);
    CHECK_EQ(cert_records_read(answer, &lied), 0);
}

static struct bytes
other_key(uint16_t type, struct bytes answer)
{
    heard(type, answer);
    lied.cert[0] = lied.cert[1]; /* the intermediate's key for the EK's */
    return said();
}

static struct bytes
other_dates(uint16_t type, struct bytes answer)
{
    heard(type, answer);
    lied.cert[0].not_after += 1;
    return said();
}

static struct bytes
other_maker(uint16_t type, struct bytes answer)
{
    heard(type, answer);
    lied.text[CERT_MAKER] = lied.text[CERT_MODEL];
    return said();
}

static struct bytes
shorter_chain(uint16_t type, struct bytes answer)
{
    heard(type, answer);
    lied.cert[1] = lied.cert[2];
    lied.n = 2;
    return said();
}

static struct bytes
cut_short(uint16_t type, struct bytes answer)
{
    heard(type, answer);
    return bytes_of(answer.p, answer.len - 1);
}

static struct bytes
of_another(uint16_t type, struct bytes answer)
{
    heard(type, answer);
    memset(lied.cert[0].digest, 0x55, 32);
    return said();
}

/* Whatever a reader lies about, its own device is refused, nothing is kept, and the next reader's
 * honest word is believed. */
static void
a_reader_that_lies_gets_its_device_refused(void)
{
    static struct bytes (*const lies[])(uint16_t, struct bytes) = {
        other_key, other_dates, other_maker, shorter_chain, cut_short, of_another,
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        rig.reader_lie = lies[i];
        CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 29));
        CHECK_EQ(keeper_rig_problem(&rig, NULL), REASON_RATE_LIMITED);
        CHECK_EQ(enrol_rows(), 0);
    }
    rig.reader_lie = NULL;
    chain_is(EK_CHAIN_VERIFIED);
}

static struct bytes kept_answer; /* of the first of two requests */

static struct bytes
swapped(uint16_t type, struct bytes answer)
{
    static uint8_t room[256];

    CHECK_EQ(type, MSG_CERT_RECORDS);
    if (!kept_answer.p) {
        memcpy(room, answer.p, answer.len);
        kept_answer = bytes_of(room, answer.len);
        return answer;
    }
    return kept_answer;
}

static void
answers_of_two_devices_are_not_swapped(void)
{
    start();
    rig.reader_lie = swapped;
    chain_is(EK_CHAIN_VERIFIED);
    keeper_rig_done(&rig); /* mkcert has one EK: another keeper, for which it is another device */
    enrol_start();
    anchor(&root);
    certified_ek();
    bring(&(struct mkcert){.issuer = "inter", .signer = MKCERT_INTER, .serial = "2"});
    bring(&inter);
    rig.reader_lie = swapped;
    enrol_take_identity();
    CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(4, 29));
    CHECK_EQ(enrol_rows(), 0);
}

/* Sends the enrolment and lets it come to a reader that has not answered yet. */
static void
post(void)
{
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ENROLL, enrol_written(), NULL);
    keeper_enroll_turn(&rig.keeper);
    keeper_settle(&rig.keeper);
}

static void
a_front_that_goes_gets_no_answer_and_leaves_no_row(void)
{
    uint64_t request;

    start();
    post();
    CHECK(!keeper_rig_take(&rig, &request));
    keeper_front_gone(&rig.keeper, rig.front);
    keeper_rig_read(&rig);
    CHECK(!keeper_rig_take(&rig, &request));
    CHECK_EQ(enrol_rows(), 0);
}

static void
a_connection_that_goes_before_its_turn_is_not_served(void)
{
    uint8_t room[8];
    struct wr wr = wr_init(room, sizeof(room));
    uint64_t request;

    start();
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ENROLL, enrol_written(), NULL);
    wr_le64(&wr, rig.connection);
    CHECK_EQ(keeper_closed(&rig.keeper, rig.front, wr_done(&wr)), 0);
    keeper_rig_read(&rig);
    CHECK(!keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.n_read, 0);
    CHECK_EQ(enrol_rows(), 0);
}

static void
a_device_has_one_reading(void)
{
    uint64_t request;

    start();
    post();
    post();
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, rig.next_request);
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 29));
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(request, rig.next_request - 1);
    CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
}

/* An operator's word while the certificates of a pending device are read. */
static void
an_operators_word_during_a_reading_stands(void)
{
    static char json[65536];
    char id[2 * WIRE_UEID_SIZE + 1];
    uint64_t request;

    start();
    anchor(&(struct mkcert){.subject = "x", .issuer = "x", .key = MKCERT_ROOT, .exts = MKCERT_CA});
    chain_is(EK_CHAIN_LISTED);
    anchor(&root);
    post();
    CHECK_EQ(keeper_rig_command(
                 &rig,
                 (const char *[]){"device", "remove", hex_write(id, BYTES_OF(row().id)), "stolen"},
                 4, json, sizeof(json)),
             0);
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 3));
    CHECK_EQ(row().state, DEVICE_REMOVED);
    CHECK_EQ(row().ek_chain, EK_CHAIN_LISTED);
}

static void
anchors_that_change_during_a_reading_are_asked_about_again(void)
{
    uint64_t request;

    start();
    anchor(&(struct mkcert){.subject = "x", .issuer = "x", .key = MKCERT_ROOT, .exts = MKCERT_CA});
    post();
    anchor(&root); /* "no chain" is no answer about this one */
    keeper_rig_read(&rig);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 29));
    chain_is(EK_CHAIN_VERIFIED);
}

static void
a_reader_that_dies_makes_its_device_wait(void)
{
    uint64_t request;

    start();
    post();
    jobs_turn(rig.keeper.jobs, rig.mono_ms + JOB_LIMIT_MS + 1);
    keeper_settle(&rig.keeper);
    CHECK(keeper_rig_take(&rig, &request));
    CHECK_EQ(rig.reply.code, COAP_CODE(4, 29));
    CHECK_EQ(enrol_rows(), 0);
    chain_is(EK_CHAIN_VERIFIED);
}

static void
sql(const char *text)
{
    CHECK_EQ(sqlite3_exec(rig.keeper.store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

/* The next enrolment brings a code that makes it a member, which the audit log tells. */
static void
bring_code(void)
{
    uint8_t digest[32];

    parts.code = bytes_str("once");
    CHECK_EQ(hasher_bytes(rig.hasher, HASH_SHA256, parts.code, digest), 0);
    CHECK_EQ(store_code_put(rig.keeper.store, digest, "c", rig.now_ms + 1000000), 0);
    CHECK_EQ(store_commit(rig.keeper.store), 0);
}

/* With and without a reader in between: the row that was made before its audit row failed goes, and
 * the code that it brought is not used up. */
static void
an_enrolment_whose_write_fails_leaves_nothing(void)
{
    static const uint8_t others[32] = {9};

    for (size_t n_certs = 0; n_certs <= 2; n_certs += 2) {
        start();
        parts.n_certs = n_certs;
        bring_code();
        sql("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk'); END");
        CHECK_EQ(store_challenge_use(rig.keeper.store, others, rig.now_ms + 1000), 0);
        CHECK_EQ(enrol_on_psk(enrol_written()), COAP_CODE(5, 0));
        CHECK_EQ(rig.n_read, n_certs / 2);
        CHECK(!rig.keeper.in_piece);
        CHECK_EQ(enrol_rows(), 0);
        CHECK_EQ(store_challenge_use(rig.keeper.store, others, rig.now_ms + 1000), STORE_EXISTS);
        sql("DROP TRIGGER broken");
        chain_is(n_certs ? EK_CHAIN_VERIFIED : EK_CHAIN_NONE);
        CHECK_STR(row().class_name, "c");
        keeper_rig_done(&rig);
    }
}

static void
a_keeper_may_close_while_certificates_wait_and_are_read(void)
{
    start();
    post();
    keeper_rig_post(&rig, REQUEST_PSK, RESOURCE_ENROLL, enrol_written(), NULL);
    keeper_rig_done(&rig);
}

/* Requests of the strangers' kind until one is told to wait. */
static void
enrolments_do_not_crowd_out_the_rest(void)
{
    static const char *const peers[] = {"192.0.2.1:1", "198.51.100.1:1", "203.0.113.1:1",
                                        "[2001:db8::1]:1"};
    size_t answered = 0;
    uint64_t request;

    start();
    for (size_t i = 0; i < 3 * LANE_WAITING_MAX; i++) {
        rig.from = peers[i % ARRAY_LEN(peers)];
        keeper_rig_post(&rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, enrol_written(), NULL);
    }
    while (keeper_rig_take(&rig, &request)) {
        CHECK_EQ(rig.reply.code, COAP_CODE(4, 29));
        answered++;
    }
    CHECK_EQ(answered, 2 * LANE_WAITING_MAX);
    keeper_rig_post(&rig, REQUEST_CERTIFICATE, RESOURCE_KEYS, BYTES_NULL, NULL);
    CHECK(keeper_rig_take(&rig, &request)); /* others are not in that lane */
    CHECK_EQ(request, rig.next_request);
    CHECK_EQ(rig.reply.code, COAP_CODE(2, 5));
    keeper_enroll_turn(&rig.keeper);
    keeper_settle(&rig.keeper);
    for (answered = 0; keeper_rig_take(&rig, &request); answered++) {
        CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    }
    CHECK_EQ(answered, 8); /* a turn's worth; then the channels are looked at again */
}

static void
one_networks_enrolments_do_not_crowd_out_anothers(void)
{
    size_t answered = 0;
    uint64_t request;

    start();
    rig.from = "192.0.2.1:1";
    for (size_t i = 0; i < 3 * LANE_WAITING_PREFIX; i++) {
        keeper_rig_post(&rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, enrol_written(), NULL);
    }
    while (keeper_rig_take(&rig, &request)) {
        CHECK_EQ(rig.reply.code, COAP_CODE(4, 29));
        answered++;
    }
    CHECK_EQ(answered, 2 * LANE_WAITING_PREFIX);
    rig.from = "198.51.100.1:1";
    keeper_rig_post(&rig, REQUEST_CERTIFICATE, RESOURCE_ENROLL, enrol_written(), NULL);
    CHECK(!keeper_rig_take(&rig, &request)); /* it waits, and is not told to come again */
    while (lane_waiting(rig.keeper.lane) > 0) {
        rig.mono_ms += 1000;
        keeper_enroll_turn(&rig.keeper);
    }
    keeper_settle(&rig.keeper);
    for (answered = 0; keeper_rig_take(&rig, &request); answered++) {
        CHECK_EQ(rig.reply.code, COAP_CODE(2, 4));
    }
    CHECK_EQ(answered, LANE_WAITING_PREFIX + 1);
    CHECK_EQ(request, rig.next_request); /* behind those that came before it */
}

CHECK_MAIN(CASE(one_networks_enrolments_do_not_crowd_out_anothers),
           CASE(a_chain_to_the_operators_root_is_verified),
           CASE(without_the_root_or_the_middle_it_is_listed),
           CASE(a_root_installed_later_counts_when_the_device_comes_again),
           CASE(the_maker_is_learnt_when_a_verified_device_comes_again),
           CASE(certificates_of_other_keys_are_worth_nothing),
           CASE(certificates_that_are_for_something_else_are_worth_nothing),
           CASE(a_reader_that_lies_gets_its_device_refused),
           CASE(answers_of_two_devices_are_not_swapped),
           CASE(a_front_that_goes_gets_no_answer_and_leaves_no_row),
           CASE(a_connection_that_goes_before_its_turn_is_not_served),
           CASE(a_device_has_one_reading), CASE(an_operators_word_during_a_reading_stands),
           CASE(anchors_that_change_during_a_reading_are_asked_about_again),
           CASE(a_reader_that_dies_makes_its_device_wait),
           CASE(an_enrolment_whose_write_fails_leaves_nothing),
           CASE(a_keeper_may_close_while_certificates_wait_and_are_read),
           CASE(enrolments_do_not_crowd_out_the_rest))
