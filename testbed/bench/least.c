// The least that passing a frame can cost: the reads and writes that a switch between vhost-user guests cannot do without, and nothing else.
//
//   least PORTS ADDRESSES     each line of standard input is for how many milliseconds to measure, and is answered by nanoseconds per frame
//
// Shape and measurement are those of io.patchbay.testbed.bench.ShapeBench, pattern "uniform": guests on processor 1 fill their split rings with 128
// frames of 64 bytes each, from any of their addresses to any of any other guest, and the worker on processor 0 brings them to their receivers. The
// worker believes whatever stands in a ring, knows all addresses beforehand and learns none, wakes nobody and counts nothing. Compiled with -DPREFETCH it
// also says beforehand what it is going to touch, which Java cannot.
#define _GNU_SOURCE
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifdef PREFETCH
#define GOING_TO_READ(address) __builtin_prefetch((address), 0)
#define GOING_TO_WRITE(address) __builtin_prefetch((address), 1)
#else
#define GOING_TO_READ(address) ((void)(address))
#define GOING_TO_WRITE(address) ((void)(address))
#endif

enum {
    MOST_PORTS = 64,
    QUEUE = 256,
    MASK = QUEUE - 1,
    BURST = 64,
    ROUND = 128,
    HEADER = 12,
    FRAME = 64,
    LINE = 64,
    BUFFER = 128,
    SLOTS = 131072 * 3 / 2 + 1,
    TABLE_BYTES = 2 << 20,
    GUEST_BYTES = 1 << 17,
    SWITCH_PROCESSOR = 0,
    GUEST_PROCESSOR = 1,
    WRITABLE = 2,
    NANOS_PER_MILLI = 1000000,
    SETTLE_MILLIS = 60,
    MOST_ROUNDS = 1 << 16,
};

// virtio 1.3 §2.7
struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

struct used_entry {
    uint32_t id, length;
};

struct ring {
    struct descriptor descriptors[QUEUE];
    _Alignas(LINE) uint16_t available_flags;
    _Atomic uint16_t available_index;
    uint16_t available[QUEUE];
    _Alignas(LINE) uint16_t used_flags;
    _Atomic uint16_t used_index;
    struct used_entry used[QUEUE];
};

struct guest {
    struct ring *transmit, *receive;
    char *transmit_buffers, *receive_buffers;
    uint16_t sent, posted, taken;       // the driver's
    uint16_t gathered, returned, given; // the worker's
};

// A frame on its way, its first 16 bytes read.
struct frame {
    const char *at;
    uint32_t bytes;
    uint64_t head[2];
};

static struct guest guests[MOST_PORTS];
static struct frame outgoing[MOST_PORTS][MOST_PORTS * BURST];
static int outgoing_count[MOST_PORTS];
static uint64_t *table;
static int ports, addresses;
static atomic_bool running;

static const uint64_t TAKEN = 1ull << 63, ADDRESS = 0xffffffffffffull;
enum { PORT_SHIFT = 48, PORT = 0x3fff };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint32_t home(uint64_t address) {
    uint64_t mixed = address * 0x9e3779b97f4a7c15ull;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ull;
    return (uint32_t)((mixed >> 32) * SLOTS >> 32);
}

static uint32_t next_slot(uint32_t slot) { return slot + 1 == SLOTS ? 0 : slot + 1; }

static uint64_t address(uint32_t n) { return 0x020000000000ull | (n * 0x9e3779b1ull & 0xffffffffffull); }

static uint64_t destination_of(const uint64_t head[2]) { return __builtin_bswap64(head[0]) >> 16; }

static uint64_t source_of(const uint64_t head[2]) { return __builtin_bswap64(head[0] >> 48 | head[1] << 16) >> 16; }

static int port_of(uint64_t address, uint32_t slot) {
    while ((table[slot] & (TAKEN | ADDRESS)) != (address | TAKEN)) {
        slot = next_slot(slot);
    }
    return (int)(table[slot] >> PORT_SHIFT) & PORT;
}

