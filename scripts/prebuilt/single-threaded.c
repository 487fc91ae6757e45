/*
 * A newer libstdc++, linked statically, asks glibc (2.32 and later) whether the process has one thread only, to leave out locks.
 * Older ones cannot answer; 0 means that there may be more.
 */
__attribute__((visibility("hidden"))) char __libc_single_threaded;
