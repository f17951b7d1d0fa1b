/* appraise/facts-certs: test keys, weak signers, single programs in db, and shim that checks
 * nothing. Certificates are made here; no recorded log holds a test key. */
#include "appraise/facts.h"

#include <stdlib.h>

#include "base/wr.h"
#include "formats/evtype.h"
#include "lib/check.h"
#include "lib/mkcert.h"
#include "lib/slot-rig.h"

static const uint32_t CONFIG = EV_EFI_VARIABLE_DRIVER_CONFIG;
static const uint32_t AUTHORITY = EV_EFI_VARIABLE_AUTHORITY;
static const char OWNER[] = "bd9afa775903324dbd6028f4e78f784b";

static struct slot_rig rig;
static struct boot_facts facts;

static void
read_facts(void)
{
    slot_rig_assign(&rig);
    memset(&facts, 0xff, sizeof(facts));
    CHECK_EQ(facts_read(rig.make.hasher, &rig.log, &rig.map, &facts), 0);
    slot_rig_done(&rig);
}

/* EFI_SIGNATURE_LIST of one entry, UEFI 2.10 section 32.4.1. */
static void
list_of(struct wr *wr, const char *type, struct bytes data)
{
    wr_bytes(wr, check_hex(type));
    wr_le32(wr, (uint32_t)(28 + 16 + data.len));
    wr_le32(wr, 0);
    wr_le32(wr, (uint32_t)(16 + data.len));
    wr_bytes(wr, check_hex(OWNER));
    wr_bytes(wr, data);
}

#define X509 "a159c0a5e494a74a87b5ab155c2bf072"
#define SHA256 "2616c4c14c509240aca941f936934328"

/* A variable of lists: one each of the entries, all of a type. */
static void
variable_of(enum slot_rig_guid guid, const char *name, const char *type, size_t n,
            const struct bytes *entries)
{
    enum { ROOM = 16384 };
    struct wr wr = wr_init(check_keep(malloc(ROOM)), ROOM);

    for (size_t i = 0; i < n; i++) {
        list_of(&wr, type, entries[i]);
    }
    slot_rig_bound(&rig, 7, CONFIG, slot_rig_variable(guid, name, wr_done(&wr)));
}

static struct bytes
certificate(const char *subject, const char *issuer)
{
    return mkcert(&(struct mkcert){.subject = subject, .issuer = issuer, .exts = MKCERT_CA});
}

static struct bytes
word(enum slot slot)
{
    static struct rule_input input;

    input = (struct rule_input){0};
    facts_input(&facts, &input);
    return input.words[slot];
}

static enum fact_flag
testkey_of(struct bytes first, struct bytes second)
{
    const struct bytes entries[] = {first, second};

    slot_rig_new(&rig);
    variable_of(RIG_GLOBAL, "PK", X509, second.p ? 2 : 1, entries);
    read_facts();
    return facts.testkey;
}

static void
a_key_that_says_not_to_trust_it_is_a_test_key(void)
{
    static const char *const marked[] = {"DO NOT TRUST - AMI Test PK", "DO NOT SHIP - PK",
                                         "Sample: do not Trust", "DO NODO NOT SHIP"};

    for (size_t i = 0; i < ARRAY_LEN(marked); i++) {
        CHECK_EQ(testkey_of(certificate(marked[i], "root"), BYTES_NULL), FACT_ON);
        CHECK_EQ(testkey_of(certificate("PK", marked[i]), BYTES_NULL), FACT_ON);
        CHECK_BYTES(word(SLOT_SB_TESTKEY), bytes_str("yes"));
    }
}

static void
a_key_that_nearly_says_so_is_none(void)
{
    static const char *const plain[] = {"Lenovo Ltd. PK CA 2012", "DO NOT TRUS", "DO NOT, TRUST",
                                        "DO TRUST", "DONOT SHIP"};

    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        CHECK_EQ(testkey_of(certificate(plain[i], plain[i]), BYTES_NULL), FACT_OFF);
        CHECK_BYTES(word(SLOT_SB_TESTKEY), bytes_str("no"));
    }
}

