#include "quote-say.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"

static const char *
check_text(enum quote_check check)
{
    static const char *const texts[] = {
        [QUOTE_NOT_RUN] = "not-run",
        [QUOTE_FAILED] = "failed",
        [QUOTE_PASSED] = "passed",
    };

    return texts[check];
}

struct row {
    const char *name;
    enum quote_check check;
};

enum { N_ROWS = 7 };

static void
rows_of(const struct quote_verdict *v, struct row rows[N_ROWS])
{
    const struct row all[N_ROWS] = {
        {"magic", v->magic},           {"type", v->type},   {"form", v->form},
        {"signature", v->signature},   {"nonce", v->nonce}, {"selection", v->selection},
        {"pcr-digest", v->pcr_digest},
    };

    memcpy(rows, all, sizeof(all));
}

static const struct {
    enum quote_weak bit;
    const char *name;
} weak_names[] = {
    {QUOTE_WEAK_HASH, "sha1-signature"},
    {QUOTE_WEAK_BANK, "sha1-bank"},
    {QUOTE_WEAK_KEY, "rsa-below-2048"},
};

static json_t *
weak_json(unsigned weak)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ARRAY_LEN(weak_names); i++) {
        if (weak & weak_names[i].bit) {
            json_array_append_new(list, json_string(weak_names[i].name));
        }
    }
    return list;
}

static json_t *
selection_json(const struct tpm_selections *selections)
{
    json_t *list = json_array();

    for (size_t i = 0; i < selections->n; i++) {
        const struct tpm_selection *one = &selections->bank[i];
        json_t *pcrs = json_array();

        for (int pcr = 0; pcr < 32; pcr++) {
            if (one->mask >> pcr & 1) {
                json_array_append_new(pcrs, json_integer(pcr));
            }
        }
        json_array_append_new(list, json_pack("{s:s, s:i, s:o}", "bank", hash_name(one->alg), "id",
                                              (int)one->alg_id, "pcrs", pcrs));
    }
    return list;
}

/* What the quote says; true only if the signature passed. */
static json_t *
quote_json(const struct tpm_attest *a)
{
    char firmware[17];

    snprintf(firmware, sizeof(firmware), "%016" PRIx64, a->firmware_version);
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:b, s:s, s:o, s:o}", "qualified_signer",
                     cmd_hex_json(a->qualified_signer), "extra_data", cmd_hex_json(a->extra_data),
                     "clock_ms", (json_int_t)(a->clock_ms & INT64_MAX), "reset_count",
                     (json_int_t)a->reset_count, "restart_count", (json_int_t)a->restart_count,
                     "safe", a->safe, "firmware_version", firmware, "selection",
                     selection_json(&a->selections), "pcr_digest", cmd_hex_json(a->pcr_digest));
}

static json_t *
fault_json(const struct fault *fault)
{
    return fault->rule == RULE_NONE ? json_null() : cmd_fault_json(fault);
}

static json_t *
ak_json(const struct quote_answer *answer)
{
    bool public;

    if (!answer->ak) {
        return json_null();
    }
    public = quote_ak_public(answer->ak) != NULL;
    return json_pack("{s:s, s:b, s:o, s:s?}", "form", quote_ak_form_name(answer->ak->form),
                     "attributes_known", public, "attributes_fault", fault_json(&answer->ak_fault),
                     "hierarchy", answer->hierarchy);
}

static int
say_json(const struct quote_answer *answer)
{
    struct row rows[N_ROWS];
    json_t *checks = json_object();
    bool read = answer->verdict.form == QUOTE_PASSED;
    int r;

    rows_of(&answer->verdict, rows);
    for (size_t i = 0; i < N_ROWS; i++) {
        json_object_set_new(checks, rows[i].name, json_string(check_text(rows[i].check)));
    }
    r = cmd_print_json(json_pack(
        "{s:b, s:o, s:o, s:o, s:s?, s:o, s:o}", "accepted", answer->accepted, "checks", checks,
        "fault", fault_json(&answer->fault), "weak", weak_json(answer->verdict.weak), "pcr_values",
        answer->values_from, "ak", ak_json(answer), "quote",
        read ? quote_json(&answer->verdict.attest) : json_null()));
    return r == 0 && answer->accepted ? CMD_YES : CMD_NO;
}

static void
say_ak(const struct quote_answer *answer)
{
    if (!answer->ak) {
        return;
    }
    printf("key: %s", quote_ak_form_name(answer->ak->form));
    if (!quote_ak_public(answer->ak)) {
        printf("; it has no attributes, so nothing says that it signs only what its TPM made\n");
        return;
    }
    printf("; hierarchy: %s\n", answer->hierarchy ? answer->hierarchy : "not known");
    if (answer->ak_fault.rule != RULE_NONE) {
        printf("note: no fit attestation key: ");
        cmd_fault_print(&answer->ak_fault);
    }
}

static int
say_text(const struct quote_answer *answer)
{
    struct row rows[N_ROWS];

    rows_of(&answer->verdict, rows);
    printf("quote: %s\n", answer->accepted ? "accepted" : "refused");
    for (size_t i = 0; i < N_ROWS; i++) {
        printf("  %-10s %s\n", rows[i].name, check_text(rows[i].check));
    }
    if (!answer->values_from) {
        printf("note: the PCR digest was not compared: no log and no PCR values were given\n");
    }
    for (size_t i = 0; i < ARRAY_LEN(weak_names); i++) {
        if (answer->verdict.weak & weak_names[i].bit) {
            printf("weak: %s\n", weak_names[i].name);
        }
    }
    say_ak(answer);
    if (answer->fault.rule != RULE_NONE) {
        printf("refused: ");
        cmd_fault_print(&answer->fault);
    }
    return fflush(stdout) == 0 && answer->accepted ? CMD_YES : CMD_NO;
}

int
quote_say(const struct quote_answer *answer)
{
    return answer->json ? say_json(answer) : say_text(answer);
}
