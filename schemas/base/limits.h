/* Every limit on what others may make us hold or do, with its reason. Protocol page, Limits. */
#pragma once

/* CBOR */
#define LIMIT_CBOR_DEPTH 8u  /* our deepest message nests 5 */
#define LIMIT_CBOR_DEEP 16u  /* in files of others; their deepest, a series of CoRIM, nests 11 */
#define LIMIT_CBOR_ITEMS 64u /* our longest collection has 20; and keys of a map in any order */
#define LIMIT_CBOR_KEY 64u   /* longest text key that we speak: 25 bytes */

/* Event logs */
#define LIMIT_LOG_BYTES (1024u * 1024u) /* largest log seen: 73 kB; x 14 */
#define LIMIT_EVENTS 4096u              /* largest log seen: 203 events; x 20 */
#define LIMIT_BANKS 8u          /* a TPM with more than four is not known; eight algorithms are */
#define LIMIT_PCRS 24u          /* PC Client Platform TPM Profile 1.05 section 4.6 */
#define LIMIT_EFIVAR_NAME 256u  /* UCS-2 units; longest name of the corpus: 21 */
#define LIMIT_DEVPATH_NODES 32u /* longest device path of the corpus: 7 nodes */
#define LIMIT_SBAT_NAME 32u     /* longest known: grub.peimage; shorter than a GUID, see facts.c */

/* TPM structures */
#define LIMIT_TPM_NAME_BYTES 66u /* TPM2B_NAME, TPM2B_DATA: a TPMT_HA of SHA-512 */
#define LIMIT_TPM_BYTES 4096u    /* any one structure in a file; a TPM's own buffers hold less */

/* IMA lists */
#define LIMIT_IMA_BYTES (16u * 1024u * 1024u)
#define LIMIT_IMA_ENTRIES 65536u     /* a server list has 1,650; a message's worth */
#define LIMIT_IMA_FIELDS 15u         /* the kernel's own limit; evm-sig, the longest built in: 9 */
#define LIMIT_IMA_TEMPLATE_NAME 255u /* a format string of 15 fields takes 194 */
#define LIMIT_IMA_DATA                                                        \
    (128u * 1024u) /* evm-sig with one extended attribute of 64 KiB, and more \
                    */

/* Userspace logs */
#define LIMIT_USERLOG_RECORDS 4096u /* as LIMIT_EVENTS; a boot writes about 30 */
#define LIMIT_USERLOG_RECORD 16384u /* longest kind: six names of one file system */
#define LIMIT_USERLOG_STRING 4096u  /* text measured by one record */

/* Certificates */
#define LIMIT_CERTS 6u         /* a TPM with six EK certificates is not known */
#define LIMIT_CERT_BYTES 4096u /* largest EK certificate of the corpus: 1.6 kB */
#define LIMIT_CHAIN 4u         /* leaf, two intermediates, root */
#define LIMIT_CHAIN_TRIES 16u  /* signatures checked for one leaf; four equal names are known */
#define LIMIT_CERT_EXTS 16u    /* extensions: the longest certificate of the corpus has 9 */
#define LIMIT_TPM_TEXT 64u     /* maker, model, version of a TPM: longest seen 12 bytes */
#define LIMIT_RSA_BITS 4096u   /* cost of a verification grows with the square */

/* Messages */
#define LIMIT_EVIDENCE_BYTES (256u * 1024u) /* over UDP, where 1 MB takes 1,000 round trips */
#define LIMIT_EVIDENCE_STREAM_BYTES \
    (4u * 1024u * 1024u) /* over TCP: an IMA list of 40,000 entries; held nine times at most */
#define LIMIT_READING_BYTES \
    (24u * 1024u * 1024u) /* evidences at readers: 80 of UDP's, or six; five times that is held */
#define LIMIT_ENVELOPE_BYTES 4096u /* what the keeper reads itself beside log bytes */
#define LIMIT_EVIDENCE_LOGS 4u     /* firmware, IMA, userspace, one spare */
#define LIMIT_TOKEN_BYTES 2048u    /* protocol page, Tokens */
#define LIMIT_TOKEN_CWT 832u       /* with what it can leave out: 1,024 less the answer's rest */

/* Announcements: kernel, initrd and boot loader of a machine take ten events, and four banks each
 * 300 bytes; dbx and firmware fewer */
