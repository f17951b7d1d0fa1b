/* What a bench is measured by. */
#pragma once

/* CPU time of this process in microseconds. */
double cpu_time_us(void);
