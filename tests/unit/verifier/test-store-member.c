#include "lib/store-make.h"

static const uint8_t one[32] = {1};
static const uint8_t two[32] = {2};

static void
the_inventory_names_a_class(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    char name[STORE_CLASS_MAX] = "untouched";

    CHECK_EQ(store_inventory_get(store, one, name), STORE_NONE);
    CHECK_STR(name, "untouched");
    CHECK_EQ(store_inventory_put(store, one, "gateways"), 0);
    CHECK_EQ(store_inventory_get(store, one, name), 0);
    CHECK_STR(name, "gateways");
    CHECK_EQ(store_inventory_put(store, one, "kiosks"), 0);
    CHECK_EQ(store_inventory_get(store, one, name), 0);
    CHECK_STR(name, "kiosks");
    CHECK_EQ(store_inventory_get(store, two, name), STORE_NONE);
}

static void
a_class_name_that_does_not_fit_is_refused(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    char name[STORE_CLASS_MAX + 1];

    memset(name, 'x', sizeof(name));
    name[STORE_CLASS_MAX] = '\0';
    CHECK_EQ(store_inventory_put(store, one, name), -EINVAL);
    CHECK_EQ(store_code_put(store, one, name, 5), -EINVAL);
    name[STORE_CLASS_MAX - 1] = '\0';
    CHECK_EQ(store_inventory_put(store, one, name), 0);
    CHECK_EQ(store_code_put(store, one, name, 5), 0);
}

static void
a_code_is_used_once(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    char name[STORE_CLASS_MAX] = "untouched";

    CHECK_EQ(store_code_use(store, one, 0, name), STORE_NONE);
    CHECK_EQ(store_code_put(store, one, "gateways", 100), 0);
    CHECK_EQ(store_code_use(store, two, 99, name), STORE_NONE);
    CHECK_STR(name, "untouched");
    CHECK_EQ(store_code_use(store, one, 99, name), 0);
    CHECK_STR(name, "gateways");
    CHECK_EQ(store_code_use(store, one, 99, name), STORE_NONE);
}

static void
a_use_that_is_rolled_back_is_no_use(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    char name[STORE_CLASS_MAX];

    CHECK_EQ(store_code_put(store, one, "gateways", 100), 0);
    CHECK_EQ(store_commit(store), 0);
    CHECK_EQ(store_code_use(store, one, 0, name), 0);
    store_rollback(store);
    CHECK_EQ(store_code_use(store, one, 0, name), 0);
}

static void
an_expired_code_is_none(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    char name[STORE_CLASS_MAX] = "untouched";

    CHECK_EQ(store_code_put(store, one, "gateways", 100), 0);
    CHECK_EQ(store_code_use(store, one, 100, name), STORE_NONE);
    CHECK_EQ(store_code_use(store, one, 101, name), STORE_NONE);
    CHECK_STR(name, "untouched");
    CHECK_EQ(store_code_put(store, one, "kiosks", 200), 0);
    CHECK_EQ(store_code_use(store, one, 101, name), 0);
    CHECK_STR(name, "kiosks");
}

/* Seen by an earlier clock: a good use at 150 has taken the expired one away. */
static void
a_good_use_drops_expired_codes(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    char name[STORE_CLASS_MAX];

    CHECK_EQ(store_code_put(store, one, "gateways", 100), 0);
    CHECK_EQ(store_code_put(store, two, "gateways", 200), 0);
    CHECK_EQ(store_code_use(store, two, 150, name), 0);
    CHECK_EQ(store_code_use(store, one, 50, name), STORE_NONE);
}

static void
a_log_body_is_stored_once(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct bytes log = check_hex("00 01 02 03");
    uint8_t *body = NULL;
    size_t len = 0;

    CHECK_EQ(store_log_has(store, one), STORE_NONE);
    CHECK_EQ(store_log_get(store, one, &body, &len), STORE_NONE);
    CHECK(!body && len == 0);
    CHECK_EQ(store_log_put(store, one, LOG_FIRMWARE, log), 0);
    CHECK_EQ(store_log_put(store, one, LOG_FIRMWARE, log), 0);
    CHECK_EQ(store_log_has(store, one), 0);
    CHECK_EQ(store_log_get(store, one, &body, &len), 0);
    CHECK_BYTES(bytes_of(body, len), log);
    free(body);
    CHECK_EQ(store_log_put(store, two, LOG_IMA, BYTES_NULL), 0);
    CHECK_EQ(store_log_get(store, two, &body, &len), 0);
    CHECK_EQ(len, 0);
    CHECK(body);
    free(body);
}

static void
logs_of_no_kind_or_too_long_are_refused(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    static uint8_t big[LIMIT_IMA_BYTES + 1];
    uint8_t *body = NULL;
    size_t len = 0;

    CHECK_EQ(store_log_put(store, one, (enum log_kind)0, BYTES_NULL), -EINVAL);
    CHECK_EQ(store_log_put(store, one, (enum log_kind)4, BYTES_NULL), -EINVAL);
    CHECK_EQ(store_log_put(store, one, LOG_IMA, BYTES_OF(big)), -EINVAL);
    CHECK_EQ(store_log_has(store, one), STORE_NONE);
    big[LIMIT_IMA_BYTES - 1] = 7;
    CHECK_EQ(store_log_put(store, one, LOG_IMA, bytes_of(big, LIMIT_IMA_BYTES)), 0);
    CHECK_EQ(store_log_get(store, one, &body, &len), 0);
    CHECK(len == LIMIT_IMA_BYTES && body[len - 1] == 7);
    free(body);
}

