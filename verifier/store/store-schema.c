#include "store/store-sql.h"

/* Wide rows are found by their key and would make inner pages of it, so device, verdict, log and
 * audit keep the rowid. Times are UTC milliseconds; 64-bit counters of TPMs are kept by their bits.
 * STRICT: no text where a number belongs. */
static const char version_1[] =
    "CREATE TABLE device ("
    " id BLOB NOT NULL PRIMARY KEY, ident BLOB NOT NULL UNIQUE,"
    " ek_fingerprint BLOB NOT NULL UNIQUE, ek_digest BLOB NOT NULL, ak_name BLOB UNIQUE,"
    " ak_public BLOB NOT NULL, ek_chain INTEGER NOT NULL, state INTEGER NOT NULL,"
    " class_name TEXT NOT NULL, why TEXT NOT NULL, maker TEXT NOT NULL, model TEXT NOT NULL,"
    " serial TEXT NOT NULL, enrolled_ms INTEGER NOT NULL, era INTEGER NOT NULL) STRICT;"
    "CREATE INDEX device_enrolled ON device (enrolled_ms, id);"
    "CREATE INDEX device_state ON device (state, enrolled_ms, id);"
    "CREATE INDEX device_serial ON device (serial, model, maker);"

    "CREATE TABLE verdict ("
    " device BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,"
    " tier INTEGER NOT NULL, reasons BLOB NOT NULL, challenge_ms INTEGER NOT NULL,"
    " arrived_ms INTEGER NOT NULL, accepted_ms INTEGER NOT NULL, era INTEGER NOT NULL,"
    " reset_count INTEGER NOT NULL, restart_count INTEGER NOT NULL, clock_ms INTEGER NOT NULL,"
    " clock_at_ms INTEGER NOT NULL, boot_restart INTEGER NOT NULL, firmware INTEGER NOT NULL,"
    " null_used INTEGER NOT NULL, firmware_log BLOB NOT NULL, pcr_digest BLOB NOT NULL,"
    " ima_length INTEGER NOT NULL, userspace_length INTEGER NOT NULL,"
    " fault_event INTEGER NOT NULL, fault_pcr INTEGER NOT NULL, fault_rule TEXT NOT NULL,"
    " fault_expected TEXT NOT NULL, fault_seen TEXT NOT NULL) STRICT;"

    "CREATE TABLE challenge ("
    " challenge BLOB NOT NULL PRIMARY KEY, keep_until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX challenge_until ON challenge (keep_until_ms);"

    "CREATE TABLE inventory ("
    " ek_fingerprint BLOB NOT NULL PRIMARY KEY, class_name TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE code ("
    " digest BLOB NOT NULL PRIMARY KEY, class_name TEXT NOT NULL, expires_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE class ("
    " name TEXT NOT NULL PRIMARY KEY, bank INTEGER NOT NULL, pcr_mask INTEGER NOT NULL,"
    " interval_s INTEGER NOT NULL, need_ek_chain INTEGER NOT NULL, allow_sha1 INTEGER NOT NULL,"
    " allow_no_nonce INTEGER NOT NULL, audiences TEXT NOT NULL, version INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"

    /* added: the class's version that this reference made, so also the order of learning */
    "CREATE TABLE reference ("
    " class_name TEXT NOT NULL REFERENCES class (name), pcr INTEGER NOT NULL,"
    " alg INTEGER NOT NULL, digest BLOB NOT NULL, type INTEGER NOT NULL, label TEXT NOT NULL,"
    " added INTEGER NOT NULL, PRIMARY KEY (class_name, pcr, alg, digest, type),"
    " UNIQUE (class_name, added)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE log ("
    " digest BLOB NOT NULL PRIMARY KEY, kind INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"

    "CREATE TABLE evidence ("
    " device BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,"
    " firmware_log BLOB NOT NULL, arrived_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX evidence_log ON evidence (firmware_log);"

    "CREATE TABLE audit ("
    " seq INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, device BLOB,"
    " actor TEXT NOT NULL, text TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"

    "PRAGMA user_version = 1;";

/* Banks that a class's TPMs are known not to implement, as bits by enum hash. */
static const char version_2[] = "ALTER TABLE class ADD COLUMN lacks INTEGER NOT NULL DEFAULT 0;"
                                "PRAGMA user_version = 2;";

/* Logs that grow, as far as they were accepted. */
static const char version_3[] =
    "CREATE TABLE growing ("
    " device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE, kind INTEGER NOT NULL,"
    " era INTEGER NOT NULL, reset_count INTEGER NOT NULL, restart_count INTEGER NOT NULL,"
    " length INTEGER NOT NULL, run BLOB NOT NULL, n_entries INTEGER NOT NULL,"
    " n_violations INTEGER NOT NULL, tracks BLOB NOT NULL, PRIMARY KEY (device, kind)) STRICT;"
    "PRAGMA user_version = 3;";

