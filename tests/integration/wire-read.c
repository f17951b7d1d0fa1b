/* Reads messages of the wire for a driver: each line of standard input is a kind, the message in
 * hex, and for values the encoded selection in hex. Prints for each "refused", or "accepted" and
 * what the writer makes of it in hex. Ends with 2 at a line that it does not understand. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/wire-echo.h"

enum { LINE_ROOM = 1 << 16, OUT_ROOM = LINE_ROOM / 2 };

static void
print_hex(struct bytes bytes)
{
    printf("accepted ");
    for (size_t i = 0; i < bytes.len; i++) {
        printf("%02x", bytes.p[i]);
    }
    printf("\n");
}

/* Whether the line was understood. */
static bool
echo_line(char *line)
{
    static uint8_t room[OUT_ROOM];
    struct wr wr = wr_init(room, sizeof(room));
    char *rest = NULL;
    const char *kind = strtok_r(line, " ", &rest);
    const char *message = strtok_r(NULL, " ", &rest);
    const char *selection = strtok_r(NULL, " ", &rest);
    int r;

    if (!kind || !message) {
        return false;
    }
    /* "-" is the empty message */
    r = wire_echo(kind, check_guarded(check_hex(message[0] == '-' ? "" : message)),
                  check_hex(selection ? selection : ""), &wr);
    if (r == WIRE_ECHO_REFUSED) {
        printf("refused\n");
    } else if (r == WIRE_ECHO_OK && wr_done(&wr).p) {
        print_hex(wr_done(&wr));
    }
    return r == WIRE_ECHO_REFUSED || (r == WIRE_ECHO_OK && wr_done(&wr).p);
}

int
main(void)
{
    static char line[LINE_ROOM];

    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!echo_line(line)) {
            fprintf(stderr, "wire-read: not understood: %.40s\n", line);
            return 2;
        }
    }
    return 0;
}
