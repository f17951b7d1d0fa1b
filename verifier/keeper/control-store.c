/* assay store: a backup while the service runs. */
#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "keeper/backup.h"
#include "keeper/control.h"

static int
say_state(struct control *control)
{
    static const char *const names[] = {"none", "running", "done", "failed"};
    struct backup_view view = backup_view(control->keeper);
    struct json_wr *json = &control->json;

    json_wr_object(json);
    json_wr_key(json, "state");
    json_wr_str(json, names[view.state]);
    json_wr_key(json, "path");
    json_wr_str(json, view.path);
    json_wr_key(json, "left");
    json_wr_int(json, view.left);
    json_wr_key(json, "pages");
    json_wr_int(json, view.pages);
    if (view.state == BACKUP_FAILED) {
        json_wr_key(json, "why");
        json_wr_str(json, view.why < 0 ? strerror(-view.why) : "a file has that name");
    }
    json_wr_end_object(json);
    return CONTROL_YES;
}

int
control_store_backup(struct control *control)
{
    char name[STORE_CLASS_MAX];
    int r;

    if (!control_text(control, 0, name, sizeof(name)) ||
        !control_name_good(control->words.words[0])) {
        return control_error(control, "name",
                             "a file name is expected, no path: " NAME_RULE " or hyphen");
    }
    r = backup_begin(control->keeper, name);
    switch (r) {
    case 0:
        keeper_audit(control->keeper, "backup", NULL, control->actor, name);
        return say_state(control);
    case STORE_EXISTS:
        return control_error(control, "exists", "a backup of this name is there already");
    case -EBUSY:
        return control_error(control, "running", "another backup is being made");
    default:
        return control_error(control, "backup", strerror(-r));
    }
}

int
control_store_state(struct control *control)
{
    return say_state(control);
}
