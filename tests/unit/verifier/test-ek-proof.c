/* keeper/ek-proof: an honest reader's word about certificates is believed, and no other one. */
#include "keeper/ek-proof.h"

#include "formats/x509.h"
#include "lib/check.h"
#include "lib/mkcert.h"
#include "reader/reader-certs.h"

enum { NOW = 1800000000 };

static const struct mkcert root = {.subject = "root", .key = MKCERT_ROOT, .exts = MKCERT_CA};
static const struct mkcert inter = {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA};
static const struct mkcert leaf = {.issuer = "inter", .signer = MKCERT_INTER};

static struct hasher *hasher;
static struct ek_anchors anchors;
static struct ek_sent sent;
static struct pubkey *ek;
static struct cert_records records;
static struct ek_worth worth;

/* The same bytes each time: signatures are random. */
static struct bytes
der_of(const struct mkcert *what)
{
    static struct {
        const struct mkcert *what;
        struct bytes der;
    } made[64];
    size_t i = 0;

    while (made[i].what && made[i].what != what) {
        CHECK(++i < ARRAY_LEN(made));
    }
    if (!made[i].what) {
        made[i].what = what;
        made[i].der = mkcert(what);
    }
    return made[i].der;
}

static void
anchors_are(const struct mkcert *const *all, size_t n)
{
    struct bytes ders[8];

    for (size_t i = 0; i < n; i++) {
        ders[i] = der_of(all[i]);
    }
    ek_anchors_done(&anchors);
    CHECK_EQ(ek_anchors_read(hasher, ders, n, &anchors), 0);
}

static void
send_ders(const struct bytes *ders, size_t n)
{
    struct enroll enroll = {.n_certs = n};

    memcpy(enroll.certs, ders, n * sizeof(*ders));
    CHECK_EQ(ek_sent_read(hasher, &enroll, ek, &anchors, &sent), 0);
}

static void
send_certs(const struct mkcert *const *all, size_t n)
{
    struct bytes ders[LIMIT_CERTS];

    for (size_t i = 0; i < n; i++) {
        ders[i] = der_of(all[i]);
    }
    send_ders(ders, n);
}

#define SEND(...)                                           \
    send_certs((const struct mkcert *const[]){__VA_ARGS__}, \
               sizeof((const struct mkcert *const[]){__VA_ARGS__}) / sizeof(void *))
#define ANCHORS(...)                                         \
    anchors_are((const struct mkcert *const[]){__VA_ARGS__}, \
                sizeof((const struct mkcert *const[]){__VA_ARGS__}) / sizeof(void *))

/* The EK is the key of mkcert's P-256 leaves. */
static void
start(void)
{
    struct x509 cert;

    hasher = hasher_new();
    CHECK_EQ(x509_read(der_of(&leaf), NULL, &cert), 0);
    CHECK_EQ(x509_key(&cert, &ek), 0);
    ANCHORS(&root);
}

/* An honest reader's answer, into records. */
static void
ask(void)
{
    static uint8_t in[65536];
    uint8_t out[256];
    struct wr job = wr_init(in, sizeof(in));
    struct wr wr = wr_init(out, sizeof(out));

    ek_job_write(&job, &sent, &anchors, NOW);
    CHECK_EQ(reader_certs(wr_done(&job), hasher, &wr, NULL), 0);
    CHECK_EQ(cert_records_read(wr_done(&wr), &records), 0);
}

static int
check_at(int64_t now_s)
{
    uint8_t room[256];
    struct wr wr = wr_init(room, sizeof(room));

    cert_records_write(&wr, &records);
    return ek_proof_check(hasher, &sent, &anchors, now_s, wr_done(&wr), &worth);
}

static int
check(void)
{
    return check_at(NOW);
}

