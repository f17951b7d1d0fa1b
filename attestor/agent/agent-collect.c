/* One evidence: logs that cannot grow and locks first, then the quote, then what grows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent-collect.h"
#include "agent/self-check.h"
#include "source/source-firmware.h"
#include "source/source-ima.h"
#include "wire/binding.h"

enum {
    QUOTE_ROOM = 2048,
    VALUES_ROOM = 8192,
    BESIDE = 16384, /* what evidence has beside its logs, and what they may grow by meanwhile */
};

void
collect_done(struct collect *collect)
{
    source_userspace_unlock(&collect->lock);
    for (size_t i = 0; i < collect->n; i++) {
        source_file_done(&collect->log[i]);
    }
}

static uint64_t
known_offset(const struct agent *agent, enum log_kind kind)
{
    for (size_t i = 0; i < agent->n_known; i++) {
        if (agent->known[i].kind == kind) {
            return agent->known[i].offset;
        }
    }
    return 0;
}

/* A log that is there is added; one that may not be read is told, and left out. */
static void
add_log(struct collect *collect, enum log_kind kind, int r, struct source_data *take)
{
    if (r == 0) {
        collect->log[collect->n] = *take;
        collect->known[collect->n] = (struct known_log_at){kind, source_file_bytes(take),
                                                           known_offset(collect->agent, kind)};
        collect->n++;
    } else if (r != SOURCE_E_ABSENT) {
        log_event(LOG_WARNING, "log-unreadable", LOG_STR("log", log_kind_name(kind)),
                  LOG_STR("why", source_file_outcome_name((enum source_outcome)(r > 0 ? r : 0))));
    }
}

/* Before the quote. IMA's bytes of now are for the digest of what is known; its body is read after.
 */
static void
read_before(struct collect *collect)
{
    const struct agent_conf *conf = collect->agent->conf;
    struct source_data data = {0};
    int r = source_firmware_read(conf->firmware, &data);

    collect->agent->no_log = r != 0;
    add_log(collect, LOG_FIRMWARE, r, &data);
    if (collect->wanted.pcrs & PCR_MASK_IMA) {
        data = (struct source_data){0};
        r = source_ima_read(conf->ima, &data);
        add_log(collect, LOG_IMA, r, &data);
    }
    if (collect->wanted.pcrs & PCR_MASK_USERSPACE) {
        data = (struct source_data){0};
        r = source_userspace_lock(conf->userspace, &collect->lock);
        if (r == 0) {
            r = source_userspace_read(&collect->lock, &data);
        }
        add_log(collect, LOG_USERSPACE, r, &data);
    }
}

static void
read_after(struct collect *collect)
{
    source_userspace_unlock(&collect->lock);
    for (size_t i = 0; i < collect->n; i++) {
        struct source_data data = {0};

        if (collect->known[i].kind == LOG_IMA &&
            source_ima_read(collect->agent->conf->ima, &data) == 0) {
            source_file_done(&collect->log[i]);
            collect->log[i] = data;
        }
    }
}

static struct selection
selection_of(const struct tpm_pcr_selection *from)
{
    struct selection selection = {.n = 0};

    for (size_t i = 0; i < from->n_banks; i++) {
        selection.sets[selection.n++] = (struct pcr_set){from->bank[i].alg, from->bank[i].pcrs};
    }
    return selection;
}

/* What will be asked for; tpm_quote_make() selects by the same rule. */
static int
asked_selection(struct collect *collect, struct selection *ret, struct tpm_error *error)
{
    struct tpm_pcr_selection selection = {0};
    int r = tpm_pcr_banks(collect->agent->tpm, false, &selection, error);

    if (r == 0) {
        r = tpm_pcr_select(&selection, &collect->wanted, &selection);
    }
    if (r == 0) {
        *ret = selection_of(&selection);
    }
    return r;
}

