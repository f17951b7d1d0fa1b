/* A device's list of forbidden programs, as the keeper holds it: what grew is held from then on,
 * what lost an entry is refused until an operator says so. The log is boot/grub-sb-on with lists of
 * our own. */
#include "base/hex.h"
#include "formats/evtype.h"
#include "keeper/control.h"
#include "lib/policy-play.h"
#include "lib/scene.h"

static char json[65536];
static char id[2 * WIRE_UEID_SIZE + 1];

/* EFI_SIGNATURE_LIST of EFI_CERT_SHA256_GUID, a hash a letter: UEFI 2.10 section 32.4.1. */
static struct bytes
list(const char *letters)
{
    static uint8_t room[28 + 8 * 48];
    struct wr wr = wr_init(room, sizeof(room));
    uint32_t n = (uint32_t)strlen(letters);

    wr_bytes(&wr, check_hex("2616c4c14c509240aca941f936934328"));
    wr_le32(&wr, 28 + n * 48);
    wr_le32(&wr, 0);
    wr_le32(&wr, 48);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t entry[48] = {0};

        memset(entry + 16, letters[i], 32);
        wr_bytes(&wr, BYTES_OF(entry));
    }
    CHECK(wr_done(&wr).p);
    return wr_done(&wr);
}

static void
boot(const char *letters)
{
    scene_value(scene_variable("dbx"), NULL, list(letters));
    CHECK(keeper_rig_boot(&play.rig, scene_log()));
}

static bool
command(const char *verb, const char *more)
{
    const char *words[] = {"device", verb, id, "sb.dbx", more};

    return keeper_rig_command(&play.rig, words, more ? 5 : 4, json, sizeof(json)) == CONTROL_YES;
}

static bool
on_pin(void *context, const struct store_pin *pin)
{
    *(size_t *)context += strcmp(pin->slot, "sb.dbx") == 0;
    return true;
}

static size_t
pins(enum store_pins which)
{
    struct store_device device = policy_play_device();
    size_t n = 0;

    CHECK_EQ(store_pin_each(play.rig.keeper.store, device.id, which, on_pin, &n), 0);
    return n;
}

static void
member(const char *letters)
{
    struct store_device device;

    boot_log_start();
    sealing_new(&policy_play.sealing);
    policy_play.sequence = 0;
    scene_start(PLAY_LOG);
    scene_cut(scene_find(4, EV_EFI_BOOT_SERVICES_APPLICATION, 3));
    scene_learn();
    scene_rule("rtm", "");
    scene_rule("dbx", "  rule dbx : sb.dbx device-pin");
    boot(letters);
    policy_play_publish(scene.policy, 0);
    device = policy_play_device();
    (void)hex_write(id, BYTES_OF(device.id));
}

static void
passes(void)
{
    CHECK_EQ(policy_play_attest().tier, TIER_AFFIRMING);
    CHECK_EQ(pins(PINS_HELD), 1);
    CHECK_EQ(pins(PINS_SHOWN), 0);
}

static void
lost(const char *letter)
{
    struct answer answer = policy_play_attest();
    uint8_t digest[32];
    char seen[65];

    CHECK_EQ(answer.tier, TIER_CONTRAINDICATED);
    CHECK_EQ(answer.reasons[0], REASON_DBX_SHRUNK);
    CHECK_EQ(pins(PINS_SHOWN), 1);
    memset(digest, letter[0], sizeof(digest));
    CHECK_STR(policy_play_last().fault_seen, hex_write(seen, BYTES_OF(digest)));
}

static void
what_grew_is_held_from_then_on(void)
{
    member("ab");
    passes();
    boot("abc");
    passes();
    passes(); /* as itself now */
    boot("ab");
    lost("c"); /* with which it was enrolled */
    lost("c");
    boot("acbd");
    passes();
    boot("abd");
    lost("c");
    play_done();
}

static void
an_operator_accepts_a_shorter_one(void)
{
    const char *at;
    char word[8 + 65] = "confirm=";

    member("abc");
    passes();
    boot("b");
    lost("a");
    CHECK(command("accept", NULL));
    at = strstr(json, "\"proposal\":\"");
    CHECK(at);
    snprintf(word + 8, 65, "%.64s", at + strlen("\"proposal\":\""));
    CHECK(command("accept", word));
    passes();
    boot("bd"); /* is known by what was accepted */
    passes();
    boot("d");
    lost("b");
    play_done();
}

/* What else refuses moves nothing: the grown list is compared with what was accepted. */
static void
refused_evidence_moves_no_list(void)
{
    member("ab");
    passes();
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("00"));
    boot("abc");
    CHECK_EQ(policy_play_attest().tier, TIER_CONTRAINDICATED);
    scene_value(scene_variable("SecureBoot"), NULL, check_hex("01"));
    boot("abd");
    passes();
    play_done();
}

/* Lists of what is held, and of what was shown, outlive a trimming. */
static void
lists_are_kept_while_pins_have_them(void)
{
    struct store *store;

    member("ab");
    passes();
    boot("abc");
    passes();
    store = play.rig.keeper.store;
    CHECK_EQ(store_list_trim(store), 0);
    boot("abcd");
    passes();
    boot("b");
    lost("a");
    CHECK_EQ(store_list_trim(store), 0);
    CHECK(command("unpin", NULL));
    passes(); /* pinned anew */
    CHECK_EQ(store_list_trim(store), 0);
    boot("bx");
    passes();
    play_done();
}

CHECK_MAIN(CASE(what_grew_is_held_from_then_on), CASE(an_operator_accepts_a_shorter_one),
           CASE(refused_evidence_moves_no_list), CASE(lists_are_kept_while_pins_have_them))
