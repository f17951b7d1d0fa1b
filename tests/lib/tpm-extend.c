/* tpm-extend TCTI [FILE…]: extends PCRs with the digests of lines "PCR ALG:HEX [ALG:HEX…]" from the
 * files or standard input, one TPM2_PCR_Extend a line and one ESYS context for all, so that a real
 * log of hundreds of events takes well under a second. '#' begins a comment line. */
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "base/alg.h"
#include "base/hex.h"
#include "base/limits.h"

#define NONE ESYS_TR_NONE

static bool
read_digest(char *word, TPML_DIGEST_VALUES *list)
{
    char *colon = strchr(word, ':');
    TPMT_HA *one = &list->digests[list->count];
    enum hash alg;
    size_t len = 0;

    if (!colon || list->count == TPM2_NUM_PCR_BANKS) {
        return false;
    }
    alg = hash_from_name(bytes_of(word, (size_t)(colon - word)));
    one->hashAlg = hash_tpm_id(alg);
    list->count++;
    return alg <= HASH_SHA512 &&
           hex_read(bytes_str(colon + 1), one->digest.sha512, sizeof(one->digest), &len) == 0 &&
           len == hash_size(alg);
}

static bool
read_line(char *line, unsigned *ret_pcr, TPML_DIGEST_VALUES *list)
{
    char *save = NULL;
    char *word = strtok_r(line, " \t\r\n", &save);
    char *end = NULL;
    unsigned long pcr = word ? strtoul(word, &end, 10) : LIMIT_PCRS;

    list->count = 0;
    while (word && (word = strtok_r(NULL, " \t\r\n", &save))) {
        if (!read_digest(word, list)) {
            return false;
        }
    }
    *ret_pcr = (unsigned)pcr;
    return pcr < LIMIT_PCRS && *end == '\0' && list->count > 0;
}

static int
extend_file(ESYS_CONTEXT *esys, FILE *file)
{
    TPML_DIGEST_VALUES list;
    char line[1024];
    unsigned n = 0;
    unsigned pcr;

    while (fgets(line, sizeof(line), file)) {
        TSS2_RC rc;

        n++;
        if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#') {
            continue;
        }
        if (!read_line(line, &pcr, &list)) {
            fprintf(stderr, "line %u: not PCR ALG:HEX…\n", n);
            return 1;
        }
        rc = Esys_PCR_Extend(esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, NONE, NONE, &list);
        if (rc != TSS2_RC_SUCCESS) {
            fprintf(stderr, "line %u: TPM2_PCR_Extend: 0x%x\n", n, rc);
            return 1;
        }
    }
    return 0;
}

static int
extend_all(ESYS_CONTEXT *esys, int n_paths, char **paths)
{
    int r = n_paths == 0 ? extend_file(esys, stdin) : 0;

    for (int i = 0; r == 0 && i < n_paths; i++) {
        FILE *file = fopen(paths[i], "r");

        if (!file) {
            perror(paths[i]);
            return 1;
        }
        r = extend_file(esys, file);
        fclose(file);
    }
    return r;
}

int
main(int argc, char **argv)
{
    TSS2_TCTI_CONTEXT *tcti = NULL;
    ESYS_CONTEXT *esys = NULL;
    int r = 1;

    if (argc < 2) {
        fprintf(stderr, "usage: tpm-extend TCTI [FILE...]\n");
        return 2;
    }
    if (Tss2_TctiLdr_Initialize(argv[1], &tcti) != TSS2_RC_SUCCESS ||
        Esys_Initialize(&esys, tcti, NULL) != TSS2_RC_SUCCESS) {
        fprintf(stderr, "cannot open %s\n", argv[1]);
    } else {
        r = extend_all(esys, argc - 2, argv + 2);
    }
    Esys_Finalize(&esys);
    Tss2_TctiLdr_Finalize(&tcti);
    return r;
}
