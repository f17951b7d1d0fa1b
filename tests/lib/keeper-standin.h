/* A keeper for tests of main, front and reader: knows no device and judges nothing. */
#pragma once

#include "base/std.h"

/* Answers GET /keys with "keeper PID worker-of-the-channel" and POST /enroll by handing the body to
 * a reader: "records LENGTH" or "not read RULE", a reader each time. Ends with status 9 at once
 * when the site is "broken". Takes the channel to main. */
int keeper_standin_serve(int take_fd);
