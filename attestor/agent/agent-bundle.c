#include "agent/agent-bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "agent/agent-collect.h"
#include "agent/state-file.h"
#include "agent/tar-out.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json-wr.h"
#include "tpm/tpm-info.h"

enum { INFO_ROOM = 16384, VALUES_ROOM = 32768, LAST_MAX = 4096, FILES_MAX = 24, NAME_ROOM = 48 };

static const char about[] =
    "A support bundle of assay-attestor, format " BUNDLE_FORMAT ".\n"
    "Look at it with the assay CLI, on any machine:\n\n"
    "  assay log show firmware.log\n"
    "  assay ima show ima.log\n"
    "  assay quote check --ak ak.tpmt --quote quote --signature signature \\\n"
    "      --nonce QUALIFYING --pcrs PCRS --pcr-values pcr-values.json\n"
    "      (QUALIFYING and PCRS stand in info.json)\n"
    "  assay appraise THIS-ARCHIVE --bundle POLICY\n\n"
    "info.json         versions, the TPM's properties, this machine's clock, what is missing\n"
    "evidence          what would be sent: CBOR, evidence.cddl, with its claims\n"
    "quote, signature  TPMS_ATTEST and TPMT_SIGNATURE of it\n"
    "pcr-values.json   what the quote covers\n"
    "*.log             whole: of the firmware, of IMA, of systemd\n"
    "ak.tpmt, ek.tpmt  TPMT_PUBLIC of the keys; ek-*.der the EK certificates of the TPM's NV\n"
    "last-answer.json  the verifier's last answer to evidence (not to enrolment)\n";

struct bundle {
    struct agent *agent;
    struct collect collect;
    const char *version;
    enum agent_exit exit;
    char why[192]; /* what there is no quote for */
    bool quoted;
    struct source_data evidence;
    struct source_data last;
    char info[INFO_ROOM];
    char values[VALUES_ROOM];
    struct {
        char name[NAME_ROOM];
        struct bytes content;
    } file[FILES_MAX];
    size_t n_files;
};

static void
add(struct bundle *bundle, const char *name, struct bytes content)
{
    if (content.p && bundle->n_files < FILES_MAX) {
        snprintf(bundle->file[bundle->n_files].name, NAME_ROOM, "%s", name);
        bundle->file[bundle->n_files++].content = content;
    }
}

static void
missing(struct bundle *bundle, enum agent_exit exit, const char *why)
{
    size_t len = strlen(bundle->why);

    bundle->exit = bundle->exit == AGENT_ATTESTED ? exit : bundle->exit;
    snprintf(bundle->why + len, sizeof(bundle->why) - len, "%s%s", len > 0 ? "; " : "", why);
    log_event(LOG_WARNING, "bundle-lacks", LOG_STR("why", why));
}

static void
missing_log(struct bundle *bundle)
{
    if (bundle->agent->no_log) {
        missing(bundle, AGENT_NO_LOG, "no firmware log");
    }
}

static void
take_quote(struct bundle *bundle)
{
    struct agent *agent = bundle->agent;
    struct tpm_error error = {0};
    char why[192];
    int r;

    if (agent_keys(agent) != AGENT_R_DONE) {
        missing(bundle, agent->exit, "no TPM, or not its keys");
        missing_log(bundle);
        return;
    }
    r = collect_quote(&bundle->collect, NULL, &error);
    if (r == 0) {
        r = collect_write(&bundle->collect, &bundle->evidence);
    }
    bundle->quoted = r == 0;
    if (r != 0) {
        snprintf(why, sizeof(why), "no quote: %s",
                 r > 0 ? error.text : "memory, or the hash library");
        missing(bundle, AGENT_TPM_FAULT, why);
    }
    missing_log(bundle);
}

static void
member(struct json_wr *j, const char *name, const char *text)
{
    json_wr_key(j, name);
    json_wr_str(j, text);
}

static void
number(struct json_wr *j, const char *name, uint64_t value)
{
    json_wr_key(j, name);
    json_wr_int(j, (int64_t)(value >> 53 ? 0 : value));
}