/* When evidence was judged and when a lower one came after it, by which a clone is told. */
static const char version_4[] =
    "ALTER TABLE verdict ADD COLUMN judged_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE verdict ADD COLUMN low_ms INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 4;";

/* The AK that would like to take over, one a device. */
static const char version_5[] =
    "CREATE TABLE candidate ("
    " device BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,"
    " ident BLOB NOT NULL UNIQUE, ak_name BLOB NOT NULL, ak_public BLOB NOT NULL,"
    " enrolled_ms INTEGER NOT NULL, accepted_ms INTEGER NOT NULL) STRICT;"
    "PRAGMA user_version = 5;";

/* Which PSK master a device's connection was made with: whom a retired one would send to enrol. */
static const char version_6[] =
    "ALTER TABLE verdict ADD COLUMN psk_master INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 6;";

/* The policy bundle that counts, and what its rules pinned for each device. */
static const char version_7[] =
    "CREATE TABLE bundle ("
    " one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL,"
    " loaded_ms INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
    "CREATE TABLE pin ("
    " device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE, rule TEXT NOT NULL,"
    " name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (device, rule, name, value))"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 7;";

/* What judged a boot, and what tokens say of it. */
static const char version_8[] =
    "ALTER TABLE verdict ADD COLUMN boot_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE verdict ADD COLUMN policy TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE verdict ADD COLUMN vector BLOB NOT NULL DEFAULT x'00000000';"
    "ALTER TABLE verdict ADD COLUMN secure_boot INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 8;";

/* Largest evidence that a class takes; before, all took what goes over UDP. */
static const char version_9[] =
    "ALTER TABLE class ADD COLUMN evidence_max INTEGER NOT NULL DEFAULT 262144;"
    "PRAGMA user_version = 9;";

/* Firmware of the TPM in the last accepted quote: what a change of it is told against. Of a device
 * whose last evidence was refused it is not known. */
static const char version_10[] =
    "ALTER TABLE verdict ADD COLUMN trusted_firmware INTEGER NOT NULL DEFAULT 0;"
    "UPDATE verdict SET trusted_firmware = firmware"
    " WHERE accepted_ms > 0 AND accepted_ms = challenge_ms;"
    "PRAGMA user_version = 10;";

/* Pins are of a slot and hole, and no longer of a rule's id. What was pinned before says by its
 * slot which rule it was of, until the device is judged by a policy that has the rule. Shown is
 * what the last evidence had in the place of what is pinned. */
static const char version_11[] =
    "CREATE TABLE pin_new ("
    " device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE, shown INTEGER NOT NULL,"
    " slot TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " policy TEXT NOT NULL, PRIMARY KEY (device, shown, slot, name, value)) STRICT, WITHOUT ROWID;"
    "INSERT INTO pin_new (device, shown, slot, name, value, at_ms, policy)"
    " SELECT device, 0, 'rule:' || rule, name, value, 0, '' FROM pin;"
    "DROP TABLE pin;"
    "ALTER TABLE pin_new RENAME TO pin;"
    "PRAGMA user_version = 11;";

/* Which files of an IMA list were judged, and what came of it: the next evidence brings the rest.
 */
static const char version_12[] = "ALTER TABLE growing ADD COLUMN judged BLOB NOT NULL DEFAULT x''"
                                 " CHECK (length(judged) <= 2048);"
                                 "PRAGMA user_version = 12;";

/* What bundles are tried on and refusals compared with. userspace_log: that of the kept evidence;
 * NULL: not known; empty: it has none. accepted_log: the firmware's of the last that was accepted.
 */
static const char version_13[] = "ALTER TABLE evidence ADD COLUMN userspace_log BLOB;"
                                 "ALTER TABLE evidence ADD COLUMN accepted_log BLOB;"
                                 "CREATE INDEX evidence_userspace ON evidence (userspace_log);"
                                 "CREATE INDEX evidence_accepted ON evidence (accepted_log);"
                                 "PRAGMA user_version = 13;";

/* Who made the TPM; of devices that enrolled before it is not known until they come again. */
static const char version_14[] =
    "ALTER TABLE device ADD COLUMN tpm_vendor INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version = 14;";

/* Groups of devices, and which an inventory names. What a device is in, it is in once. */
static const char version_15[] =
    "CREATE TABLE device_group ("
    " name TEXT NOT NULL PRIMARY KEY, site INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE membership ("
    " device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,"
    " group_name TEXT NOT NULL REFERENCES device_group (name) ON DELETE CASCADE,"
    " PRIMARY KEY (device, group_name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX membership_group ON membership (group_name);"
    "ALTER TABLE inventory ADD COLUMN group_names TEXT NOT NULL DEFAULT '';"
    "PRAGMA user_version = 15;";

/* What devices announced of boots to come. */
static const char version_16[] =
    "CREATE TABLE announced ("
    " device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE, component TEXT NOT NULL,"
    " heard_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, era INTEGER NOT NULL,"
    " reset_last INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (device, component)) STRICT;"
    "CREATE INDEX announced_expires ON announced (expires_ms);"
    "PRAGMA user_version = 16;";