static void
a_chain_is_verified_with_its_time_and_texts(void)
{
    static const struct mkcert short_inter = {.subject = "inter",
                                              .key = MKCERT_INTER,
                                              .exts = MKCERT_CA,
                                              .not_before = 1700000000,
                                              .not_after = 1900000000};

    start();
    SEND(&leaf, &short_inter);
    ask();
    CHECK_EQ(check(), 0);
    CHECK_EQ(worth.chain, EK_CHAIN_VERIFIED);
    CHECK_EQ(worth.from_s, 1700000000);
    CHECK_EQ(worth.until_s, 1900000000);
    CHECK_BYTES(bytes_of(worth.text[CERT_MAKER].bytes, worth.text[CERT_MAKER].len),
                bytes_str("id:4E544300"));
    CHECK_BYTES(bytes_of(worth.text[CERT_VERSION].bytes, worth.text[CERT_VERSION].len),
                bytes_str("id:00070002"));
}

static void
without_a_chain_it_is_listed_for_an_hour(void)
{
    start();
    SEND(&leaf);
    ask();
    CHECK_EQ(check(), 0);
    CHECK_EQ(worth.chain, EK_CHAIN_LISTED);
    CHECK_EQ(worth.from_s, NOW);
    CHECK_EQ(worth.until_s, NOW + 3600);
}

static void
intermediates_of_the_operator_serve(void)
{
    start();
    ANCHORS(&inter, &root);
    SEND(&leaf);
    ask();
    CHECK_EQ(check(), 0);
    CHECK_EQ(worth.chain, EK_CHAIN_VERIFIED);
    records.n = 2; /* but are no anchors */
    CHECK_EQ(check(), 1);
}

static void
a_lie(const char *what)
{
    if (check() != 1) {
        check_fail(__FILE__, __LINE__, "believed: %s", what);
    }
    ask();
    CHECK_EQ(check(), 0);
}

/* A leaf and its intermediate and the root: each field of the answer changed by itself. */
static void
each_lie_alone_is_found(void)
{
    start();
    SEND(&leaf, &inter);
    ask();
    records.cert[0].digest[31] ^= 1;
    a_lie("another leaf");
    records.cert[1].digest[0] ^= 1;
    a_lie("another intermediate");
    records.cert[2].digest[0] ^= 1;
    a_lie("another anchor");
    records.cert[0].not_after++;
    a_lie("a leaf that lasts longer");
    records.cert[1].not_before--;
    a_lie("an intermediate of earlier");
    records.cert[1].index = 0;
    a_lie("the leaf above itself");
    records.cert[0] = records.cert[1];
    a_lie("the intermediate as leaf");
    records.cert[2].index = 1;
    a_lie("an anchor that is none");
    records.cert[1] = records.cert[2];
    records.n = 2;
    a_lie("a chain without its middle");
    records.n = 2;
    a_lie("a chain without its end");
    records.cert[3] = records.cert[2];
    records.n = 4;
    a_lie("the anchor twice");
    records.n = 1;
    records.rule = RULE_EKCHAIN_ISSUER;
    CHECK_EQ(check(), 0); /* no chain: all that it can do to its own device */
    CHECK_EQ(worth.chain, EK_CHAIN_LISTED);
}

static void
texts_stand_where_their_attribute_is(void)
{
    start();
    SEND(&leaf, &inter);
    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        ask();
        records.text[i].offset++;
        a_lie("a text moved");
        records.text[i].len--;
        a_lie("a text cut");
        records.text[i].offset = (uint16_t)(sent.cert[0].walk.der.len - 1);
        a_lie("a text behind the end");
        records.text[i].offset = 5;
        a_lie("a text in front of the key");
        records.text[i].offset = UINT16_MAX;
        a_lie("a text far away");
        records.text[i] = records.text[(i + 1) % CERT_TEXT_N];
        a_lie("another text");
    }
    for (size_t i = 0; i < CERT_TEXT_N; i++) {
        records.text[i].len = 0;
    }
    CHECK_EQ(check(), 0); /* silence is no lie */
    CHECK_EQ(worth.text[CERT_MAKER].len, 0);
}