/* "sha1:0,1+sha256:none", as `assay quote check --pcrs` has it. */
static void
pcrs_text(const struct tpm_pcr_selection *selection, char *room, size_t cap)
{
    struct wr wr = wr_init(room, cap - 1);
    char text[8];

    for (size_t i = 0; i < selection->n_banks; i++) {
        uint32_t left = selection->bank[i].pcrs;

        wr_str(&wr, i > 0 ? "+" : "");
        wr_str(&wr, hash_name(selection->bank[i].alg));
        wr_str(&wr, left ? ":" : ":none");
        for (unsigned pcr = 0; left != 0; pcr++, left >>= 1) {
            if (left & 1) {
                snprintf(text, sizeof(text), "%u%s", pcr, left == 1 ? "" : ",");
                wr_str(&wr, text);
            }
        }
    }
    room[wr.failed ? 0 : wr.len] = '\0';
}

static void
say_tpm(struct bundle *bundle, struct json_wr *j)
{
    struct tpm_info info;
    struct tpm_error error = {0};

    json_wr_key(j, "tpm");
    json_wr_object(j);
    if (!bundle->agent->tpm) {
        json_wr_end_object(j);
        return;
    }
    if (tpm_info_read(bundle->agent->tpm, &info, &error) != 0) {
        member(j, "fault", error.text);
        json_wr_end_object(j);
        return;
    }
    member(j, "manufacturer", info.manufacturer);
    member(j, "vendor", info.vendor);
    number(j, "firmware_major", info.firmware_version >> 32);
    number(j, "firmware_minor", info.firmware_version & UINT32_MAX);
    number(j, "spec_revision", info.spec_revision);
    number(j, "clock_ms", info.clock_ms);
    number(j, "reset_count", info.reset_count);
    number(j, "restart_count", info.restart_count);
    json_wr_key(j, "clock_safe");
    json_wr_bool(j, info.clock_safe);
    json_wr_end_object(j);
}

static void
say_quote(const struct bundle *bundle, struct json_wr *j)
{
    char pcrs[512];
    char hex[65];

    if (bundle->quoted) {
        pcrs_text(&bundle->collect.quote.selection, pcrs, sizeof(pcrs));
        member(j, "qualifying", hex_write(hex, BYTES_OF(bundle->collect.qualifying)));
        member(j, "pcrs", pcrs);
    }
}

static void
say_machine(const struct agent *agent, struct json_wr *j)
{
    struct utsname kernel = {0};
    int64_t now_s = agent->clock->utc_ms(agent->clock->context) / 1000;

    (void)uname(&kernel); /* an empty text then */
    json_wr_key(j, "machine");
    json_wr_object(j);
    member(j, "maker", agent->machine.maker);
    member(j, "model", agent->machine.model);
    member(j, "firmware", agent->machine.firmware);
    member(j, "kernel", kernel.release);
    json_wr_key(j, "time");
    json_wr_int(j, now_s);
    json_wr_key(j, "time_believed");
    json_wr_bool(j, !agent_time_now(agent->clock).behind);
    number(j, "uptime_s", (uint64_t)agent->clock->boot_ms(agent->clock->context) / 1000);
    json_wr_end_object(j);
}

static void
say_settings(const struct agent_conf *conf, struct json_wr *j)
{
    json_wr_key(j, "settings");
    json_wr_object(j);
    member(j, "servers", conf->servers);
    member(j, "site", conf->site);
    member(j, "tcti", conf->tcti);
    member(j, "firmware", conf->firmware);
    member(j, "ima", conf->ima);
    member(j, "userspace", conf->userspace);
    member(j, "audiences", conf->audiences);
    member(j, "bind", agent_conf_bind_words[conf->bind]);
    json_wr_end_object(j);
}

static void
write_info(struct bundle *bundle)
{
    struct json_wr j = json_wr_init(bundle->info, sizeof(bundle->info));

    json_wr_object(&j);
    member(&j, "format", BUNDLE_FORMAT);
    member(&j, "version", bundle->version);
    member(&j, "lacks", bundle->why);
    say_quote(bundle, &j);
    say_machine(bundle->agent, &j);
    say_tpm(bundle, &j);
    say_settings(bundle->agent->conf, &j);
    json_wr_end_object(&j);
    if (!json_wr_done(&j).p) {
        log_event(LOG_WARNING, "bundle-lacks", LOG_STR("why", "info.json: a setting is no UTF-8"));
    }
    add(bundle, "info.json", json_wr_done(&j));
}

