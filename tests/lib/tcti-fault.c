/* A TCTI that stands in front of another and misbehaves as a script says, for the configuration
 * "PATH/tcti-fault.so:SCRIPT,TCTI". The script is one line, read at each command:
 *
 *     GENERATION COMMAND ACTION ARGUMENT COUNT
 *
 * The first COUNT commands of this code (hex; 0: any) since the generation changed meet the ACTION:
 *     rc      the answer is the response code ARGUMENT (hex), and the TPM hears nothing
 *     lost    the device is gone: no answer comes
 *     extend  PCR ARGUMENT (hex) is extended first, by somebody else
 *     flush   each transient object is flushed first, by somebody else
 * TCG TSS 2.0 TCTI API 1.0; TPM 2.0 Part 3 for the commands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_tctildr.h>

#include "base/rd.h"
#include "base/wr.h"

enum { HEAD = 10, PATH_ROOM = 256, BIG = 4096, OWN_ROOM = 128 };

struct fault {
    TSS2_TCTI_CONTEXT_COMMON_V2 common; /* first: what the caller knows */
    TSS2_TCTI_CONTEXT *inner;
    char script[PATH_ROOM];
    uint32_t answer; /* not 0: the next answer is this code */
    bool lost;
};

struct rule {
    unsigned long generation;
    uint32_t command;
    char action[8];
    uint32_t argument;
    unsigned count;
};

static struct fault *
of(TSS2_TCTI_CONTEXT *context)
{
    return (struct fault *)context;
}

static bool
read_rule(const struct fault *fault, struct rule *ret)
{
    FILE *in = fopen(fault->script, "re");
    bool good;

    if (!in) {
        return false;
    }
    good = fscanf(in, "%lu %" SCNx32 " %7s %" SCNx32 " %u", &ret->generation, &ret->command,
                  ret->action, &ret->argument, &ret->count) == 5;
    (void)fclose(in);
    return good;
}

/* Counts one more in the file SCRIPT.met, which outlives this context: who lost a TPM opens it
 * anew. False when all of this generation were met. */
static bool
take(const struct fault *fault, const struct rule *rule)
{
    char path[PATH_ROOM + 8];
    unsigned long generation = 0;
    unsigned n_met = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s.met", fault->script);
    file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%lu %u", &generation, &n_met) != 2 || generation != rule->generation) {
            n_met = 0;
        }
        (void)fclose(file);
    }
    if (n_met >= rule->count) {
        return false;
    }
    file = fopen(path, "we");
    if (!file || fprintf(file, "%lu %u\n", rule->generation, n_met + 1) < 0 || fclose(file) != 0) {
        abort();
    }
    return true;
}

/* A command of somebody else; what the TPM says to it is their affair. */
static void
between(struct fault *fault, const struct wr *command)
{
    uint8_t answer[BIG];
    size_t len = sizeof(answer);

    if (command->failed ||
        Tss2_Tcti_Transmit(fault->inner, command->len, command->p) != TSS2_RC_SUCCESS ||
        Tss2_Tcti_Receive(fault->inner, &len, answer, TSS2_TCTI_TIMEOUT_BLOCK) != TSS2_RC_SUCCESS) {
        abort(); /* a fault that was not made is no test */
    }
}

static void
extend(struct fault *fault, uint32_t pcr)
{
    uint8_t room[OWN_ROOM];
    struct wr wr = wr_init(room, sizeof(room));

    wr_be16(&wr, TPM2_ST_SESSIONS);
    wr_be32(&wr, 65);
    wr_be32(&wr, TPM2_CC_PCR_Extend);
    wr_be32(&wr, pcr);
    wr_be32(&wr, 9); /* an empty password */
    wr_be32(&wr, TPM2_RS_PW);
    wr_be16(&wr, 0);
    wr_u8(&wr, 0);
    wr_be16(&wr, 0);
    wr_be32(&wr, 1);
    wr_be16(&wr, TPM2_ALG_SHA256);
    for (unsigned i = 0; i < 32; i++) {
        wr_u8(&wr, 0xe1);
    }
    between(fault, &wr);
}

