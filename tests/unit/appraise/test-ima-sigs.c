/* Signatures of files: by real keys over real files, each form that is refused, and what is kept.
 */
#include <stdio.h>

#include "appraise/file-key.h"
#include "appraise/ima-sigs.h"
#include "base/b64.h"
#include "formats/ima-text.h"
#include "formats/pem.h"
#include "lib/check.h"
#include "lib/ima-signer.h"
#include "lib/rule-play.h"

static struct ima_sigs_ask ask;
static uint8_t digest[HASH_SIZE_MAX];

/* A block of these lines, with sets of keys that it names. */
static void
start(const char *lines, const char *sets)
{
    static char text[8192];

    snprintf(text, sizeof(text), "ima x {\n%s}\n%s", lines, sets);
    rule_play_rules("  rule files : ima policy ima/x\n", text);
    ask = (struct ima_sigs_ask){
        .book = rule_play.book,
        .block = &rulebook_bundle(rule_play.book)->imas[0],
        .hasher = check_keep(hasher_new()),
    };
    memset(digest, 0x11, sizeof(digest));
}

/* With all the keys that sign files. */
static void
start_all(const char *lines)
{
    char sets[4096];

    snprintf(sets, sizeof(sets), "set keys k {\n%s\n%s\n%s\n%s\n}\n", ima_signer_item(SIGNER_RSA),
             ima_signer_item(SIGNER_RSA_1024), ima_signer_item(SIGNER_P256),
             ima_signer_item(SIGNER_P384));
    start(lines, sets);
}

static void
done(void)
{
    hasher_freep(&ask.hasher);
    ima_sigs_free(ask.sigs);
}

/* What an entry of this digest and attribute is worth. */
static int
judge(enum hash hash, struct bytes attribute)
{
    struct ima_entry entry = {.digest = {.hash = hash, .value = bytes_of(digest, hash_size(hash))},
                              .sig = attribute};

    return ima_sigs_judge(&ask, &entry);
}

static int
judge_signed(enum ima_signer signer, enum hash hash)
{
    return judge(hash, ima_signer_attribute(signer, hash, 0x11));
}

/* keylime's list, and the key that its tests verify it by. The second file is signed by a key of
 * secp256k1, which no policy can hold. */
static struct ima_entry
real_entry(size_t i)
{
    static uint8_t room[IMA_TEXT_ROOM];
    static struct ima_text text;
    struct ima_entry entry = {0};

    CHECK_EQ(ima_text_open(&text, check_vector("ima/keylime-signatures.txt"), HASH_SHA1, 0, room,
                           sizeof(room), NULL),
             0);
    for (size_t k = 0; k <= i; k++) {
        CHECK_EQ(ima_text_next(&text, &entry, NULL), 0);
    }
    return entry;
}

static void
start_real(void)
{
    char key[B64_LEN(LIMIT_BUNDLE_SPKI) + 1];
    char sets[1024];
    uint8_t der[LIMIT_BUNDLE_SPKI];
    struct rd rd = rd_init(check_vector("ima/keylime-rsa2048pub.pem"));
    size_t len = 0;

    CHECK_EQ(pem_next_of(&rd, "PUBLIC KEY", der, sizeof(der), &len), 0);
    b64_write(key, bytes_of(der, len));
    snprintf(sets, sizeof(sets), "set keys k { spki:%s }\n", key);
    start("  signed @k\n", sets);
}

static void
a_real_signature_verifies_and_no_neighbour_of_it(void)
{
    struct ima_entry entry;
    uint8_t *sig;

    start_real();
    CHECK_EQ(rulebook_bundle(ask.book)->keys[0].id, 0xf3452d23); /* as the list names it */
    entry = real_entry(0);
    CHECK_EQ(ima_sigs_judge(&ask, &entry), IMA_SIGS_GOOD);
    sig = (uint8_t *)(uintptr_t)entry.sig.p;
    for (size_t i = 9; i < entry.sig.len; i += 37) {
        sig[i] ^= 1;
        CHECK_EQ(ima_sigs_judge(&ask, &entry), IMA_SIGS_E_BAD);
        sig[i] ^= 1;
    }
    ((uint8_t *)(uintptr_t)entry.digest.value.p)[31] ^= 1;
    CHECK_EQ(ima_sigs_judge(&ask, &entry), IMA_SIGS_E_BAD);
    entry = real_entry(1);
    CHECK_EQ(ima_sigs_judge(&ask, &entry), IMA_SIGS_E_KEY);
    done();
}