/* BMPString has two bytes a letter, and a name may hold it whatever the reader's taste. */
static void
a_wide_name_is_read_too(void)
{
    struct bytes der = certificate("D O N O T T R U S T ", "root"); /* each blank becomes a zero */
    uint8_t *copy = check_keep(malloc(der.len));
    static const char wide[] = "D\0O\0 \0N\0O\0T\0";
    uint8_t *place;

    CHECK(copy);
    memcpy(copy, der.p, der.len);
    place = memmem(copy, der.len, "D O N O T T R U S T ", 20);
    CHECK(place);
    memcpy(place, wide, 12);
    memcpy(place + 12, " \0SHIP\0\0", 8);
    CHECK_EQ(testkey_of(bytes_of(copy, der.len), BYTES_NULL), FACT_ON);
}

static void
one_of_two_keys_is_enough_and_one_that_is_none_hides_nothing(void)
{
    struct bytes test = certificate("DO NOT SHIP", "root");
    struct bytes good = certificate("PK", "root");
    struct bytes odd = check_hex("3003020105");

    CHECK_EQ(testkey_of(good, test), FACT_ON);
    CHECK_EQ(testkey_of(test, good), FACT_ON);
    CHECK_EQ(testkey_of(odd, test), FACT_ON);
    CHECK_EQ(testkey_of(test, odd), FACT_ON);
    CHECK_EQ(testkey_of(good, odd), FACT_ODD);
    CHECK_EQ(testkey_of(odd, good), FACT_ODD);
    CHECK(!word(SLOT_SB_TESTKEY).p);
}

/* Of no PK, one that broke its form, and one that nobody verified. */
static void
without_a_key_nothing_is_said(void)
{
    const struct bytes good = certificate("PK", "root");

    slot_rig_new(&rig);
    read_facts();
    CHECK_EQ(facts.testkey, FACT_ABSENT);
    CHECK(!word(SLOT_SB_TESTKEY).p);
    slot_rig_new(&rig);
    variable_of(RIG_GLOBAL, "PK", X509, 0, NULL);
    read_facts();
    CHECK_EQ(facts.testkey, FACT_ABSENT);
    CHECK_BYTES(word(SLOT_SB_MODE), bytes_str("setup")); /* nobody owns the machine */
    slot_rig_new(&rig);
    slot_rig_bound(&rig, 7, CONFIG,
                   slot_rig_variable(RIG_GLOBAL, "PK", check_hex(X509 "30000000 00000000 15")));
    read_facts();
    CHECK_EQ(facts.testkey, FACT_ODD);
    CHECK(!word(SLOT_SB_MODE).p);
    slot_rig_new(&rig);
    variable_of(RIG_GLOBAL, "PK", X509, 1, &good);
    read_facts();
    CHECK(!word(SLOT_SB_MODE).p); /* there is an owner, and no variable says the mode */
}

static bool
db_holds_hashes(const char *type, struct bytes entry)
{
    const struct bytes entries[] = {certificate("CA", "root"), entry};

    slot_rig_new(&rig);
    variable_of(RIG_SECURITY, "db", X509, 1, entries);
    read_facts();
    CHECK(!facts.db_hash);
    slot_rig_new(&rig);
    variable_of(RIG_SECURITY, "db", type, 1, &entries[1]);
    read_facts();
    return facts.db_hash;
}

static void
db_with_what_is_no_certificate_is_told(void)
{
    static const uint8_t hash[32] = {1};

    CHECK(!db_holds_hashes(X509, certificate("Other", "root")));
    CHECK(db_holds_hashes(SHA256, BYTES_OF(hash)));
    CHECK(db_holds_hashes("ffffffffffffffffffffffffffffffff", check_hex("01020304")));
}

