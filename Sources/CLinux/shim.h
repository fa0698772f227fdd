/* What glibc has beyond POSIX, and Swift's own module does not show. */
#include <malloc.h>
#include <stddef.h>

/* Masks have a bit for each processor. */
int linux_current_processor(void) __asm__("sched_getcpu");
int linux_get_processors(int thread, size_t bytes, void *mask) __asm__("sched_getaffinity");
int linux_set_processors(int thread, size_t bytes, const void *mask) __asm__("sched_setaffinity");
int linux_start_on(void *attributes, size_t bytes, const void *mask)
    __asm__("pthread_attr_setaffinity_np");