static void
each_kind_of_key_signs_by_each_hash(void)
{
    static const enum ima_signer signers[] = {SIGNER_RSA, SIGNER_P256, SIGNER_P384};
    static const enum hash hashes[] = {HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512};

    start_all("  signed @k\n");
    for (size_t i = 0; i < ARRAY_LEN(signers); i++) {
        for (size_t k = 0; k < ARRAY_LEN(hashes); k++) {
            CHECK_EQ(judge_signed(signers[i], hashes[k]), IMA_SIGS_GOOD);
        }
        digest[0] ^= 1;
        CHECK_EQ(judge_signed(signers[i], HASH_SHA256), IMA_SIGS_E_BAD);
        digest[0] ^= 1;
    }
    done();
}

/* What is signed is said by the hash: the same bytes by another name are another statement. */
static void
the_hash_is_part_of_what_is_signed(void)
{
    struct bytes attribute;

    start_all("  signed @k\n");
    attribute = ima_signer_attribute(SIGNER_P256, HASH_SHA256, 0x11);
    CHECK_EQ(judge(HASH_SHA256, attribute), IMA_SIGS_GOOD);
    CHECK_EQ(judge(HASH_SM3_256, attribute), IMA_SIGS_E_BAD);
    ((uint8_t *)(uintptr_t)attribute.p)[2] = 17; /* SM3, in the attribute too: another claim */
    CHECK_EQ(judge(HASH_SHA256, attribute), IMA_SIGS_E_BAD);
    ((uint8_t *)(uintptr_t)attribute.p)[2] = 1; /* MD5, which we do not know */
    CHECK_EQ(judge(HASH_N, attribute), IMA_SIGS_E_BAD);
    done();
}

static void
forms_that_nobody_verifies_are_refused_whatever_the_key(void)
{
    struct bytes made;
    uint8_t bytes[600];
    struct ima_entry verity = {.digest = {.type = bytes_str("verity"), .hash = HASH_SHA256}};

    start_all("  signed @k\n");
    made = ima_signer_attribute(SIGNER_P256, HASH_SHA256, 0x11);
    memcpy(bytes, made.p, made.len);
    made.p = bytes;
    bytes[0] = 5; /* EVM's portable one, over attributes */
    CHECK_EQ(judge(HASH_SHA256, made), IMA_SIGS_E_FORM);
    bytes[0] = 6; /* over a verity digest */
    bytes[1] = 3;
    CHECK_EQ(judge(HASH_SHA256, made), IMA_SIGS_E_FORM);
    bytes[0] = 3; /* version 3 of a file's */
    CHECK_EQ(judge(HASH_SHA256, made), IMA_SIGS_E_FORM);
    bytes[1] = 2;
    CHECK_EQ(judge(HASH_SHA256, made), IMA_SIGS_GOOD);
    verity.digest.value = bytes_of(digest, 32);
    verity.sig = made;
    CHECK_EQ(ima_sigs_judge(&ask, &verity), IMA_SIGS_E_FORM);
    for (size_t i = 0; i < made.len; i++) {
        CHECK_EQ(judge(HASH_SHA256, bytes_of(bytes, i)), IMA_SIGS_E_FORM);
    }
    bytes[made.len] = 0;
    CHECK_EQ(judge(HASH_SHA256, bytes_of(bytes, made.len + 1)), IMA_SIGS_E_FORM);
    done();
}

static void
a_key_that_no_set_of_the_block_has_is_unknown(void)
{
    char sets[4096];

    snprintf(sets, sizeof(sets), "set keys k { %s }\nset keys other { %s }\n",
             ima_signer_item(SIGNER_P256), ima_signer_item(SIGNER_RSA));
    start("  signed @k\n", sets);
    CHECK_EQ(judge_signed(SIGNER_RSA, HASH_SHA256), IMA_SIGS_E_KEY);
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_GOOD);
    done();
    start("  signed @k @other\n", sets);
    CHECK_EQ(judge_signed(SIGNER_RSA, HASH_SHA256), IMA_SIGS_GOOD);
    CHECK_EQ(judge_signed(SIGNER_P384, HASH_SHA256), IMA_SIGS_E_KEY);
    done();
}