// The worker: takes a burst of a port in, and finds out where its frames go.
static void gather(int port) {
    struct guest *guest = &guests[port];
    struct ring *ring = guest->transmit;
    uint16_t shown = atomic_load_explicit(&ring->available_index, memory_order_acquire);
    int n = (uint16_t)(shown - guest->gathered);
    n = n > BURST ? BURST : n;
    struct frame burst[BURST];
    uint32_t source_home[BURST], destination_home[BURST];
    for (int i = 0; i < n; i++) {
        struct descriptor d = ring->descriptors[ring->available[(guest->gathered + i) & MASK]];
        burst[i].at = (const char *)d.address;
        burst[i].bytes = d.length;
        GOING_TO_READ(burst[i].at);
        GOING_TO_READ(burst[i].at + LINE);
    }
    for (int i = 0; i < n; i++) {
        memcpy(burst[i].head, burst[i].at + HEADER, sizeof burst[i].head);
        source_home[i] = home(source_of(burst[i].head));
        destination_home[i] = home(destination_of(burst[i].head));
        GOING_TO_READ(&table[source_home[i]]);
        GOING_TO_READ(&table[destination_home[i]]);
    }
    for (int i = 0; i < n; i++) {
        if (port_of(source_of(burst[i].head), source_home[i]) != port) {
            abort();
        }
        int to = port_of(destination_of(burst[i].head), destination_home[i]);
        outgoing[to][outgoing_count[to]++] = burst[i];
    }
    guest->gathered += n;
}

// Brings a port what goes there. A round is no more than a receive ring has room for.
static void deliver(int port) {
    struct guest *guest = &guests[port];
    struct ring *ring = guest->receive;
    int total = outgoing_count[port];
    outgoing_count[port] = 0;
    for (int first = 0; first < total; first += BURST) {
        int n = total - first < BURST ? total - first : BURST;
        const struct frame *frames = &outgoing[port][first];
        char *at[BURST];
        uint16_t ids[BURST];
        for (int i = 0; i < n; i++) {
            while ((uint16_t)(atomic_load_explicit(&ring->available_index, memory_order_acquire) - guest->given) <= i) {
                // until the guest has posted more
            }
            ids[i] = ring->available[(guest->given + i) & MASK];
            at[i] = (char *)ring->descriptors[ids[i]].address;
            GOING_TO_WRITE(at[i]);
            GOING_TO_WRITE(at[i] + LINE);
        }
        for (int i = 0; i < n; i++) {
            const char *from = frames[i].at + HEADER;
            __m256i middle = _mm256_loadu_si256((const __m256i *)(from + 16));
            __m256i end = _mm256_loadu_si256((const __m256i *)(from + FRAME - 32));
            memset(at[i], 0, HEADER);
            at[i][10] = 1; // num_buffers
            memcpy(at[i] + HEADER, frames[i].head, sizeof frames[i].head);
            _mm256_storeu_si256((__m256i *)(at[i] + HEADER + 16), middle);
            _mm256_storeu_si256((__m256i *)(at[i] + HEADER + FRAME - 32), end);
        }
        for (int i = 0; i < n; i++) {
            struct used_entry *used = &ring->used[(guest->given + i) & MASK];
            if (used->id != ids[i] || used->length != frames[i].bytes) {
                *used = (struct used_entry){ids[i], frames[i].bytes};
            }
        }
        guest->given += n;
        atomic_store_explicit(&ring->used_index, guest->given, memory_order_release);
    }
}

// Gives a port back what it sent.
static void give_back(int port) {
    struct guest *guest = &guests[port];
    struct ring *ring = guest->transmit;
    if (guest->returned == guest->gathered) {
        return;
    }
    for (; guest->returned != guest->gathered; guest->returned++) {
        uint32_t id = ring->available[guest->returned & MASK];
        struct used_entry *used = &ring->used[guest->returned & MASK];
        if (used->id != id) {
            used->id = id;
        }
    }
    atomic_store_explicit(&ring->used_index, guest->returned, memory_order_release);
}

static void pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        fail("sched_setaffinity");
    }
}

static void *work(void *nothing) {
    pin(SWITCH_PROCESSOR);
    while (atomic_load_explicit(&running, memory_order_relaxed)) {
        for (int port = 0; port < ports; port++) {
            gather(port);
        }
        for (int port = 0; port < ports; port++) {
            deliver(port);
        }
        for (int port = 0; port < ports; port++) {
            give_back(port);
        }
    }
    return nothing;
}

static uint32_t any(uint32_t below) {
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * below >> 32);
}

// A guest: puts frames into its transmit ring, to be shown together with those of all others.
static void fill(int port, int frames) {
    struct guest *guest = &guests[port];
    uint32_t own = (uint32_t)(addresses / ports);
    for (int i = 0; i < frames; i++) {
        uint16_t slot = guest->sent & MASK;
        char *at = guest->transmit_buffers + slot * BUFFER;
        uint32_t peer = (uint32_t)(port + 1 + any(ports - 1)) % ports;
        uint64_t to = __builtin_bswap64(address(peer + ports * any(own)) << 16);
        uint64_t from = __builtin_bswap64(address(port + ports * any(own)) << 16);
        memset(at, 0, HEADER);
        memcpy(at + HEADER, &to, 6);
        memcpy(at + HEADER + 6, &from, 6);
        guest->transmit->descriptors[slot] = (struct descriptor){(uint64_t)at, HEADER + FRAME, 0, 0};
        guest->transmit->available[slot] = slot;
        guest->sent++;
    }
}

