package io.patchbay.core.forward;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What a port may send into the switch, where that is less than anything: only from certain addresses, only so many frames that are flooded.
 * May be used by all workers at once.
 */
public final class IngressPolicy {

    /** Anything. */
    public static final IngressPolicy OPEN = new IngressPolicy(Optional.empty(), Optional.empty(), System::nanoTime);

    /** Frames that may be flooded at once are a part of those for a second, but as many as an idle port may have saved up for a start. */
    private static final int BURSTS_PER_SECOND = 10;

    private static final int SMALLEST_BURST = 64;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private static final VarHandle DUE;

    static {
        try {
            DUE = MethodHandles.lookup().findVarHandle(IngressPolicy.class, "due", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final boolean limitsSources;
    private final long[] sources;
    private final boolean limitsFloods;
    private final long nanosPerFlood;
    private final long nanosAhead;
    private final LongSupplier nanoTime;

    /** When, at the permitted rate, the frames flooded so far would have been flooded (the generic cell rate algorithm of ITU-T I.371). */
    @SuppressWarnings({"unused", "FieldMayBeFinal"}) // through DUE
    private long due;

    /**
     * @param addresses frames may come from; from any if absent
     * @param floodsPerSecond frames that may be flooded; any number if absent
     * @param nanoTime as {@link System#nanoTime}
     */
    public IngressPolicy(
            Optional<? extends Collection<Long>> addresses, Optional<Integer> floodsPerSecond, LongSupplier nanoTime) {
        limitsSources = addresses.isPresent();
        sources = addresses
                .map(list -> list.stream().mapToLong(Long::longValue).sorted().toArray())
                .orElse(new long[0]);
        limitsFloods = floodsPerSecond.isPresent();
        int rate = floodsPerSecond.orElse(1);
        nanosPerFlood = NANOS_PER_SECOND / rate;
        nanosAhead = nanosPerFlood * (Math.max(SMALLEST_BURST, rate / BURSTS_PER_SECOND) - 1);
        this.nanoTime = nanoTime;
        due = nanoTime.getAsLong() - nanosPerFlood;
    }

    /** Whether there is any address that a frame may not come from. */
    boolean limitsSources() {
        return limitsSources;
    }

    /** Whether a frame may come from that address. */
    boolean allowsSource(long address) {
        return !limitsSources || Arrays.binarySearch(sources, address) >= 0;
    }

    /** Whether a frame may be flooded now; if so it has been. */
    boolean takeFlood() {
        return !limitsFloods || takeFloodAt(nanoTime.getAsLong());
    }

    private boolean takeFloodAt(long now) {
        while (true) {
            long before = (long) DUE.getOpaque(this);
            long late = Math.max(0, now - before); // what was not used in time is not saved
            long next = before + late + nanosPerFlood;
            if (next - nanosPerFlood - now > nanosAhead) {
                return false;
            }
            if (DUE.compareAndSet(this, before, next)) {
                return true;
            }
        }
    }
}