static void
the_key_says_whether_it_is_weak(void)
{
    start_all("  signed @k\n");
    CHECK_EQ(judge_signed(SIGNER_RSA_1024, HASH_SHA256), IMA_SIGS_E_WEAK);
    done();
    start_all("  min-key rsa-3072 ecc-p384\n  signed @k\n");
    CHECK_EQ(judge_signed(SIGNER_RSA, HASH_SHA256), IMA_SIGS_E_WEAK);
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_E_WEAK);
    CHECK_EQ(judge_signed(SIGNER_P384, HASH_SHA256), IMA_SIGS_GOOD);
    done();
    start_all("  min-key rsa-2048\n  signed @k\n");
    CHECK_EQ(judge_signed(SIGNER_RSA, HASH_SHA256), IMA_SIGS_GOOD);
    CHECK_EQ(judge_signed(SIGNER_P384, HASH_SHA256), IMA_SIGS_E_WEAK);
    done();
}

/* An id is four bytes: it finds a key and proves nothing. */
static void
keys_may_share_an_id(void)
{
    char sets[4096];

    snprintf(sets, sizeof(sets), "set keys k { %sid %08x\n%sid %08x\n%s }\n",
             ima_signer_item(SIGNER_RSA_OTHER), ima_signer_id(SIGNER_RSA),
             ima_signer_item(SIGNER_RSA_1024), ima_signer_id(SIGNER_RSA),
             ima_signer_item(SIGNER_RSA));
    start("  signed @k\n", sets);
    CHECK_EQ(judge_signed(SIGNER_RSA, HASH_SHA256), IMA_SIGS_GOOD);
    CHECK_EQ(judge_signed(SIGNER_RSA_OTHER, HASH_SHA256), IMA_SIGS_E_KEY); /* by its own id */
    digest[3] ^= 1;
    CHECK_EQ(judge_signed(SIGNER_RSA, HASH_SHA256), IMA_SIGS_E_BAD); /* more than weak */
    done();
}

/* With the budget gone nothing is verified: only what is remembered passes. */
static void
what_was_good_is_remembered_for_its_key_alone(void)
{
    static uint8_t kept[600];
    struct bytes good;

    start_all("  signed @k\n");
    ask.sigs = check_keep(ima_sigs_new());
    good = ima_signer_attribute(SIGNER_RSA, HASH_SHA256, 0x11);
    memcpy(kept, good.p, good.len);
    good.p = kept;
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    ask.n_bad = IMA_SIGS_BAD_MAX;
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_E_BAD);
    digest[31] ^= 1;
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_E_BAD);
    digest[31] ^= 1;
    kept[good.len - 1] ^= 1;
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_E_BAD);
    kept[good.len - 1] ^= 1;
    done();
}

static void
what_is_remembered_counts_for_who_has_the_key(void)
{
    struct ima_sigs *sigs = check_keep(ima_sigs_new());
    char other[4096];
    struct bytes good;

    start_all("  signed @k\n");
    ask.sigs = sigs;
    good = ima_signer_attribute(SIGNER_RSA, HASH_SHA256, 0x11);
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    hasher_freep(&ask.hasher);
    /* another bundle: another key by that id */
    snprintf(other, sizeof(other), "set keys k { %sid %08x }\n", ima_signer_item(SIGNER_RSA_OTHER),
             ima_signer_id(SIGNER_RSA));
    start("  signed @k\n", other);
    ask.sigs = sigs;
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_E_BAD);
    done();
}

/* A list of made-up signatures costs so many verifications, and then none: its rest is bad, too. */
static void
made_up_signatures_have_a_price_for_who_sends_them(void)
{
    start_all("  signed @k\n");
    digest[0] ^= 1;
    for (unsigned i = 0; i < IMA_SIGS_BAD_MAX; i++) {
        CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_E_BAD);
    }
    CHECK_EQ(ask.n_bad, IMA_SIGS_BAD_MAX);
    digest[0] ^= 1;
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_E_BAD);
    CHECK_EQ(ask.n_bad, IMA_SIGS_BAD_MAX);
    ask.n_bad = 0; /* the next list */
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_GOOD);
    done();
}