static int
make_claims(struct collect *collect, struct tpm_error *error)
{
    struct agent *agent = collect->agent;
    struct wr wr = wr_init(collect->claims_room, sizeof(collect->claims_room));
    struct claims_facts facts = {
        .nonce = agent->has_nonce ? agent->nonce : NULL,
        .ueid = agent->has_ueid && !agent->told ? agent->ueid : NULL,
        .machine = agent->told ? NULL : &agent->machine,
        .uptime_s = (uint64_t)agent->clock->boot_ms(agent->clock->context) / 1000,
        .clock_floor_s = agent->floored ? (uint64_t)agent_time_floor_s() : 0,
        .logs = collect->known,
        .n_logs = collect->n,
    };
    int r = asked_selection(collect, &facts.quoted, error);

    if (r == 0) {
        r = claims_make(agent->hasher, &facts, &collect->claims);
    }
    if (r == 0) {
        claims_write(&wr, &collect->claims);
        collect->claims_bytes = wr_done(&wr);
        r = collect->claims_bytes.p ? 0 : -ENOSPC;
    }
    return r;
}

static int
take_quote(struct collect *collect, const uint8_t *exporter, struct tpm_error *error)
{
    struct agent *agent = collect->agent;
    uint8_t *qualifying = collect->qualifying;
    struct binding binding = {.site = bytes_str(agent->conf->site),
                              .mode = exporter ? BINDING_CONNECTION : BINDING_COLLECTED,
                              .nonce = agent->has_nonce ? agent->nonce : NULL,
                              .exporter = exporter,
                              .claims = collect->claims_bytes};
    int r = binding_quote(agent->hasher, &binding, qualifying);

    if (r != 0) {
        return r;
    }
    if (!agent->told || agent->values) {
        r = tpm_quote_values(agent->ak, &collect->wanted, qualifying, &collect->quote,
                             &collect->values, error);
        collect->has_values = r == 0;
    }
    if ((agent->told && !agent->values) || r == TPM_E_CHANGING) {
        r = tpm_quote_make(agent->ak, &collect->wanted, qualifying, &collect->quote, error);
    }
    return r != 0 ? r
                  : tpm_signed_check(&collect->quote.attest, agent->ak, self_check, agent->hasher);
}

/* A TPM without P-256 has no such key: its tokens stay unbound. */
static int
take_key(struct collect *collect, struct tpm_error *error)
{
    struct agent *agent = collect->agent;
    struct wr wr = wr_init(collect->key_room, sizeof(collect->key_room));
    int r;

    agent->key_sent = false;
    if (agent->conf->bind == AGENT_BIND_NO || agent->key_told) {
        return 0;
    }
    r = agent_key_item(agent, &wr, error);
    if (r == TPM_E_LACKS) {
        log_event(LOG_WARNING, "no-device-key", LOG_STR("why", error->text));
        return 0;
    }
    if (r == 0) {
        collect->key = wr_done(&wr);
        agent->key_sent = true;
    }
    return r;
}

static struct bytes
write_quote(const struct collect *collect, uint8_t room[QUOTE_ROOM])
{
    struct wr wr = wr_init(room, QUOTE_ROOM);

    wr_bytes(&wr, bytes_of(collect->quote.attest.info, collect->quote.attest.info_len));
    wr_bytes(&wr, tpm_signed_signature(&collect->quote.attest));
    return wr_done(&wr);
}

static struct bytes
write_values(const struct collect *collect, uint8_t *room)
{
    CLEANUP(free_p) struct pcr_values *values = calloc(1, sizeof(*values));
    struct wr wr = wr_init(room, VALUES_ROOM);

    if (!values || !collect->has_values) {
        return BYTES_NULL;
    }
    values->selection = selection_of(&collect->quote.selection);
    for (size_t i = 0; i < collect->values.n_values; i++) {
        const struct tpm_pcr_value *value = &collect->values.value[i];

        for (size_t set = 0; set < values->selection.n; set++) {
            if (values->selection.sets[set].bank == value->alg && value->pcr < LIMIT_PCRS) {
                memcpy(values->value[set][value->pcr], value->b, hash_size(value->alg));
            }
        }
    }
    pcr_values_write(&wr, values);
    return wr_done(&wr);
}

