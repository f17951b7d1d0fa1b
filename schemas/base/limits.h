/* Every limit on what others may make us hold or do, with its reason. Protocol page, Limits. */
#pragma once

/* CBOR */
#define LIMIT_CBOR_DEPTH 8u  /* our deepest message nests 5 */
#define LIMIT_CBOR_ITEMS 64u /* our longest collection has 20 */
#define LIMIT_CBOR_KEY 64u   /* longest text key that we speak: 25 bytes */

/* Event logs */
#define LIMIT_LOG_BYTES (1024u * 1024u) /* largest log seen: 73 kB; x 14 */
#define LIMIT_EVENTS 4096u              /* largest log seen: 203 events; x 20 */
#define LIMIT_BANKS 8u /* a TPM with more than four is not known; eight algorithms are */
#define LIMIT_PCRS 24u /* PC Client Platform TPM Profile 1.05 section 4.6 */

/* IMA lists */
#define LIMIT_IMA_BYTES (16u * 1024u * 1024u)
#define LIMIT_IMA_ENTRIES 65536u /* a server list has 1,650; a message's worth */
#define LIMIT_IMA_FIELDS 9u      /* evm-sig, the longest built-in template */

/* Certificates */
#define LIMIT_CERTS 6u         /* a TPM with six EK certificates is not known */
#define LIMIT_CERT_BYTES 4096u /* largest EK certificate of the corpus: 1.6 kB */
#define LIMIT_CHAIN 4u         /* leaf, two intermediates, root */
#define LIMIT_CHAIN_TRIES 16u   /* signatures checked for one leaf; four equal names are known */
#define LIMIT_CERT_EXTS 16u     /* extensions: the longest certificate of the corpus has 9 */
#define LIMIT_TPM_TEXT 64u      /* maker, model, version of a TPM: longest seen 12 bytes */
#define LIMIT_RSA_BITS 4096u   /* cost of a verification grows with the square */

/* Messages */
#define LIMIT_EVIDENCE_BYTES (256u * 1024u) /* one message; classes may allow 1 MiB */
#define LIMIT_ENVELOPE_BYTES 4096u          /* what the keeper reads itself beside log bytes */
#define LIMIT_EVIDENCE_LOGS 4u              /* firmware, IMA, userspace, one spare */
#define LIMIT_TOKEN_BYTES 2048u             /* protocol page, Tokens */