static void
flush_all(struct fault *fault)
{
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t room[OWN_ROOM];
        struct wr wr = wr_init(room, sizeof(room));

        wr_be16(&wr, TPM2_ST_NO_SESSIONS);
        wr_be32(&wr, 14);
        wr_be32(&wr, TPM2_CC_FlushContext);
        wr_be32(&wr, TPM2_TRANSIENT_FIRST + i);
        between(fault, &wr);
    }
}

/* Whether the TPM hears the command at all. */
static bool
meet(struct fault *fault, uint32_t command)
{
    struct rule rule;

    if (!read_rule(fault, &rule)) {
        return true;
    }
    if ((rule.command != 0 && rule.command != command) || !take(fault, &rule)) {
        return true;
    }
    if (strcmp(rule.action, "rc") == 0) {
        fault->answer = rule.argument;
        return false;
    }
    if (strcmp(rule.action, "lost") == 0) {
        fault->lost = true;
        return false;
    }
    if (strcmp(rule.action, "extend") == 0) {
        extend(fault, rule.argument);
    } else if (strcmp(rule.action, "flush") == 0) {
        flush_all(fault);
    } else {
        abort(); /* a fault that was not made is no test */
    }
    return true;
}

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct fault *fault = of(context);
    struct rd rd = rd_init(bytes_of(command, size));

    (void)rd_be16(&rd);
    (void)rd_be32(&rd);
    fault->answer = 0;
    fault->lost = false;
    return meet(fault, rd_be32(&rd)) ? Tss2_Tcti_Transmit(fault->inner, size, command)
                                     : TSS2_RC_SUCCESS;
}

static TSS2_RC
receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
    struct fault *fault = of(context);
    struct wr wr;

    if (fault->lost) {
        return TSS2_TCTI_RC_IO_ERROR;
    }
    if (fault->answer == 0) {
        return Tss2_Tcti_Receive(fault->inner, size, response, timeout);
    }
    if (response) {
        wr = wr_init(response, *size);
        wr_be16(&wr, TPM2_ST_NO_SESSIONS);
        wr_be32(&wr, HEAD);
        wr_be32(&wr, fault->answer);
        fault->answer = 0;
    }
    *size = HEAD;
    return TSS2_RC_SUCCESS;
}

static void
finalize(TSS2_TCTI_CONTEXT *context)
{
    Tss2_TctiLdr_Finalize(&of(context)->inner);
}

static TSS2_RC
locality(TSS2_TCTI_CONTEXT *context, uint8_t number)
{
    return Tss2_Tcti_SetLocality(of(context)->inner, number);
}

static TSS2_RC
init(TSS2_TCTI_CONTEXT *context, size_t *size, const char *conf)
{
    struct fault *fault = of(context);
    const char *comma = conf ? strchr(conf, ',') : NULL;

    if (!context) {
        *size = sizeof(*fault);
        return TSS2_RC_SUCCESS;
    }
    if (!comma || (size_t)(comma - conf) >= PATH_ROOM) {
        return TSS2_TCTI_RC_BAD_VALUE;
    }
    *fault = (struct fault){.common = {.v1 = {.magic = 0x6661756c74,
                                              .version = 2,
                                              .transmit = transmit,
                                              .receive = receive,
                                              .finalize = finalize,
                                              .setLocality = locality}}};
    memcpy(fault->script, conf, (size_t)(comma - conf));
    return Tss2_TctiLdr_Initialize(comma + 1, &fault->inner);
}

const TSS2_TCTI_INFO *Tss2_Tcti_Info(void);

const TSS2_TCTI_INFO *
Tss2_Tcti_Info(void)
{
    static const TSS2_TCTI_INFO info = {
        .version = 2,
        .name = "tcti-fault",
        .description = "misbehaves as a script says",
        .config_help = "SCRIPT,TCTI",
        .init = init,
    };

    return &info;
}
