#include "lib/files-play.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/hex.h"
#include "keeper/policies.h"
#include "lib/check.h"
#include "lib/sealing.h"
#include "lib/slot-rig.h"

struct files_play files_play = {.folder = "/tmp/files-play.XXXXXX"};
static struct sealing sealing;
static uint64_t sequence;

__attribute__((format(printf, 1, 2))) static void
put(const char *format, ...)
{
    size_t len = strlen(files_play.text);
    va_list args;

    va_start(args, format);
    vsnprintf(files_play.text + len, sizeof(files_play.text) - len, format, args);
    va_end(args);
}

/* Digests of a slot of the recorded boot, as items of a set. */
static void
put_slot(const char *name, const struct slot_rig *rig, enum slot slot)
{
    size_t at = event_log_bank(&rig->log, HASH_SHA256);
    char hex[65];

    put("set digests %s {", name);
    for (size_t i = 0; i < rig->map.n; i++) {
        if (rig->map.events[i].slot == slot && !(rig->map.events[i].flags & SLOT_ECHO)) {
            put(" sha256:%s", hex_write(hex, rig->log.events[i].digest[at]));
        }
    }
    put("%s", " }\n");
}

/* The digests of the list's files but those of one entry. */
static void
put_files(uint32_t but)
{
    struct ima_entry e;
    struct ima ima;
    char hex[2 * HASH_SIZE_MAX + 1];

    put("%s", "set digests files {\n");
    CHECK_EQ(ima_open(&ima, bytes_of(growing_rig.list, growing_rig.list_len), HASH_SHA1, 0, NULL),
             0);
    while (ima_next(&ima, &e, NULL) == 0) {
        if (e.number > 0 && e.number != but) {
            put("  %s:", hash_name(e.digest.hash));
            put("%s\n", hex_write(hex, e.digest.value));
        }
    }
    put("%s", "}\n");
}

/* The same as a set in a file of the folder, which the bundle names. */
static void
put_file(uint32_t but)
{
    static uint8_t room[DIGEST_SET_HEAD + 128 * 32];
    static uint8_t digests[128 * 32];
    struct wr gathered = wr_init(digests, sizeof(digests));
    struct wr wr = wr_init(room, sizeof(room));
    char name[IMA_SETS_NAME_ROOM];
    uint8_t digest[32];
    struct ima_entry e;
    struct ima ima;
    size_t n;

    CHECK_EQ(ima_open(&ima, bytes_of(growing_rig.list, growing_rig.list_len), HASH_SHA1, 0, NULL),
             0);
    while (ima_next(&ima, &e, NULL) == 0) {
        if (e.number > 0 && e.number != but) {
            CHECK_EQ(e.digest.hash, HASH_SHA256);
            wr_bytes(&gathered, e.digest.value);
        }
    }
    n = digest_set_sort(digests, wr_done(&gathered).len / 32, HASH_SHA256);
    digest_set_head(&wr, HASH_SHA256, n);
    wr_bytes(&wr, bytes_of(digests, n * 32));
    CHECK_EQ(hasher_bytes(growing_rig.keeper.keeper.hasher, HASH_SHA256, wr_done(&wr), digest), 0);
    snprintf(files_play.set_path, sizeof(files_play.set_path), "%s/%s", files_play.folder,
             ima_sets_name(BYTES_OF(digest), name));
    CHECK_EQ(file_replace(files_play.set_path, 0600, wr_done(&wr)), 0);
    put("set file files { sha256:%.64s }\n", name);
}

void
files_play_publish(void)
{
    struct keeper *keeper = &growing_rig.keeper.keeper;
    uint64_t now_s = (uint64_t)growing_rig.keeper.now_ms / 1000;
    struct store_bundle row = {.sequence = ++sequence, .loaded_ms = growing_rig.keeper.now_ms};
    struct bytes sealed = sealing_text(&sealing, files_play.text, sequence, now_s, 0);

    CHECK_EQ(store_bundle_put(keeper->store, &row, sealed), 0);
    CHECK_EQ(store_commit(keeper->store), 0);
    CHECK_EQ(policies_start(keeper->policies, keeper->store, keeper->hasher, &sealing.point, 1), 0);
}

/* A policy for the recorded boot: these lines for its list, and what else the files_play.text
 * needs. */
void
files_play_policy(const char *lines, uint32_t but)
{
    static struct slot_rig rig;

    files_play.text[0] = '\0';
    put("%s",
        "policy files version 1 schema 1 {\n  applies class in { c }\n"
        "  quote sha256 pcrs 0-10,14\n"
        "  rule crtm : crtm.version any\n  rule fw : firmware one-of @t/fw count 1..9\n"
        "  rule vars : boot.vars any\n  rule sb : secureboot is on\n"
        "  rule pk : sb.pk device-pin\n  rule kek : sb.kek device-pin\n  rule db : sb.db "
        "device-pin\n"
        "  rule dbx : sb.dbx device-pin\n  rule signer : boot.authority device-pin\n"
        "  rule sbat : sb.sbat any\n  rule mok : mok device-pin\n  rule gpt : gpt device-pin\n"
        "  rule images : boot.images one-of @t/images count 1..9\n"
        "  rule script : boot.script device-pin\n  rule cmdline : boot.cmdline any\n"
        "  rule kernel : boot.kernel device-pin\n  rule initrd : boot.initrd device-pin\n"
        "  rule boot : boot.files device-pin\n  rule rom : driver device-pin count 0..9\n"
        "  rule files : ima policy ima/t\n}\n");
    put("ima t {\n%s}\n", lines);
    slot_rig_new(&rig);
    slot_rig_read(&rig, growing_rig.keeper.device.log);
    put_slot("t/fw", &rig, SLOT_FIRMWARE);
    put_slot("t/images", &rig, SLOT_BOOT_IMAGES);
    slot_rig_done(&rig);
    if (files_play.set_path[0]) {
        put_file(but);
    } else {
        put_files(but);
    }
    files_play_publish();
}

void
files_play_start(void)
{
    growing_rig_member("0-10,14", 0x47ff);
    sealing_new(&sealing);
    growing_rig_quoted(60, 60);
}

struct answer
files_play_attest(void)
{
    growing_rig_plain();
    CHECK_EQ(growing_rig_attest(growing_rig_written(growing_rig.body_room)), COAP_CODE(2, 4));
    growing_rig.keeper.now_ms += 1000;
    return growing_rig_answered();
}

bool
files_play_told(const struct answer *answer, enum reason reason)
{
    for (size_t i = 0; i < answer->n_reasons; i++) {
        if (answer->reasons[i] == reason) {
            return true;
        }
    }
    return false;
}

/* The device goes on from what is known: n entries now, behind the first `from`. */
struct answer
files_play_rest(size_t from, size_t n)
{
    growing_rig.keeper.device.ima.offset = growing_rig.ends[from - 1];
    growing_rig_quoted(n, n);
    return files_play_attest();
}

void
files_play_open(struct bytes files)
{
    const struct soft_device *device = &growing_rig.keeper.device;
    uint8_t ueid[WIRE_UEID_SIZE];

    CHECK_EQ(ident_ueid(growing_rig.keeper.hasher, bytes_str(RIG_SITE),
                        bytes_of(device->ek_public, device->ek_public_len), ueid),
             0);
    CHECK_EQ(store_open_put(growing_rig.keeper.keeper.store, ueid, files), 0);
}