static void post(struct guest *guest, uint16_t id) {
    struct ring *ring = guest->receive;
    ring->descriptors[id] = (struct descriptor){(uint64_t)(guest->receive_buffers + id * BUFFER), BUFFER, WRITABLE, 0};
    ring->available[guest->posted++ & MASK] = id;
}

// Takes what has come without looking at it, and posts the buffers again.
static int take(struct guest *guest) {
    struct ring *ring = guest->receive;
    uint16_t shown = atomic_load_explicit(&ring->used_index, memory_order_acquire);
    int n = (uint16_t)(shown - guest->taken);
    for (; guest->taken != shown; guest->taken++) {
        post(guest, ring->used[guest->taken & MASK].id);
    }
    if (n > 0) {
        atomic_store_explicit(&ring->available_index, guest->posted, memory_order_release);
    }
    return n;
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// Nanoseconds until all of so many frames of each of so many guests have arrived.
static uint64_t round_of(int senders, int frames) {
    for (int port = 0; port < senders; port++) {
        fill(port, frames);
    }
    uint64_t start = now();
    for (int port = 0; port < senders; port++) {
        atomic_store_explicit(&guests[port].transmit->available_index, guests[port].sent, memory_order_release);
    }
    for (int left = senders * frames; left > 0;) {
        for (int port = 0; port < ports; port++) {
            left -= take(&guests[port]);
        }
    }
    return now() - start;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double median(uint64_t *values, int n) {
    qsort(values, n, sizeof *values, ascending);
    return (double)values[n / 2];
}

// The median of the rounds, less what a single frame takes, whose way is not the worker's work.
static double measure(uint64_t millis) {
    static uint64_t singles[MOST_ROUNDS], rounds[MOST_ROUNDS];
    pthread_t worker;
    atomic_store(&running, true);
    if (pthread_create(&worker, NULL, work, NULL) != 0) {
        fail("pthread_create");
    }
    for (uint64_t end = now() + SETTLE_MILLIS * NANOS_PER_MILLI; now() < end;) {
        round_of(ports, ROUND);
    }
    int n = 0;
    for (uint64_t end = now() + millis * NANOS_PER_MILLI; n == 0 || (now() < end && n < MOST_ROUNDS); n++) {
        singles[n] = round_of(1, 1);
        rounds[n] = round_of(ports, ROUND);
    }
    atomic_store(&running, false);
    pthread_join(worker, NULL);
    return (median(rounds, n) - median(singles, n)) / (ports * ROUND - 1);
}

static void *memory_of_guest(void) {
    int fd = memfd_create("guest", 0);
    if (fd < 0 || ftruncate(fd, GUEST_BYTES) != 0) {
        fail("memfd");
    }
    void *memory = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        fail("mmap");
    }
    return memory;
}

static void connect_guest(struct guest *guest) {
    char *memory = memory_of_guest();
    guest->transmit = (struct ring *)memory;
    guest->receive = guest->transmit + 1;
    guest->transmit_buffers = (char *)(guest->receive + 1);
    guest->receive_buffers = guest->transmit_buffers + QUEUE * BUFFER;
    for (int id = 0; id < QUEUE; id++) {
        post(guest, id);
    }
    atomic_store(&guest->receive->available_index, guest->posted);
}

static void know_all_addresses(void) {
    table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED) {
        fail("mmap");
    }
    madvise(table, TABLE_BYTES, MADV_HUGEPAGE);
    for (int n = 0; n < addresses; n++) {
        uint32_t slot = home(address(n));
        while (table[slot] != 0) {
            slot = next_slot(slot);
        }
        table[slot] = TAKEN | (uint64_t)(n % ports) << PORT_SHIFT | address(n);
    }
}

int main(int count, char **arguments) {
    ports = count == 3 ? atoi(arguments[1]) : 0;
    addresses = count == 3 ? atoi(arguments[2]) : 0;
    if (ports < 2 || ports > MOST_PORTS || addresses < ports || addresses > SLOTS * 2 / 3) {
        fprintf(stderr, "usage: least PORTS ADDRESSES (2 to %d, and as many to %d)\n", MOST_PORTS, SLOTS * 2 / 3);
        return 2;
    }
    know_all_addresses();
    for (int port = 0; port < ports; port++) {
        connect_guest(&guests[port]);
    }
    pin(GUEST_PROCESSOR);
    unsigned long millis;
    while (scanf("%lu", &millis) == 1) {
        printf("%.2f\n", measure(millis));
        fflush(stdout);
    }
    return 0;
}
