package io.patchbay.core.forward;

import static io.patchbay.core.forward.MacSlotDescriptor.FREE;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;

/**
 * Where the entries of the filtering database stand: open addressing with linear probing, at most two thirds full, in slots laid out by
 * {@link MacSlotDescriptor}.
 *
 * <p>A slot is a word, and there are no more of them than that: what a hundred thousand addresses take is fetched again and again, and has to share a
 * cache with the rings and buffers of all guests.
 *
 * <p>Anybody may look up and note that an address was heard of at any time, without a lock. What puts, moves and removes entries is done by one thread at
 * a time. A slot that becomes free is filled by moving up whichever later entry may stand there, so probing needs no tombstones. Who looks up an entry
 * while it moves may miss it; nobody is ever told a wrong port. A note made while its entry moves may be lost, and is made again with the next frame.
 *
 * <p>The hash has secret multipliers, so that nobody can choose addresses that crowd together.
 *
 * <p>The table is these slots and does not have them: every frame looks up two addresses, and a reference between the two costs each half a nanosecond.
 */
abstract sealed class MacSlots permits MacTable {

    /** Answer of {@link #portOf} and {@link #find} for an address that is not there. */
    static final int NOWHERE = -1;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final long firstMultiplier;
    private final long secondMultiplier;
    private final long[] words;
    private final int size;

    // For who changes them only. An entry keeps its number while it moves from slot to slot.
    final int limit;
    private final int[] numberAt;
    private final int[] slotOf;
    private final int[] unused;
    private int count;

    /** @param limit most entries */
    MacSlots(int limit) {
        this.limit = limit;
        SecureRandom random = new SecureRandom();
        firstMultiplier = random.nextLong() | 1;
        secondMultiplier = random.nextLong() | 1;
        size = limit + limit / 2 + 1;
        words = new long[size];
        numberAt = new int[size];
        slotOf = new int[limit];
        unused = new int[limit];
        for (int i = 0; i < limit; i++) {
            unused[i] = i;
        }
    }

    /** The slot where an address stands unless others stood there before: where a search for it begins. */
    final int home(long address) {
        long mixed = address * firstMultiplier;
        mixed = (mixed ^ mixed >>> 32) * secondMultiplier;
        return (int) (((mixed >>> 32) * size) >>> 32);
    }

    /**
     * Fetches the memory that looking up or learning {@code n} addresses will look at first. Who is going to ask for several addresses does this for all of
     * them before, so that they are waited for together and not one after the other.
     *
     * @param homes of the addresses, as {@link #home} says
     * @return nothing that means anything; it must be used, or compiled code leaves the access out
     */
    final long touch(int[] homes, int n) {
        long[] all = words;
        long sum = 0;
        for (int i = 0; i < n; i++) {
            sum += all[homes[i]];
        }
        return sum;
    }

    /**
     * Notes that addresses were heard of on a port, and says of which that is not where they are known, or their entries change just now: a bit for each.
     *
     * @param homes of the addresses
     * @param n at most 64
     */
    final long hearAll(long[] addresses, int[] homes, int n, int port) {
        long[] all = words;
        long heard = MacSlotDescriptor.heard(0, port);
        long others = 0;
        for (int i = 0; i < n; i++) {
            long found = (long) WORD.getOpaque(all, homes[i]);
            others |= found == (heard | addresses[i]) ? 0 : 1L << i;
        }
        long unheard = 0;
        for (long left = others; left != 0; left &= left - 1) {
            int i = Long.numberOfTrailingZeros(left);
            unheard |= hear(addresses[i], port, homes[i]) ? 0 : 1L << i;
        }
        return unheard;
    }