static bool
is_weak(struct bytes der, enum slot_rig_guid guid, const char *name)
{
    enum { ROOM = 16384 };
    struct wr wr = wr_init(check_keep(malloc(ROOM)), ROOM);

    if (guid == RIG_SECURITY) {
        wr_bytes(&wr, check_hex(OWNER));
    }
    wr_bytes(&wr, der);
    slot_rig_new(&rig);
    slot_rig_bound(&rig, 7, AUTHORITY, slot_rig_variable(guid, name, wr_done(&wr)));
    read_facts();
    CHECK(facts.lists[SLOT_BOOT_AUTHORITY].known);
    return facts.weak_authority;
}

static void
a_short_key_or_sha1_of_another_is_weak(void)
{
    struct mkcert cert = {.subject = "CA", .issuer = "root", .exts = MKCERT_CA};

    CHECK(!is_weak(mkcert(&cert), RIG_SECURITY, "db"));
    cert.key = MKCERT_RSA_CA;
    CHECK(!is_weak(mkcert(&cert), RIG_SECURITY, "db"));
    cert.key = MKCERT_RSA_1024;
    CHECK(is_weak(mkcert(&cert), RIG_SECURITY, "db"));
    CHECK(is_weak(mkcert(&cert), RIG_SHIM, "Shim"));
    cert.key = MKCERT_RSA_CA;
    cert.digest = "SHA1";
    CHECK(is_weak(mkcert(&cert), RIG_SECURITY, "db"));
    cert.subject = "root"; /* nobody checks what a root says of itself */
    CHECK(!is_weak(mkcert(&cert), RIG_SECURITY, "db"));
}

/* What shim measures of its own state: into PCR 7 whole, into PCR 14 under a name. */
static enum fact_flag
validation_of(const char *value, uint32_t pcr)
{
    static const char name[] = "MokSBState";

    slot_rig_new(&rig);
    slot_rig_digest(&rig, 14, EV_IPL, bytes_str("list"), bytes_of("MokList", 8));
    if (value && pcr == 7) {
        slot_rig_bound(&rig, 7, AUTHORITY, slot_rig_variable(RIG_SHIM, name, check_hex(value)));
    } else if (value) {
        slot_rig_digest(&rig, 14, EV_IPL, check_hex(value), bytes_of(name, sizeof(name)));
    }
    read_facts();
    return facts.mok_validation;
}

static void
shim_that_checks_nothing_says_so(void)
{
    CHECK_EQ(validation_of("01", 7), FACT_OFF);
    CHECK_BYTES(word(SLOT_MOK_VALIDATION), bytes_str("off"));
    CHECK_EQ(validation_of("01", 14), FACT_OFF);
    CHECK_EQ(validation_of("0100", 7), FACT_OFF); /* of no form that means less */
    CHECK_EQ(validation_of("02", 14), FACT_OFF);
    CHECK_EQ(validation_of("00", 7), FACT_ON);
    CHECK_EQ(validation_of("00", 14), FACT_ON);
    CHECK_EQ(validation_of(NULL, 0), FACT_ON);
    CHECK_BYTES(word(SLOT_MOK_VALIDATION), bytes_str("on"));
    slot_rig_new(&rig);
    read_facts(); /* no shim */
    CHECK_EQ(facts.mok_validation, FACT_ABSENT);
    CHECK(!word(SLOT_MOK_VALIDATION).p);
}

CHECK_MAIN(CASE(a_key_that_says_not_to_trust_it_is_a_test_key),
           CASE(a_key_that_nearly_says_so_is_none), CASE(a_wide_name_is_read_too),
           CASE(one_of_two_keys_is_enough_and_one_that_is_none_hides_nothing),
           CASE(without_a_key_nothing_is_said), CASE(db_with_what_is_no_certificate_is_told),
           CASE(a_short_key_or_sha1_of_another_is_weak), CASE(shim_that_checks_nothing_says_so))
