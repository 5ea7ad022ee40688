package io.patchbay.core.forward;

import static io.patchbay.core.forward.MacSlotDescriptor.ENTRY;
import static io.patchbay.core.forward.MacSlotDescriptor.FREE;
import static io.patchbay.core.forward.MacSlotDescriptor.SEEN;
import static io.patchbay.core.forward.MacSlotDescriptor.WORDS;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;

/**
 * Where the entries of the filtering database stand: open addressing with linear probing, at most half full, in slots laid out by
 * {@link MacSlotDescriptor}.
 *
 * <p>Anybody may look up and refresh at any time, without a lock. What puts, moves and removes entries is done by one thread at a time. A slot that becomes
 * free is filled by moving up whichever later entry may stand there, so probing needs no tombstones. Who looks up an entry while it moves may miss it;
 * nobody is ever told a wrong port.
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
    private final int mask;

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
        int size = Integer.highestOneBit(2 * limit - 1) << 1;
        words = new long[WORDS * size];
        mask = size - 1;
        numberAt = new int[size];
        slotOf = new int[limit];
        unused = new int[limit];
        for (int i = 0; i < limit; i++) {
            unused[i] = i;
        }
    }

    /**
     * Fetches the memory that looking up or learning an address will look at first. Who is going to ask for several addresses does this for all of them
     * before, so that they are waited for together and not one after the other.
     *
     * @return nothing that means anything; it must be used, or compiled code leaves the access out
     */
    final long touch(long address) {
        return words[WORDS * hash(address)];
    }

    /** The port of an address, or {@link #NOWHERE}. */
    final int portOf(long address) {
        int slot = hash(address);
        while (true) {
            long found = entry(slot);
            if (MacSlotDescriptor.isOf(found, address)) {
                return MacSlotDescriptor.port(found);
            }
            if (found == FREE) {
                return NOWHERE;
            }
            slot = slot + 1 & mask;
        }
    }

    /** The slot of an address, or {@link #NOWHERE}. */
    final int find(long address) {
        int slot = hash(address);
        while (true) {
            long found = entry(slot);
            if (MacSlotDescriptor.isOf(found, address)) {
                return slot;
            }
            if (found == FREE) {
                return NOWHERE;
            }
            slot = slot + 1 & mask;
        }
    }

    /** How many slots there are. */
    final int slots() {
        return mask + 1;
    }

    final long entry(int slot) {
        return (long) WORD.getOpaque(words, WORDS * slot + ENTRY);
    }

    final int seen(int slot) {
        return (int) (long) WORD.getOpaque(words, WORDS * slot + SEEN);
    }

    final void setSeen(int slot, int seconds) {
        WORD.setOpaque(words, WORDS * slot + SEEN, (long) seconds);
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

    /** Puts an entry for an address that has none; there must be room. Gives its number. */
    final int put(long address, int port, int seconds) {
        int slot = hash(address);
        while (entry(slot) != FREE) {
            slot = slot + 1 & mask;
        }
        int number = unused[limit - 1 - count];
        count++;
        slotOf[number] = slot;
        numberAt[slot] = number;
        setSeen(slot, seconds);
        WORD.setOpaque(words, WORDS * slot + ENTRY, MacSlotDescriptor.entry(address, port));
        return number;
    }

    /** Gives the entry in a slot to another port. */
    final void setPort(int slot, int port) {
        long address = MacSlotDescriptor.address(entry(slot));
        WORD.setOpaque(words, WORDS * slot + ENTRY, MacSlotDescriptor.entry(address, port));
    }

    /** Removes an entry by its number. Another may stand in its slot afterwards. */
    final void free(int number) {
        int hole = slotOf[number];
        count--;
        unused[limit - 1 - count] = number;
        // Whatever stands behind the hole without a gap, and may stand in it, moves up.
        for (int slot = hole + 1 & mask; entry(slot) != FREE; slot = slot + 1 & mask) {
            int home = hash(MacSlotDescriptor.address(entry(slot)));
            if ((slot - home & mask) >= (slot - hole & mask)) {
                numberAt[hole] = numberAt[slot];
                slotOf[numberAt[hole]] = hole;
                setSeen(hole, seen(slot));
                // ORDER: the copy before its original changes, so that a reader rather sees an entry twice than never.
                WORD.setRelease(words, WORDS * hole + ENTRY, entry(slot));
                hole = slot;
            }
        }
        WORD.setRelease(words, WORDS * hole + ENTRY, FREE);
    }

    private int hash(long address) {
        long mixed = address * firstMultiplier;
        mixed = (mixed ^ mixed >>> 32) * secondMultiplier;
        return (int) (mixed >>> 32) & mask;
    }
}