/* What verdicts tell: the last one's, by its digest, and the one's that told something else before
 * it, for who still lives on that. */
static const char version_17[] =
    "ALTER TABLE verdict ADD COLUMN claims BLOB NOT NULL DEFAULT"
    " x'0000000000000000000000000000000000000000000000000000000000000000'"
    " CHECK (length(claims) = 32);"
    "CREATE TABLE claims ("
    " device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,"
    " digest BLOB NOT NULL CHECK (length(digest) = 32),"
    " body BLOB NOT NULL CHECK (length(body) <= 2048),"
    " PRIMARY KEY (device, digest)) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 17;";

/* What lists of forbidden programs were that are pinned by their digest. Few devices have one of
 * their own, so the bodies are found by content. */
static const char version_18[] =
    "CREATE TABLE pinned_list ("
    " digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) BETWEEN 20 AND 64),"
    " body BLOB NOT NULL) STRICT;"
    "CREATE INDEX pin_list ON pin (value) WHERE slot = 'sb.dbx';"
    "PRAGMA user_version = 18;";

/* Files of a boot that did not pass, looked up again when a later set is published. */
static const char version_19[] =
    "CREATE TABLE open_files ("
    " device BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,"
    " files BLOB NOT NULL CHECK (length(files) <= 43776)) STRICT;"
    "PRAGMA user_version = 19;";

const char *const schema_steps[] = {version_1,  version_2,  version_3,  version_4,  version_5,
                                    version_6,  version_7,  version_8,  version_9,  version_10,
                                    version_11, version_12, version_13, version_14, version_15,
                                    version_16, version_17, version_18, version_19};
const size_t schema_n_steps = ARRAY_LEN(schema_steps);

/* The first number of the first row; *ret_none when there is no row. */
static int
ask(sqlite3 *db, const char *text, int64_t *ret, bool *ret_none)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, text, -1, &stmt, NULL);

    if (result == SQLITE_OK) {
        result = sqlite3_step(stmt);
    }
    if (result == SQLITE_ROW) {
        *ret = sqlite3_column_int64(stmt, 0);
    }
    *ret_none = result == SQLITE_DONE;
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : sql_errno(result);
}

int
schema_version(sqlite3 *db, int64_t *ret)
{
    bool none = false;
    int r = ask(db, "PRAGMA user_version", ret, &none);

    return r == 0 && none ? sql_errno(SQLITE_CORRUPT) : r;
}

/* Version 0 is an empty file; with tables in it, it is not ours to write to. */
static int
check_start(sqlite3 *db, int64_t version, size_t n_steps)
{
    int64_t n_tables = 0;
    bool none;
    int r;

    if (version < 0) {
        return sql_errno(SQLITE_NOTADB);
    }
    if ((uint64_t)version > n_steps) {
        return STORE_E_NEWER;
    }
    if (version > 0) {
        return 0;
    }
    r = ask(db, "SELECT count(*) FROM sqlite_schema", &n_tables, &none);
    return r == 0 && n_tables > 0 ? sql_errno(SQLITE_NOTADB) : r;
}

/* A step that moved tables must have left no row behind that refers to nothing. */
static int
check_references(sqlite3 *db)
{
    int64_t ignored = 0;
    bool none = false;
    int r = ask(db, "PRAGMA foreign_key_check", &ignored, &none);

    return r == 0 && !none ? sql_errno(SQLITE_CONSTRAINT) : r;
}

static int
step(sqlite3 *db, const char *text, int64_t version)
{
    int64_t now = 0;
    int result = sqlite3_exec(db, text, NULL, NULL, NULL);
    int r = result == SQLITE_OK ? schema_version(db, &now) : sql_errno(result);

    return r == 0 && now != version ? sql_errno(SQLITE_MISUSE) : r;
}

/* Within a transaction. */
static int
bring(sqlite3 *db, const char *const *steps, size_t n_steps)
{
    int64_t version = 0;
    int r = schema_version(db, &version);

    if (r == 0) {
        r = check_start(db, version, n_steps);
    }
    for (; r == 0 && (uint64_t)version < n_steps; version++) {
        r = step(db, steps[version], version + 1);
    }
    return r == 0 ? check_references(db) : r;
}

int
schema_bring(sqlite3 *db, const char *const *steps, size_t n_steps)
{
    int64_t version = 0;
    int r = schema_version(db, &version);
    int result;

    if (r != 0 || (version > 0 && (uint64_t)version >= n_steps)) {
        return r != 0 ? r : check_start(db, version, n_steps);
    }
    /* asked again inside: another process may have brought it forward meanwhile */
    result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    r = result == SQLITE_OK ? bring(db, steps, n_steps) : sql_errno(result);
    if (r == 0) {
        result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        r = result == SQLITE_OK ? 0 : sql_errno(result);
    }
    if (r != 0 && !sqlite3_get_autocommit(db)) {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return r;
}
