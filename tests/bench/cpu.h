/* Processor time of processes. */
#ifndef TESTS_BENCH_CPU_H
#define TESTS_BENCH_CPU_H

/* Seconds that a process and its threads have used, -1 if there is no such process. */
double cpu_of(long pid);

/* The same of the calling process, in finer steps. */
double cpu_own(void);

#endif