    /**
     * The ports of some addresses, or {@link #NOWHERE}.
     *
     * @param homes of the addresses
     * @param n at most 64
     * @param ports filled
     */
    final void portsOf(long[] addresses, int[] homes, int n, int[] ports) {
        long[] all = words;
        long elsewhere = 0;
        for (int i = 0; i < n; i++) {
            long found = (long) WORD.getOpaque(all, homes[i]);
            ports[i] = MacSlotDescriptor.port(found);
            elsewhere |= MacSlotDescriptor.isOf(found, addresses[i]) ? 0 : 1L << i;
        }
        for (long left = elsewhere; left != 0; left &= left - 1) {
            int i = Long.numberOfTrailingZeros(left);
            ports[i] = portOf(addresses[i], homes[i]);
        }
    }

    /** The port of an address with that {@link #home}, or {@link #NOWHERE}. */
    final int portOf(long address, int home) {
        int slot = home;
        while (true) {
            long found = entry(slot);
            if (MacSlotDescriptor.isOf(found, address)) {
                return MacSlotDescriptor.port(found);
            }
            if (found == FREE) {
                return NOWHERE;
            }
            slot = next(slot);
        }
    }

    /** The slot of an address, or {@link #NOWHERE}. */
    final int find(long address) {
        int slot = home(address);
        while (true) {
            long found = entry(slot);
            if (MacSlotDescriptor.isOf(found, address)) {
                return slot;
            }
            if (found == FREE) {
                return NOWHERE;
            }
            slot = next(slot);
        }
    }

    /** Notes that an address with that {@link #home} was heard of on a port; false if that is not where it is known, or its entry changes just now. */
    final boolean hear(long address, int port, int home) {
        long wanted = MacSlotDescriptor.heard(address, port);
        int slot = home;
        while (true) {
            long found = entry(slot);
            if (found == wanted) {
                return true; // noted already: busy stations do not keep dirtying a line that other workers read
            }
            if (MacSlotDescriptor.withHeard(found) == wanted) {
                return WORD.compareAndSet(words, slot, found, wanted);
            }
            if (found == FREE || MacSlotDescriptor.isOf(found, address)) {
                return false;
            }
            slot = next(slot);
        }
    }

    /** How many slots there are. */
    final int slots() {
        return size;
    }

    final long entry(int slot) {
        return (long) WORD.getOpaque(words, slot);
    }

    /** Changes the port of the entry in a slot, or whether it was heard of. */
    final void change(int slot, long entry) {
        WORD.setOpaque(words, slot, entry);
    }

    /** How many entries there are. */
    final int count() {
        return count;
    }

    /** The number of the entry that stands in a slot. */
    final int numberAt(int slot) {
        return numberAt[slot];
    }

    /** Where the entry of a number stands. */
    final int slotOf(int number) {
        return slotOf[number];
    }

    /** Puts an entry for an address that has none and was heard of just now; there must be room. Gives its number. */
    final int put(long address, int port) {
        int slot = home(address);
        while (entry(slot) != FREE) {
            slot = next(slot);
        }
        int number = unused[limit - 1 - count];
        count++;
        slotOf[number] = slot;
        numberAt[slot] = number;
        WORD.setOpaque(words, slot, MacSlotDescriptor.heard(address, port));
        return number;
    }

    /** Removes an entry by its number. Another may stand in its slot afterwards. */
    final void free(int number) {
        int hole = slotOf[number];
        count--;
        unused[limit - 1 - count] = number;
        // Whatever stands behind the hole without a gap, and may stand in it, moves up.
        for (int slot = next(hole); entry(slot) != FREE; slot = next(slot)) {
            int home = home(MacSlotDescriptor.address(entry(slot)));
            if (distance(home, slot) >= distance(hole, slot)) {
                numberAt[hole] = numberAt[slot];
                slotOf[numberAt[hole]] = hole;
                // ORDER: the copy before its original changes, so that a reader rather sees an entry twice than never.
                WORD.setRelease(words, hole, entry(slot));
                hole = slot;
            }
        }
        WORD.setRelease(words, hole, FREE);
    }

    private int next(int slot) {
        return slot + 1 == size ? 0 : slot + 1;
    }

    /** How far {@code to} is behind {@code from}, round the end. */
    private int distance(int from, int to) {
        return to >= from ? to - from : to - from + size;
    }
}