static uint32_t
price_of(enum ima_signer signer, enum ima_sigs_outcome outcome)
{
    uint32_t before = ask.work->us;

    CHECK_EQ(judge_signed(signer, HASH_SHA256), outcome);
    return ask.work->us - before;
}

/* Good or bad, by the kind of key: P-384 is the dearest by far. */
static void
each_verification_is_counted_by_its_key(void)
{
    struct ima_work work = {0};

    start_all("  signed @k\n");
    ask.work = &work;
    CHECK_EQ(price_of(SIGNER_RSA, IMA_SIGS_GOOD), 20);
    CHECK_EQ(price_of(SIGNER_P256, IMA_SIGS_GOOD), 60);
    CHECK_EQ(price_of(SIGNER_P384, IMA_SIGS_GOOD), 600);
    CHECK_EQ(price_of(SIGNER_RSA_1024, IMA_SIGS_E_WEAK), 0); /* nothing was verified */
    digest[0] ^= 1;
    CHECK_EQ(price_of(SIGNER_P384, IMA_SIGS_E_BAD), 600);
    CHECK_EQ(price_of(SIGNER_RSA, IMA_SIGS_E_BAD), 20);
    done();
}

static void
what_is_remembered_costs_nothing(void)
{
    struct ima_work work = {0};
    struct bytes good;

    start_all("  signed @k\n");
    ask.sigs = check_keep(ima_sigs_new());
    ask.work = &work;
    good = ima_signer_attribute(SIGNER_P384, HASH_SHA256, 0x11);
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    CHECK_EQ(work.us, 600);
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    CHECK_EQ(work.us, 600);
    done();
}

/* The one that reaches the end is made; behind it what is remembered still passes, and nothing else
 * is said to be bad. */
static void
work_has_an_end(void)
{
    struct ima_work work = {.most_us = 1200};
    static uint8_t kept[600];
    struct bytes good;

    start_all("  signed @k\n");
    ask.sigs = check_keep(ima_sigs_new());
    ask.work = &work;
    good = ima_signer_attribute(SIGNER_RSA, HASH_SHA256, 0x11);
    memcpy(kept, good.p, good.len);
    good.p = kept;
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    CHECK_EQ(judge_signed(SIGNER_P384, HASH_SHA256), IMA_SIGS_GOOD);
    CHECK_EQ(judge_signed(SIGNER_P384, HASH_SHA256), IMA_SIGS_GOOD);
    CHECK_EQ(work.us, 1220);
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_E_WORK);
    CHECK_EQ(judge_signed(SIGNER_RSA_1024, HASH_SHA256), IMA_SIGS_E_WEAK);
    CHECK_EQ(judge(HASH_SHA256, good), IMA_SIGS_GOOD);
    CHECK_EQ(work.us, 1220);
    ask.n_bad = IMA_SIGS_BAD_MAX; /* a list that failed needs no more work to say so */
    CHECK_EQ(judge_signed(SIGNER_P256, HASH_SHA256), IMA_SIGS_E_BAD);
    done();
}

/* Two keys under the id of the first, which signs; returns what it takes to find it. */
static uint32_t
two_of_an_id(enum ima_signer signer, enum ima_signer other, struct ima_work *work)
{
    char sets[4096];

    snprintf(sets, sizeof(sets), "set keys k { %sid %08x\n%s }\n", ima_signer_item(other),
             ima_signer_id(signer), ima_signer_item(signer));
    start("  signed @k\n", sets);
    *work = (struct ima_work){.most_us = 0};
    ask.work = work;
    CHECK_EQ(judge_signed(signer, HASH_SHA256), IMA_SIGS_GOOD);
    return work->us;
}

/* A key of the same id that could not be tried leaves the question open, whatever another said.
 * Keys are made anew for each run, and the bundle says which of two is tried first. */