/* {"sha256": {"0": "hex", …}, …}, as `assay quote check --pcr-values` has it. */
static void
write_values(struct bundle *bundle)
{
    const struct tpm_pcr_values *values = &bundle->collect.values;
    struct json_wr j = json_wr_init(bundle->values, sizeof(bundle->values));
    char hex[2 * HASH_SIZE_MAX + 1];
    char pcr[8];

    json_wr_object(&j);
    for (size_t i = 0; i < values->n_values; i++) {
        const struct tpm_pcr_value *value = &values->value[i];

        if (i == 0 || values->value[i - 1].alg != value->alg) {
            json_wr_key(&j, hash_name(value->alg));
            json_wr_object(&j);
        }
        snprintf(pcr, sizeof(pcr), "%u", value->pcr);
        member(&j, pcr, hex_write(hex, bytes_of(value->b, hash_size(value->alg))));
        if (i + 1 == values->n_values || values->value[i + 1].alg != value->alg) {
            json_wr_end_object(&j);
        }
    }
    json_wr_end_object(&j);
    add(bundle, "pcr-values.json", json_wr_done(&j));
}

static void
add_tpm(struct bundle *bundle)
{
    const struct agent *agent = bundle->agent;
    const struct collect *collect = &bundle->collect;
    char name[NAME_ROOM];

    if (bundle->quoted) {
        add(bundle, "evidence", source_file_bytes(&bundle->evidence));
        add(bundle, "quote", tpm_signed_info(&collect->quote.attest));
        add(bundle, "signature", tpm_signed_signature(&collect->quote.attest));
        if (collect->has_values) {
            write_values(bundle);
        }
    }
    if (agent->ak) {
        add(bundle, "ak.tpmt", tpm_key_public(agent->ak));
    }
    if (agent->ek) {
        add(bundle, "ek.tpmt", tpm_key_public(agent->ek));
    }
    for (size_t i = 0; i < agent->certs.n_certs; i++) {
        snprintf(name, sizeof(name), "ek-%08x.der", agent->certs.cert[i].index);
        add(bundle, name, bytes_of(agent->certs.cert[i].p, agent->certs.cert[i].len));
    }
}

static void
add_logs(struct bundle *bundle)
{
    const struct collect *collect = &bundle->collect;
    char name[NAME_ROOM];

    for (size_t i = 0; i < collect->n; i++) {
        snprintf(name, sizeof(name), "%s.log", log_kind_name(collect->known[i].kind));
        add(bundle, name, source_file_bytes(&collect->log[i]));
    }
    if (state_file_read(bundle->agent->conf->state_dir, AGENT_LAST_FILE, LAST_MAX, &bundle->last) ==
        0) {
        add(bundle, "last-answer.json", source_file_bytes(&bundle->last));
    }
}

static int
write_tar(const struct bundle *bundle, const char *path)
{
    size_t cap = TAR_END_SIZE;
    struct wr wr;
    int r;

    for (size_t i = 0; i < bundle->n_files; i++) {
        cap += tar_out_size(bundle->file[i].content.len);
    }
    wr = wr_init(malloc(cap), cap);
    if (!wr.p) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < bundle->n_files; i++) {
        tar_out_file(&wr, bundle->file[i].name, bundle->file[i].content);
    }
    tar_out_end(&wr);
    r = wr_done(&wr).p ? file_create(path, 0600, wr_done(&wr)) : -EOVERFLOW;
    free(wr.p);
    return r;
}

enum agent_exit
agent_bundle(struct agent *agent, const char *path, const char *version)
{
    CLEANUP(free_p) struct bundle *bundle = calloc(1, sizeof(*bundle));
    enum agent_exit exit;
    int r = bundle ? 0 : -ENOMEM;

    if (r == 0) {
        r = agent_begin(agent);
    }
    if (r == 0) {
        bundle->agent = agent;
        bundle->version = version;
        collect_begin(&bundle->collect, agent);
        take_quote(bundle);
        add(bundle, "README", bytes_str(about));
        write_info(bundle);
        add_tpm(bundle);
        add_logs(bundle);
        r = write_tar(bundle, path);
        source_file_done(&bundle->evidence);
        source_file_done(&bundle->last);
        collect_done(&bundle->collect);
    }
    exit = r == 0 ? bundle->exit : AGENT_USAGE;
    if (r < 0) {
        log_event(LOG_ERROR, "bundle-write", LOG_STR("file", path), LOG_STR("why", strerror(-r)));
    }
    return exit;
}
