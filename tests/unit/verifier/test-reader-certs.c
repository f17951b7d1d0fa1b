/* reader/reader-certs: the chain that it names is one of the certificates that it was given. */
#include "reader/reader-certs.h"

#include "lib/check.h"
#include "lib/mkcert.h"
#include "reader/reader.h"
#include "roles/cert-records.h"
#include "roles/roles.h"

static const struct mkcert root = {.subject = "root", .key = MKCERT_ROOT, .exts = MKCERT_CA};
static const struct mkcert inter = {.subject = "inter", .key = MKCERT_INTER, .exts = MKCERT_CA};
static const struct mkcert leaf = {.issuer = "inter", .signer = MKCERT_INTER};
static const struct mkcert other_leaf = {.issuer = "nobody", .serial = "2"};
static const struct mkcert no_leaf = {.exts = ""};

static struct cert_job job;
static struct cert_records got;

static void
start(void)
{
    job = (struct cert_job){.now_s = 1800000000};
}

static void
sent(const struct mkcert *what)
{
    job.sent[job.n_sent++] = mkcert(what);
}

static void
ours(const struct mkcert *what, bool is_anchor)
{
    job.is_anchor[job.n_ours] = is_anchor;
    job.ours[job.n_ours++] = mkcert(what);
}

static int
judge(size_t n_leaves, struct fault *fault)
{
    static struct hasher *hasher;
    static uint8_t in[65536];
    uint8_t out[256];
    struct wr job_wr = wr_init(in, sizeof(in));
    struct wr wr = wr_init(out, sizeof(out));
    int r;

    hasher = hasher ? hasher : hasher_new();
    job.n_leaves = n_leaves;
    cert_job_write(&job_wr, &job);
    r = reader_certs(check_guarded(wr_done(&job_wr)), hasher, &wr, fault);
    if (r == 0) {
        CHECK_EQ(cert_records_read(wr_done(&wr), &got), 0);
    }
    return r;
}

static void
text_is(size_t i, const char *expected)
{
    CHECK_BYTES(bytes_of(job.sent[got.cert[0].index].p + got.text[i].offset, got.text[i].len),
                bytes_str(expected));
}

static void
a_chain_is_named_leaf_first(void)
{
    start();
    sent(&leaf);
    sent(&inter);
    ours(&no_leaf, false);
    ours(&root, true);
    CHECK_EQ(judge(1, NULL), 0);
    CHECK_EQ(got.rule, RULE_NONE);
    CHECK_EQ(got.n, 3);
    CHECK(!got.cert[0].ours && got.cert[0].index == 0);
    CHECK(!got.cert[1].ours && got.cert[1].index == 1);
    CHECK(got.cert[2].ours && got.cert[2].index == 1);
    CHECK_EQ(got.cert[0].not_before, 1577836800);
    text_is(CERT_MAKER, "id:4E544300");
    text_is(CERT_MODEL, "NPCT75x");
    text_is(CERT_VERSION, "id:00070002");
}

static void
without_a_chain_the_leaf_and_why(void)
{
    start();
    sent(&leaf);
    ours(&root, true);
    CHECK_EQ(judge(1, NULL), 0);
    CHECK_EQ(got.n, 1);
    CHECK_EQ(got.rule, RULE_EKCHAIN_ISSUER);
    sent(&inter);
    job.is_anchor[0] = false; /* nobody's word but the keeper's makes an anchor */
    CHECK_EQ(judge(1, NULL), 0);
    CHECK_EQ(got.n, 1);
    job.is_anchor[0] = true;
    job.now_s = 0;
    CHECK_EQ(judge(1, NULL), 0);
    CHECK_EQ(got.rule, RULE_X509_EARLY);
}

static void
the_leaf_with_a_chain_is_taken(void)
{
    start();
    sent(&no_leaf);
    sent(&other_leaf);
    sent(&leaf);
    sent(&inter);
    ours(&root, true);
    CHECK_EQ(judge(3, NULL), 0);
    CHECK_EQ(got.n, 3);
    CHECK_EQ(got.cert[0].index, 2);
    CHECK_EQ(got.cert[1].index, 3);
    CHECK_EQ(judge(2, NULL), 0); /* the good one is not of this EK */
    CHECK_EQ(got.n, 1);
    CHECK_EQ(got.cert[0].index, 1);
}

static void
no_ek_certificate_is_the_first_ones_fault(void)
{
    struct fault fault = {0};

    start();
    sent(&no_leaf);
    sent(&inter);
    ours(&root, true);
    CHECK_EQ(judge(2, &fault), 1);
    CHECK_EQ(fault.rule, RULE_EKCERT_CA);
    job.sent[0] = bytes_str("rubbish");
    CHECK_EQ(judge(1, &fault), 1);
    CHECK_EQ(fault.rule, RULE_X509_DER);
}

static void
what_cannot_be_read_is_left_out(void)
{
    start();
    sent(&leaf);
    job.sent[job.n_sent++] = bytes_str("rubbish");
    sent(&inter);
    job.ours[job.n_ours++] = bytes_str("more");
    ours(&root, true);
    CHECK_EQ(judge(1, NULL), 0);
    CHECK_EQ(got.n, 3);
    CHECK_EQ(got.cert[1].index, 2);
    CHECK_EQ(got.cert[2].index, 1);
}

static void
a_leaf_without_an_alternative_name_has_no_texts(void)
{
    start();
    sent(&(struct mkcert){.exts = "[x]\n" MKCERT_BASIC MKCERT_KU});
    ours(&root, true);
    CHECK_EQ(judge(1, NULL), 0);
    CHECK_EQ(got.n, 2);
    CHECK_EQ(got.text[CERT_MAKER].len + got.text[CERT_MODEL].len + got.text[CERT_VERSION].len, 0);
}

static void
a_job_of_no_form_is_the_keepers_fault(void)
{
    struct hasher *hasher = hasher_new();
    uint8_t out[256];
    struct wr wr = wr_init(out, sizeof(out));
    uint16_t type = 0;

    CHECK(reader_certs(bytes_str("x"), hasher, &wr, NULL) < 0);
    CHECK(reader_job(MSG_READ_CERTS, bytes_str("x"), hasher, &wr, &type, NULL) < 0);
    CHECK_EQ(type, MSG_CERT_RECORDS);
    CHECK(reader_job(MSG_REQUEST, bytes_str("x"), hasher, &wr, &type, NULL) < 0);
    hasher_free(hasher);
}

CHECK_MAIN(CASE(a_chain_is_named_leaf_first), CASE(without_a_chain_the_leaf_and_why),
           CASE(the_leaf_with_a_chain_is_taken), CASE(no_ek_certificate_is_the_first_ones_fault),
           CASE(what_cannot_be_read_is_left_out),
           CASE(a_leaf_without_an_alternative_name_has_no_texts),
           CASE(a_job_of_no_form_is_the_keepers_fault))
