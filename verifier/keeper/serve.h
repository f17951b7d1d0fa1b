/* The keeper as a process. */
#pragma once

/* Serves on the channel to main until main is gone or says so. Returns an exit status. */
int keeper_serve(int take_fd);