static void
what_was_not_tried_is_graver_than_what_was(void)
{
    enum ima_signer signer = SIGNER_RSA;
    struct ima_work work;

    if (two_of_an_id(signer, SIGNER_RSA_OTHER, &work) == 20) {
        done();
        signer = SIGNER_RSA_OTHER;
        CHECK_EQ(two_of_an_id(signer, SIGNER_RSA, &work), 40);
    }
    work = (struct ima_work){.most_us = 1};
    CHECK_EQ(judge_signed(signer, HASH_SHA256), IMA_SIGS_E_WORK);
    CHECK_EQ(work.us, 20);
    work = (struct ima_work){.most_us = 21};
    CHECK_EQ(judge_signed(signer, HASH_SHA256), IMA_SIGS_GOOD);
    done();
}

/* As many as a long list has, by one key: none of them pushes another out. */
static void
the_signatures_of_a_long_list_are_remembered_together(void)
{
    enum { MANY = 12000 };
    static struct ima_signature made[MANY];
    struct ima_work work = {0};

    start_all("  signed @k\n");
    ask.sigs = check_keep(ima_sigs_new());
    ask.work = &work;
    for (size_t i = 0; i < MANY; i++) {
        struct bytes attribute = ima_signer_attribute(SIGNER_P256, HASH_SHA256, 0x11);

        made[i].len = attribute.len;
        memcpy(made[i].bytes, attribute.p, attribute.len);
        CHECK_EQ(judge(HASH_SHA256, attribute), IMA_SIGS_GOOD);
    }
    CHECK_EQ(work.us, MANY * 60);
    for (size_t i = 0; i < MANY; i++) {
        CHECK_EQ(judge(HASH_SHA256, bytes_of(made[i].bytes, made[i].len)), IMA_SIGS_GOOD);
    }
    CHECK_EQ(work.us, MANY * 60);
    done();
}

static void
keys_that_sign_no_files_are_none(void)
{
    CLEANUP(pubkey_freep) struct pubkey *key = NULL;
    struct bytes spki = ima_signer_spki(SIGNER_RSA);
    uint8_t longer[600];

    CHECK_EQ(file_key_read(ima_signer_spki(SIGNER_P521), &key), 1);
    CHECK_EQ(file_key_read(BYTES_NULL, &key), 1);
    for (size_t i = 0; i < spki.len; i += 11) {
        CHECK_EQ(file_key_read(check_guarded(bytes_of(spki.p, i)), &key), 1);
    }
    memcpy(longer, spki.p, spki.len);
    longer[spki.len] = 0;
    CHECK_EQ(file_key_read(bytes_of(longer, spki.len + 1), &key), 1);
    longer[spki.len - 1] = 3; /* the exponent 65539 */
    CHECK_EQ(file_key_read(bytes_of(longer, spki.len), &key), 1);
    CHECK(!key);
    CHECK_EQ(file_key_read(spki, &key), 0);
    CHECK(file_key_taken(key, BUNDLE_KEY_RSA2048 | BUNDLE_KEY_P256));
    CHECK(!file_key_taken(key, BUNDLE_KEY_RSA4096));
    CHECK(!file_key_taken(key, BUNDLE_KEY_P256));
}

CHECK_MAIN(CASE(a_real_signature_verifies_and_no_neighbour_of_it),
           CASE(each_kind_of_key_signs_by_each_hash), CASE(the_hash_is_part_of_what_is_signed),
           CASE(forms_that_nobody_verifies_are_refused_whatever_the_key),
           CASE(a_key_that_no_set_of_the_block_has_is_unknown),
           CASE(the_key_says_whether_it_is_weak), CASE(keys_may_share_an_id),
           CASE(what_was_good_is_remembered_for_its_key_alone),
           CASE(what_is_remembered_counts_for_who_has_the_key),
           CASE(made_up_signatures_have_a_price_for_who_sends_them),
           CASE(each_verification_is_counted_by_its_key), CASE(what_is_remembered_costs_nothing),
           CASE(work_has_an_end), CASE(what_was_not_tried_is_graver_than_what_was),
           CASE(the_signatures_of_a_long_list_are_remembered_together),
           CASE(keys_that_sign_no_files_are_none))