/* Records that a reader made up: chain of sent 0, then these indices of sent, then anchor 0. */
static void
make_up(size_t n_between)
{
    const struct ek_cert *at = &sent.cert[0];

    records = (struct cert_records){.n = 2 + n_between};
    for (size_t i = 0; i < records.n; i++) {
        bool last = i == records.n - 1;

        at = last ? &anchors.cert[0] : &sent.cert[i];
        records.cert[i].ours = last;
        records.cert[i].index = last ? 0 : (uint8_t)i;
        records.cert[i].not_before = at->walk.not_before;
        records.cert[i].not_after = at->walk.not_after;
        memcpy(records.cert[i].digest, at->digest, 32);
    }
}

static void
made_up_chains_are_refused(void)
{
    static const struct {
        const char *what;
        struct mkcert leaf, inter;
    } rows[] = {
        {"an end entity as CA",
         {.issuer = "inter", .signer = MKCERT_INTER},
         {.subject = "inter", .key = MKCERT_INTER}},
        {"a CA that may not sign certificates",
         {.issuer = "inter", .signer = MKCERT_INTER},
         {.subject = "inter",
          .key = MKCERT_INTER,
          .exts = "[x]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=cRLSign\n"}},
        {"a leaf by another key",
         {.issuer = "inter", .signer = MKCERT_OTHER},
         {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA}},
        {"an intermediate by another key",
         {.issuer = "inter", .signer = MKCERT_INTER},
         {.subject = "inter", .key = MKCERT_INTER, .signer = MKCERT_OTHER, .exts = MKCERT_CA}},
        {"SHA-1",
         {.issuer = "inter", .signer = MKCERT_RSA_CA, .digest = "SHA1"},
         {.subject = "inter", .key = MKCERT_RSA_CA, .exts = MKCERT_CA}},
        {"an unknown algorithm",
         {.issuer = "inter", .signer = MKCERT_ED25519},
         {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA}},
        {"a small key",
         {.issuer = "inter", .signer = MKCERT_RSA_1024},
         {.subject = "inter", .key = MKCERT_RSA_1024, .exts = MKCERT_CA}},
        {"an unknown curve",
         {.issuer = "inter", .signer = MKCERT_INTER},
         {.subject = "inter", .key = MKCERT_K256, .exts = MKCERT_CA}},
        {"an expired leaf",
         {.issuer = "inter", .signer = MKCERT_INTER, .not_after = NOW - 1},
         {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA}},
        {"an intermediate of tomorrow",
         {.issuer = "inter", .signer = MKCERT_INTER},
         {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA, .not_before = NOW + 1}},
        {"a leaf for something else",
         {.issuer = "inter",
          .signer = MKCERT_INTER,
          .exts = "[x]\n" MKCERT_BASIC MKCERT_KU "extendedKeyUsage=clientAuth\n"},
         {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA}},
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SEND(&rows[i].leaf, &rows[i].inter);
        make_up(1);
        if (check() != 1) {
            check_fail(__FILE__, __LINE__, "believed: %s", rows[i].what);
        }
    }
    SEND(&leaf, &inter);
    make_up(1);
    CHECK_EQ(check(), 0); /* the same way a good one is no lie */
    CHECK_EQ(worth.chain, EK_CHAIN_VERIFIED);
    CHECK_EQ(check_at(0), 1);
}

static void
a_path_length_counts(void)
{
    static const struct mkcert bound = {.subject = "root",
                                        .key = MKCERT_ROOT,
                                        .exts =
                                            "[x]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n"};
    static const struct mkcert direct = {0};

    start();
    ANCHORS(&bound);
    SEND(&leaf, &inter);
    make_up(1);
    CHECK_EQ(check(), 1);
    SEND(&direct);
    make_up(0);
    CHECK_EQ(check(), 0);
}

