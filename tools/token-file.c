#include "token-file.h"

#include "wire/token-cwt.h"
#include "wire/token-jwt.h"

/* The outcome of a reader in words; all readers number them alike: form, header, alg. */
struct told {
    const char *check;
    const char *problem;
};

static struct told
tell(int outcome)
{
    static const struct told words[] = {
        [COSE_E_FORM] = {"form", "neither a compact JWS nor a COSE_Sign1 of ours"},
        [COSE_E_HEADER] = {"header", "a header parameter that is not spoken, or not signed"},
        [COSE_E_ALG] = {"alg", "not signed with ES256, or RS256 for a JWT"},
    };
    _Static_assert((int)COSE_E_FORM == (int)JOSE_E_FORM &&
                       (int)COSE_E_HEADER == (int)JOSE_E_HEADER &&
                       (int)COSE_E_ALG == (int)JOSE_E_ALG,
                   "one table for both");

    return words[outcome];
}

static struct told
jwt_read(struct bytes in, struct token_file *file)
{
    int r;

    if (in.p[in.len - 1] == '\n') {
        in.len--;
    }
    r = jose_read(in, file->room, sizeof(file->room), &file->jose);
    if (r != 0) {
        return tell(r);
    }
    file->kid = file->jose.kid;
    file->typ_ok = bytes_equal(file->jose.typ, bytes_str(TOKEN_JWT_TYP));
    file->claims = json_loadb((const char *)file->jose.payload.p, file->jose.payload.len,
                              JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(file->claims)) {
        return (struct told){"claims", "the payload is not a JSON object"};
    }
    return (struct told){NULL, NULL};
}

static struct told
cwt_read(struct bytes in, struct token_file *file)
{
    struct token_claims claims;
    char room[2 * LIMIT_TOKEN_BYTES];
    struct bytes json;
    int r = cose_sign1_read(in, &file->cose);

    if (r != 0) {
        return tell(r);
    }
    file->kid = file->cose.kid;
    file->typ_ok = file->cose.typ == TOKEN_CWT_TYP;
    r = token_cwt_read(file->cose.payload, &claims);
    if (r != 0 || token_jwt_write(&claims, room, sizeof(room), &json) != 0) {
        return (struct told){"claims", r == TOKEN_E_PROFILE  ? "another EAT profile"
                                       : r == TOKEN_E_CLAIMS ? "claims that contradict each other"
                                                             : "not the claims of an EAR token"};
    }
    file->claims = json_loadb((const char *)json.p, json.len, 0, NULL);
    return file->claims ? (struct told){NULL, NULL} : (struct told){"claims", "no memory"};
}

int
token_file_read(struct bytes in, struct token_file *ret_file, const char **ret_check,
                const char **ret_problem)
{
    struct told told = tell(COSE_E_FORM);

    ret_file->claims = NULL;
    if (in.len > 0) {
        ret_file->jwt = in.p[0] == 'e'; /* base64url of {" ; a CWT begins with its tag */
        told = ret_file->jwt ? jwt_read(in, ret_file) : cwt_read(in, ret_file);
    }
    if (told.check) {
        token_file_done(ret_file);
        *ret_check = told.check;
        *ret_problem = told.problem;
        return 1;
    }
    return 0;
}

void
token_file_done(struct token_file *file)
{
    json_decref(file->claims);
    file->claims = NULL;
}

int
token_file_verify(const struct token_file *file, struct pubkey *key, struct hasher *hasher)
{
    int r = file->jwt ? jose_verify(&file->jose, key, hasher)
                      : cose_sign1_verify(&file->cose, BYTES_NULL, key, hasher);

    return r > 0 ? 1 : r;
}
