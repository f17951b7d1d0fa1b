#include "key-words.h"

/* clang-format off */
static const struct key_words words[KEYSET_KIND_N] = {
    [KEYSET_PSK_MASTER] = {
        "derives the PSKs of devices",
        "Devices fetch a PSK of the new master after their next attestation; the old one is "
        "taken for 30 days. `assay key list` says how many are still on it.",
        "Its thief could connect as any device, and be the verifier to them if he has the "
        "server key; he got no token, which takes the device's TPM. The old master, its "
        "connections and all tickets end now; each device enrols again by itself when it comes "
        "next. Nothing is left to do.",
    },
    [KEYSET_NONCE] = {
        "makes the keeper's challenges",
        "Challenges of the old key are taken for a day. Nonce keys change each day by themselves.",
        "Its thief could make challenges that the keeper takes for its own, and so have quotes "
        "made ahead of time. Challenges of the old keys are answered with fresh ones from now "
        "on, without a verdict. Nothing is left to do.",
    },
    [KEYSET_TICKET] = {
        "opens connections again (tickets), and proves addresses (cookies)",
        "They change each hour by themselves. All were made anew; each device makes one full "
        "handshake.",
        "Its thief could read connections that were resumed while it was in use. All tickets "
        "end now; each device makes one full handshake. Tokens that such connections carried "
        "live five minutes; nothing is left to do.",
    },
    [KEYSET_TOKEN] = {
        "signs tokens (ES256)",
        "The new key is published now and signs when consumers have had time to fetch it; the "
        "old one is published until its last token has expired.",
        "Its thief could mint tokens. The new key signs now, the old one is out of jwks.json, "
        "keys.cbor and /keys. Consumers believe it for as long as they cache: have them fetch "
        "the keys again, now.",
    },
    [KEYSET_TOKEN_RSA] = {
        "signs tokens (RS256)",
        "The new key is published now and signs when consumers have had time to fetch it; the "
        "old one is published until its last token has expired.",
        "Its thief could mint tokens. The new key signs now, the old one is out of jwks.json. "
        "Consumers believe it for as long as they cache: have them fetch the keys again, now.",
    },
    [KEYSET_PAIRWISE] = {
        "names devices and boots to one audience each",
        "Every device has another name at every audience with names of its own, and boots other "
        "names.",
        "Its thief could tell which names of different audiences are one device, and always "
        "will of those he has seen. Names are others from now on: tell those audiences.",
    },
    [KEYSET_AUDIT] = {
        "signs the audit log's head",
        "Heads of the old key are still believed; its public half stays in audit-keys.cbor.",
        "Its thief could sign a head of another log. Heads of the old keys are believed no "
        "more, and the log's head is signed anew now. Compare the log with a head that was "
        "kept elsewhere: assay audit verify --head FILE.",
    },
    [KEYSET_SITE] = {
        "signs enrolment answers",
        "Devices go on with what they have; the next enrolment is signed by the new key.",
        "Its thief could write a false credential into a device's state folder, or hand it out "
        "if he has the server key too. The certificate of the old key ends with its CA: assay "
        "key rotate ca --leaked.",
    },
    [KEYSET_SERVER] = {
        "proves the verifier to a device that enrols",
        "New handshakes show the new certificate; connections go on.",
        "Its thief could be the verifier to a device that enrols, and read what it sends; a "
        "credential takes the site key too. The certificate of the old key ends with its CA: "
        "assay key rotate ca --leaked.",
    },
    [KEYSET_CA] = {
        "issues the server's and the site's certificate",
        "ca.pem holds the new CA beside the old one: copy it to every device. When all have "
        "it: assay key rotate ca --retire ID of the old one; that issues both certificates "
        "anew.",
        "Its thief could be the verifier to a device that enrols, credential and all. Server "
        "and site have new keys under the new CA, which is alone in ca.pem: copy it to every "
        "device, now. Until then a device keeps its connections and cannot enrol, and believes "
        "the old CA.",
    },
    [KEYSET_POLICY] = {
        .use = "signs policy bundles",
        .rotated =
            "Move its file policy-ID.key to where policies are signed. Bundles of the old key are "
            "taken too: sign the next bundle with the new key and publish it, then assay key "
            "rotate policy --retire ID of the old one.",
        .leaked =
            "Its thief, once he may give this verifier orders, could have it judge by his rules. "
            "The old keys are believed no more, so a bundle that they signed is judged by no more "
            "and its devices are refused (801): sign the right bundle with the new key, "
            "policy-ID.key, and a higher sequence, and publish it. Look who published what: assay "
            "audit export.",
        .retired =
            "If `assay policy active` says BROKEN, the bundle was signed by it: sign it with the "
            "present key and a higher sequence, and publish it.",
    },
};
/* clang-format on */

const struct key_words *
key_words(enum keyset_kind kind)
{
    return &words[kind < KEYSET_KIND_N ? kind : KEYSET_TICKET];
}