int
collect_write(struct collect *collect, struct source_data *ret)
{
    uint8_t quote[QUOTE_ROOM];
    uint8_t values[VALUES_ROOM];
    struct evidence evidence = {.claims = collect->claims_bytes,
                                .quote = write_quote(collect, quote),
                                .values = write_values(collect, values),
                                .key = collect->key};
    size_t cap = COLLECT_CLAIMS_ROOM + QUOTE_ROOM + VALUES_ROOM + AGENT_KEY_ROOM;
    struct wr wr;

    for (size_t i = 0; i < collect->n; i++) {
        struct bytes all = source_file_bytes(&collect->log[i]);
        size_t offset = (size_t)collect->claims.logs[i].offset;

        if (all.len > offset) {
            evidence.logs[i] = bytes_of(all.p + offset, all.len - offset);
            cap += evidence.logs[i].len + 64;
        }
    }
    wr = wr_init(malloc(cap), cap);
    if (!wr.p) {
        return -ENOMEM;
    }
    evidence_write(&wr, &evidence, &collect->claims);
    *ret = (struct source_data){wr.p, wr_done(&wr).len};
    return evidence.quote.p && wr_done(&wr).p ? 0 : -ENOSPC;
}

static enum agent_result
told_why(struct agent *agent, int r, const struct tpm_error *error)
{
    char why[64];

    if (r > 0) {
        return agent_tpm_fault(agent, r, error);
    }
    snprintf(why, sizeof(why), "the evidence cannot be made: errno %d", -r);
    return agent_tell(agent, AGENT_TPM_FAULT, AGENT_R_LATER, why);
}

void
collect_begin(struct collect *collect, struct agent *agent)
{
    collect->agent = agent;
    collect->lock.fd = -1;
    collect->wanted = (struct tpm_pcr_bank){agent->wanted.bank, agent->wanted.mask};
    read_before(collect);
}

int
collect_quote(struct collect *collect, const uint8_t *exporter, struct tpm_error *error)
{
    int r = make_claims(collect, error);

    if (r == 0) {
        r = take_quote(collect, exporter, error);
    }
    if (r == 0 && exporter) {
        r = take_key(collect, error);
    }
    if (r == 0) {
        read_after(collect);
    }
    return r;
}

static int
collect_all(struct collect *collect, struct source_data *ret_body, struct tpm_error *error)
{
    uint8_t exporter[EXPORTER_SIZE];
    int r = link_exporter(collect->agent->link, exporter);

    if (r == 0) {
        r = collect_quote(collect, exporter, error);
    }
    return r == 0 ? collect_write(collect, ret_body) : r;
}

/* Largest evidence that the connection can take. */
static uint32_t
most_bytes(const struct agent *agent)
{
    uint32_t most = link_body_max(agent->link);
    uint32_t own = link_is_stream(agent->link) ? LIMIT_EVIDENCE_STREAM_BYTES : LIMIT_EVIDENCE_BYTES;

    return most < own ? most : own;
}

/* What the logs alone come to, as they are before the quote: one that cannot be sent is not worth
 * a TPM's time. */
static size_t
least_bytes(const struct collect *collect)
{
    size_t n = 0;

    for (size_t i = 0; i < collect->n; i++) {
        const struct known_log_at *log = &collect->known[i];

        n += log->bytes.len > log->offset ? log->bytes.len - (size_t)log->offset : 0;
    }
    return n;
}

int
agent_collect(struct agent *agent, struct source_data *ret_body, enum agent_result *ret_result)
{
    CLEANUP(free_p) struct collect *collect = calloc(1, sizeof(*collect));
    struct tpm_error error = {0};
    size_t len;
    int r = 0;

    if (!collect) {
        return -ENOMEM;
    }
    collect_begin(collect, agent);
    len = least_bytes(collect);
    if (link_is_stream(agent->link) && len + BESIDE > most_bytes(agent) &&
        agent_ask_room(agent, len, ret_result) != 0) {
        collect_done(collect);
        return 1;
    }
    if (len <= most_bytes(agent)) {
        r = collect_all(collect, ret_body, &error);
        len = ret_body->len;
    }
    collect_done(collect);
    if (r == 0 && len > most_bytes(agent)) {
        source_file_done(ret_body);
        *ret_result = agent_too_long(agent, len, most_bytes(agent), false);
        return 1;
    }
    if (r != 0) {
        source_file_done(ret_body);
        *ret_result = told_why(agent, r, &error);
        return 1;
    }
    return 0;
}