#define LIMIT_ANNOUNCE_BYTES 8192u
#define LIMIT_ANNOUNCE_EVENTS 64u
#define LIMIT_ANNOUNCED 8u       /* components of a device: the hooks that we know are five */
#define LIMIT_ANNOUNCED_BOOTS 3u /* that it outlives: appraisal page, section 5h, Predict */

/* Texts on the wire */
#define LIMIT_SITE 64u        /* site id, a DNS-like name */
#define LIMIT_CODE 64u        /* one-time enrolment code: 26 characters of base32 */
#define LIMIT_TEXT 128u       /* maker, model, version: SMBIOS strings seen are below 64 */
#define LIMIT_IDENTITY 64u    /* PSK identity: 36 characters */
#define LIMIT_REASONS 16u     /* reasons that a device is told */
#define LIMIT_PUBLIC 512u     /* TPMT_PUBLIC: RSA-3072 takes 442 */
#define LIMIT_CREDENTIAL 128u /* TPM2B_ID_OBJECT with SHA-512: 2 + 66 + 34 */
#define LIMIT_SECRET 514u     /* TPM2B_ENCRYPTED_SECRET of RSA-4096 */
#define LIMIT_NAME 63u        /* of an audience or class: a DNS label, as NAME_RULE says */
/* Signed objects */
#define LIMIT_KID_BYTES 64u /* ours: 32, a thumbprint; 43 as base64url in JOSE */
#define LIMIT_KEYS 16u      /* of a published set: two overlap when one is rotated; x 8 */

/* Tokens: the largest claims that still fit LIMIT_TOKEN_BYTES beside each other */
#define LIMIT_TOKEN_TEXT 255u   /* longest sub that stock consumers take; others alike */
#define LIMIT_TOKEN_POLICIES 4u /* class, site and two overlays */
#define LIMIT_TOKEN_GROUPS 16u  /* a device in more groups needs a token per audience */
#define LIMIT_TOKEN_REASONS 16u /* the worst first; the rest stays with the verifier */
/* The front: what strangers may make it hold. A connection costs 43 kB, nearly all OpenSSL's. */
#define LIMIT_FRONT_CONNS 8192u            /* 350 MB a worker; the least recently used goes */
#define LIMIT_FRONT_CONNS_DEVICE 8u        /* an attestor has one; its NAT may lose a few */
#define LIMIT_FRONT_HANDSHAKES 1024u       /* half-open: 44 MB; the oldest goes */
#define LIMIT_FRONT_HANDSHAKES_PREFIX 128u /* of one /24 or /48: an eighth of them */
#define LIMIT_FRONT_SOCKETS 8u             /* IPv4 and IPv6 on four addresses */
#define LIMIT_FRONT_WATCHES 8u             /* the keeper's socket, and spare */
#define LIMIT_FRONT_DATAGRAM 2048u         /* an Ethernet frame; larger ones are cut and fail */
#define LIMIT_FRONT_COAP 1400u             /* one message: 1,024 of payload and what is around */
#define LIMIT_FRONT_BLOCK 1024u            /* largest block of RFC 7959 */
#define LIMIT_FRONT_IDENTITY 64u           /* ours have 36 characters */
#define LIMIT_FRONT_PENDING 4u             /* requests in work a connection; NSTART is 1 */
#define LIMIT_FRONT_OUTSTANDING 1024u      /* at the keeper: half a second of its work */
#define LIMIT_FRONT_REPLAYS 32u            /* answers kept a connection; peers go in lock-step */
#define LIMIT_FRONT_ENROLL_BYTES 32768u    /* six certificates of 4 KiB and two keys */
#define LIMIT_FRONT_ASSEMBLY_BYTES (64u * 1024u * 1024u)       /* bodies and long answers, all */
#define LIMIT_FRONT_ASSEMBLY_PREFIX_BYTES (8u * 1024u * 1024u) /* of one /24 or /48 */
#define LIMIT_FRONT_ASSEMBLY_DEVICE_BYTES (1024u * 1024u)      /* on all its connections */
#define LIMIT_FRONT_HANDSHAKE_MS 15000u /* three retransmissions of a slow TPM's peer */
#define LIMIT_FRONT_IDLE_MS 60000u      /* protocol page, Transport */
#define LIMIT_FRONT_LIFE_MS 900000u     /* protocol page, Transport: 15 minutes */
#define LIMIT_STREAM_CONNS 2048u /* over TCP: 90 MB; the second way in, and a descriptor each */
/* In the place of those of LIMIT_FRONT_; the total is the same. */
#define LIMIT_STREAM_ASSEMBLY_PREFIX_BYTES (16u * 1024u * 1024u) /* three long lists at once */
#define LIMIT_STREAM_ASSEMBLY_DEVICE_BYTES (5u * 1024u * 1024u)  /* one, and what is beside it */
#define LIMIT_STREAM_MESSAGE_MS 120000u  /* protocol page, Freshness: a body is whole within */
#define LIMIT_STREAM_OUT_MS 30000u       /* an answer of which TCP takes nothing more */
#define LIMIT_FRONT_BLOCK_IDLE_MS 60000u /* a body or long answer that nobody moves on */
#define LIMIT_FRONT_PENALTY_MS 1000u     /* who broke a reader waits; doubles each time */
#define LIMIT_FRONT_PENALTY_MOST_MS                                                          \
    300000u                             /* one interval: a device that was mended comes back \
                                         */