static void
answers_to_two_questions_are_not_swapped(void)
{
    static const struct mkcert second = {.issuer = "inter", .signer = MKCERT_INTER, .serial = "2"};
    struct cert_records first;

    start();
    SEND(&leaf, &inter);
    ask();
    first = records;
    SEND(&second, &inter);
    ask();
    CHECK_EQ(check(), 0);
    records = first;
    CHECK_EQ(check(), 1);
    first.n = 1; /* nor what is said against them */
    first.rule = RULE_EKCHAIN_ISSUER;
    records = first;
    CHECK_EQ(check(), 1);
}

static void
a_certificate_of_another_key_is_no_leaf(void)
{
    static const struct mkcert other = {.key = MKCERT_LEAF_RSA};

    start();
    SEND(&other, &leaf, &inter);
    CHECK_EQ(sent.n, 3);
    CHECK_EQ(sent.n_leaves, 1);
    CHECK_BYTES(sent.cert[0].walk.der, der_of(&leaf));
    SEND(&leaf, &other);
    make_up(0);
    records.cert[0] = (struct cert_record){.index = 1,
                                           .not_before = sent.cert[1].walk.not_before,
                                           .not_after = sent.cert[1].walk.not_after};
    memcpy(records.cert[0].digest, sent.cert[1].digest, 32);
    CHECK_EQ(check(), 1); /* it chains well, and is of a key that this TPM does not hold */
    SEND(&other);
    CHECK_EQ(sent.n_leaves, 0);
}

static void
padding_is_cut_and_rubbish_left_out(void)
{
    static uint8_t padded[LIMIT_CERT_BYTES];
    struct bytes der = der_of(&leaf);
    struct bytes all[3] = {bytes_str("rubbish"), bytes_of(padded, der.len + 40), der_of(&inter)};

    start();
    memset(padded, 0xff, sizeof(padded));
    memcpy(padded, der.p, der.len);
    send_ders(all, 3);
    CHECK_EQ(sent.n, 2);
    CHECK_EQ(sent.cert[0].walk.der.len, der.len);
    ask();
    CHECK_EQ(check(), 0);
    CHECK_EQ(worth.chain, EK_CHAIN_VERIFIED);
}

static void
what_was_asked_has_a_name_of_its_own(void)
{
    uint8_t first[32];

    start();
    SEND(&leaf, &inter);
    memcpy(first, sent.digest, 32);
    SEND(&leaf, &inter);
    CHECK_BYTES(BYTES_OF(sent.digest), BYTES_OF(first));
    SEND(&leaf);
    CHECK(memcmp(sent.digest, first, 32) != 0);
    ANCHORS(&root, &inter);
    SEND(&leaf, &inter);
    CHECK(memcmp(sent.digest, first, 32) != 0);
}

static void
only_cas_are_anchors(void)
{
    struct bytes ders[3] = {der_of(&leaf), bytes_str("rubbish"), der_of(&root)};

    start();
    ek_anchors_done(&anchors);
    CHECK_EQ(ek_anchors_read(hasher, ders, 3, &anchors), 0);
    CHECK_EQ(anchors.n, 1);
    CHECK(anchors.cert[0].is_anchor);
    ANCHORS(&inter);
    CHECK(!anchors.cert[0].is_anchor);
    ek_anchors_done(&anchors);
    CHECK_EQ(ek_anchors_read(hasher, NULL, 0, &anchors), 0);
    CHECK_EQ(anchors.n, 0);
}

CHECK_MAIN(CASE(a_chain_is_verified_with_its_time_and_texts),
           CASE(without_a_chain_it_is_listed_for_an_hour),
           CASE(intermediates_of_the_operator_serve), CASE(each_lie_alone_is_found),
           CASE(texts_stand_where_their_attribute_is), CASE(made_up_chains_are_refused),
           CASE(a_path_length_counts), CASE(answers_to_two_questions_are_not_swapped),
           CASE(a_certificate_of_another_key_is_no_leaf), CASE(padding_is_cut_and_rubbish_left_out),
           CASE(what_was_asked_has_a_name_of_its_own), CASE(only_cas_are_anchors))