static void
evidence_is_the_latest_of_a_device(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_evidence want = {.firmware_log = {1}, .arrived_ms = 5};
    struct store_evidence seen = {.arrived_ms = 42};

    memcpy(want.device, device.id, sizeof(want.device));
    CHECK_EQ(store_evidence_put(store, &want), STORE_NONE);
    put_device(store, 1);
    CHECK_EQ(store_evidence_get(store, device.id, &seen), STORE_NONE);
    CHECK_EQ(seen.arrived_ms, 42);
    CHECK_EQ(store_evidence_put(store, &want), 0);
    want.firmware_log[0] = 2;
    want.arrived_ms = 6;
    CHECK_EQ(store_evidence_put(store, &want), 0);
    CHECK_EQ(store_evidence_get(store, device.id, &seen), 0);
    CHECK_BYTES(BYTES_OF(seen.device), BYTES_OF(want.device));
    CHECK_BYTES(BYTES_OF(seen.firmware_log), BYTES_OF(want.firmware_log));
    CHECK_EQ(seen.arrived_ms, 6);
}

static void
trimming_keeps_the_logs_that_are_named(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_evidence evidence = {.firmware_log = {1}};
    struct store_last last = {.firmware_log = {2}};
    uint8_t three[32] = {3};

    put_device(store, 1);
    memcpy(evidence.device, device.id, sizeof(device.id));
    CHECK_EQ(store_log_put(store, one, LOG_FIRMWARE, BYTES_OF(one)), 0);
    CHECK_EQ(store_log_put(store, two, LOG_FIRMWARE, BYTES_OF(one)), 0);
    CHECK_EQ(store_log_put(store, three, LOG_FIRMWARE, BYTES_OF(one)), 0);
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_last_put(store, device.id, &last), 0);
    CHECK_EQ(store_log_trim(store), 0);
    CHECK_EQ(store_log_has(store, one), 0);
    CHECK_EQ(store_log_has(store, two), 0);
    CHECK_EQ(store_log_has(store, three), STORE_NONE);
    evidence.firmware_log[0] = 3;
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_log_trim(store), 0);
    CHECK_EQ(store_log_has(store, one), STORE_NONE);
}

/* Not known, none, and kept are three things. */
static void
what_is_known_of_a_userspace_log_comes_back(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_evidence want = {.firmware_log = {1}};
    struct store_evidence seen;

    put_device(store, 1);
    memcpy(want.device, device.id, sizeof(want.device));
    for (int known = EVIDENCE_LOG_UNKNOWN; known <= EVIDENCE_LOG_KEPT; known++) {
        want.userspace = (enum evidence_log)known;
        want.userspace_log[0] = known == EVIDENCE_LOG_KEPT ? 9 : 0;
        CHECK_EQ(store_evidence_put(store, &want), 0);
        CHECK_EQ(store_evidence_get(store, device.id, &seen), 0);
        CHECK_EQ(seen.userspace, want.userspace);
        CHECK_BYTES(BYTES_OF(seen.userspace_log), BYTES_OF(want.userspace_log));
    }
    want.userspace = (enum evidence_log)3;
    CHECK_EQ(store_evidence_put(store, &want), -EINVAL);
}

static void
the_log_that_was_accepted_stays_known(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_evidence evidence = {.firmware_log = {1}, .accepted_log = {1}};
    struct store_evidence seen;

    put_device(store, 1);
    memcpy(evidence.device, device.id, sizeof(evidence.device));
    CHECK_EQ(store_log_put(store, one, LOG_FIRMWARE, BYTES_OF(one)), 0);
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    evidence = (struct store_evidence){.firmware_log = {2}, .arrived_ms = 2}; /* refused */
    memcpy(evidence.device, device.id, sizeof(evidence.device));
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_evidence_get(store, device.id, &seen), 0);
    CHECK(seen.firmware_log[0] == 2 && seen.accepted_log[0] == 1);
    CHECK_EQ(store_log_trim(store), 0);
    CHECK_EQ(store_log_has(store, one), 0);
    evidence.accepted_log[0] = 2;
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_log_trim(store), 0);
    CHECK_EQ(store_log_has(store, one), STORE_NONE);
}

static void
trimming_keeps_a_userspace_log_that_is_named(void)
{
    CLEANUP(store_closep) struct store *store = open_store(":memory:");
    struct store_device device = make_device(1);
    struct store_evidence evidence = {
        .firmware_log = {2}, .userspace = EVIDENCE_LOG_KEPT, .userspace_log = {1}};

    put_device(store, 1);
    memcpy(evidence.device, device.id, sizeof(evidence.device));
    CHECK_EQ(store_log_put(store, one, LOG_USERSPACE, BYTES_OF(one)), 0);
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_log_trim(store), 0);
    CHECK_EQ(store_log_has(store, one), 0);
    evidence.userspace = EVIDENCE_LOG_NONE;
    CHECK_EQ(store_evidence_put(store, &evidence), 0);
    CHECK_EQ(store_log_trim(store), 0);
    CHECK_EQ(store_log_has(store, one), STORE_NONE);
}

CHECK_MAIN(CASE(the_inventory_names_a_class), CASE(a_class_name_that_does_not_fit_is_refused),
           CASE(a_code_is_used_once), CASE(a_use_that_is_rolled_back_is_no_use),
           CASE(an_expired_code_is_none), CASE(a_good_use_drops_expired_codes),
           CASE(a_log_body_is_stored_once), CASE(logs_of_no_kind_or_too_long_are_refused),
           CASE(evidence_is_the_latest_of_a_device), CASE(trimming_keeps_the_logs_that_are_named),
           CASE(what_is_known_of_a_userspace_log_comes_back),
           CASE(the_log_that_was_accepted_stays_known),
           CASE(trimming_keeps_a_userspace_log_that_is_named))