#define LIMIT_FRONT_REPLAY_MS 247000u   /* EXCHANGE_LIFETIME, RFC 7252 section 4.8.2 */
#define LIMIT_FRONT_ACK_MS 1000u        /* half of a client's first retransmission */
#define LIMIT_FRONT_RETRANSMIT_MS 2000u /* ACK_TIMEOUT, RFC 7252 section 4.8 */
#define LIMIT_FRONT_RETRANSMITS 4u      /* MAX_RETRANSMIT, RFC 7252 section 4.8 */

/* Bundles: what an operator's policy makes the keeper hold. A read bundle is one struct of 540 kB
 * and its bytes; nothing is allocated while it is read. */
#define LIMIT_DIGEST_SET 4194304u /* of a file; all of Debian has 3.2 million, section 3 */
#define LIMIT_BUNDLE_BYTES (8u * 1024u * 1024u) /* 190,000 digests; a site's firmware: 3,000 */
#define LIMIT_BUNDLE_POLICIES 16u               /* a policy serves a class of machines, and bases */
#define LIMIT_POLICY_RULES 128u         /* the longest example has 27; appraisal page, section 5f */
#define LIMIT_BUNDLE_RULES 1024u        /* of all policies */
#define LIMIT_RULE_ARGS 16u             /* the longest sequence has 5 members */
#define LIMIT_RULE_TIMES 64u            /* of one member of a sequence: what the judge counts */
#define LIMIT_BUNDLE_ARGS 2048u         /* of all rules: two each */
#define LIMIT_POLICY_CLASSES 16u        /* class names that one policy serves */
#define LIMIT_BUNDLE_SETS 256u          /* a release of an operating system makes six */
#define LIMIT_SET_TABLES 4u             /* SHA-1, SHA-256, SHA-384, SHA-512 */
#define LIMIT_SET_RECORDS 65536u        /* of one set and bank */
#define LIMIT_BUNDLE_LABELS 4096u       /* of all sets; labels are for people */
#define LIMIT_BUNDLE_WORDS 2048u        /* of all sets: advisories, SBAT and SVN rows */
#define LIMIT_BUNDLE_RELEASES 256u      /* 64 of a component, section 5f; four components */
#define LIMIT_BUNDLE_LISTS 32u          /* of each kind: cmdline, grubcmd, ima */
#define LIMIT_LIST_ITEMS 64u            /* tokens of one list; the longest example has 15 */
#define LIMIT_BUNDLE_ITEMS 1024u        /* of all lists */
#define LIMIT_BUNDLE_ADVISORIES 128u    /* ours has 5; some makers name one a year */
#define LIMIT_BUNDLE_KEYS 128u          /* of all sets; a distribution signs files with two */
#define LIMIT_BUNDLE_SPKI 576u          /* RSA-4096 takes 550 */
#define LIMIT_ADVISORY_SPANS 16u        /* of one advisory: the longest names 14 versions */
#define LIMIT_ADVISORY_CVES 16u         /* of one advisory */
#define LIMIT_BUNDLE_NAME 48u           /* names of policies, rules, sets, components, claims */
#define LIMIT_BUNDLE_TEXT 128u          /* globs, labels, sources; longest GRUB command seen: 118 */
#define LIMIT_BUNDLE_S (3650u * 86400u) /* spans: ten years outlive every device */
