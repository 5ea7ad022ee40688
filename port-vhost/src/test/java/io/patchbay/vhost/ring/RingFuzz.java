package io.patchbay.vhost.ring;

import io.patchbay.vhost.fuzz.Input;
import io.patchbay.vhost.fuzz.SyntheticGuest;

/** Fuzz target: a split or packed ring over memory that changes between any two steps of the device. */
public final class RingFuzz {

    private static final SyntheticGuest GUEST = new SyntheticGuest();

    private RingFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        Input input = new Input(bytes);
        int kind = input.u8();
        int size = 2 << (kind & 7) % 6;
        boolean writable = (kind & 8) != 0;
        GUEST.clear();
        boolean late = (kind & 64) != 0;
        RingFeatures features = new RingFeatures((kind & 16) != 0, (kind & 32) == 0, !writable && late);
        DeviceRing ring = (kind & 128) != 0
                ? new PackedRing(size, GUEST.packedRing(size), features, 0x8000 | (late ? 1 : 0), GUEST.memory())
                : new SplitRing(size, GUEST.ring(size), features, late ? 0xfff0 : 0, GUEST.memory());
        Chain chain = new Chain();
        while (!input.isEmpty()) {
            switch (input.u8() & 3) {
                case 0 -> {
                    int waiting = ring.available(input.u8() % (size + 1));
                    if (waiting == DeviceRing.BROKEN) {
                        return; // must not be touched again
                    }
                    if (serve(ring, Math.min(waiting, 1 + (input.u8() & 3)), writable, chain, input)) {
                        return;
                    }
                }
                case 1 -> {
                    var _ = ring.enableKicks();
                    ring.disableKicks();
                }
                default -> GUEST.write(input, size);
            }
        }
    }

    /** Takes chains as the loops do; true if the ring broke. */
    private static boolean serve(DeviceRing ring, int n, boolean writable, Chain chain, Input input) {
        int[] heads = new int[n];
        for (int i = 0; i < n; i++) {
            chain.clear();
            ChainResult result = ring.read(i, writable, chain);
            if (result == ChainResult.BROKEN) {
                return true;
            }
            check(chain, ring.size());
            heads[i] = chain.head(0);
            if (i == 0) {
                GUEST.write(input, ring.size());
            }
        }
        giveBack(ring, heads, (input.u8() & 1) == 0);
        return false;
    }

    /** Gives the next chains back, one by one or together. */
    static void giveBack(DeviceRing ring, int[] heads, boolean together) {
        if (together) {
            ChainBatch batch = new ChainBatch();
            for (int i = 0; i < heads.length; i++) {
                batch.setHead(i, heads[i]);
                batch.setWritten(i, 1);
            }
            ring.use(batch, 0, heads.length);
        } else {
            ring.consume(heads.length);
            for (int head : heads) {
                ring.use(head, 1);
            }
        }
        var _ = ring.publish();
    }

    static void check(Chain chain, int size) {
        long sum = 0;
        for (int s = 0; s < chain.segments(); s++) {
            long end = chain.offset(s) + chain.length(s);
            if (chain.offset(s) < 0
                    || chain.length(s) < 0
                    || end > chain.base(s).byteSize()) {
                throw new AssertionError("a piece outside memory");
            }
            sum += chain.length(s);
        }
        if (sum != chain.bytes() || chain.chains() != 1 || chain.head(0) < 0 || chain.head(0) >= size) {
            throw new AssertionError("a chain that does not add up");
        }
    }
}
