package io.patchbay.vhost.net;

import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.session.Statistics;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * A program of its own, since the worst outcome is the end of the process: a guest under load takes one part of its memory away after the
 * other, while two others talk. Ends with 0 and says so if nobody but that guest was harmed.
 *
 * <pre>
 *   port 0  attacker   sends to the helper, and receives from it
 *   port 1, 2          two guests that talk to each other
 *   port 3  helper     sends to the attacker, and receives from it
 * </pre>
 */
final class TruncationRun {

    private static final int ATTACKER = 0;
    private static final int HELPER = 3;
    private static final int INDIRECT_CHAINS = 64;
    private static final long LOOK_NANOS = 1_000_000_000L;
    private static final long WAIT_NANOS = 10_000_000_000L;

    private final GuestRig rig;
    private final FrontEnd a;
    private final FrontEnd b;
    private final List<HostileGuest> moving = new CopyOnWriteArrayList<>();
    private final Random random;
    private long exchanged;
    private long resent;
    private volatile boolean ended;
    private volatile long gone;

    private TruncationRun(boolean sleepy, long seed) throws Exception {
        rig = sleepy ? GuestRig.sleepy(4) : GuestRig.adaptive(4);
        a = rig.connect(1, FrontEndSettings.MODERN);
        b = rig.connect(2, FrontEndSettings.MODERN);
        random = new Random(seed);
    }

    /** @param args load before each truncation in milliseconds, rounds over all parts, seed, and whether the worker sleeps whenever it can */
    public static void main(String[] args) throws Exception {
        int load = Integer.parseInt(args[0]);
        int rounds = Integer.parseInt(args[1]);
        long seed = Long.parseLong(args[2]);
        boolean sleepy = Boolean.parseBoolean(args[3]);
        new TruncationRun(sleepy, seed).run(load, rounds);
        System.exit(0); // the threads that move rings are daemons
    }

    private void run(int load, int rounds) throws Exception {
        Thread.ofPlatform().daemon().start(this::move);
        HostileGuest helper = HostileGuest.connect(rig.socket(HELPER));
        fill(helper, HELPER, ATTACKER);
        lookLong();
        for (int round = 0; round < rounds; round++) {
            for (HostileGuest.Part part : HostileGuest.Part.values()) {
                attack(helper, part, load, false);
                attack(helper, part, load, true);
            }
        }
        long faults = rig.board().workers().getFirst().counters().get(WorkerCounters.Count.FAULTS);
        require(faults > 0, "no access ever failed: nothing was shown");
        System.out.println(
                "SURVIVED " + faults + " faults, " + exchanged + " frames of others, " + resent + " sent again");
        ended = true;
    }

    /** Until the looks are compiled, too, with which it is seen later that the attacker's port is down. */
    private void lookLong() {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < LOOK_NANOS) {
            require(rig.port(HELPER).status().up(), "a port with buffers is down");
        }
    }

    private void attack(HostileGuest helper, HostileGuest.Part part, int load, boolean flip) throws Exception {
        HostileGuest attacker = HostileGuest.connect(rig.socket(ATTACKER));
        fill(attacker, ATTACKER, HELPER);
        moving.add(helper);
        moving.add(attacker);
        exchange(load * 1_000_000L + random.nextInt(20_000_000), true);
        long begun = System.nanoTime();
        attacker.truncate(part, 0);
        if (!flip) {
            offerLast(attacker);
        }
        while (rig.port(ATTACKER).status().up() && System.nanoTime() - begun < WAIT_NANOS / (flip ? 20 : 1)) {
            if (flip) {
                attacker.truncate(part, HostileGuest.PART_BYTES);
                attacker.truncate(part, 0);
            } else {
                exchange(1_000_000, true);
            }
        }
        moving.clear();
        if (!flip) {
            require(!rig.port(ATTACKER).status().up(), part + ": the port goes on");
            await(
                    () -> statistics(ATTACKER).lastEnd().contains("took guest memory away"),
                    "the right port is blamed for its " + part);
        }
        attacker.close();
        await(() -> !rig.port(ATTACKER).status().up(), "the attacker is gone");
        LockSupport.parkNanos(20_000_000); // what the helper still had in its ring is flooded, and has gone after that
        while (a.receive().isPresent() || b.receive().isPresent()) {
            Thread.onSpinWait();
        }
        long before = resent;
        exchange(50_000_000, false);
        require(resent == before, part + ": frames of others were lost");
        for (int port : new int[] {1, 2, HELPER}) {
            require(
                    rig.port(port).status().up(),
                    part + ": port " + port + " is " + rig.port(port).status());
            require(statistics(port).connects() == 1, part + ": port " + port + " had to connect again");
        }
        System.out.println((flip ? "flipped " : "truncated ") + part + " after " + load + " ms: "
                + statistics(ATTACKER).lastEnd());
    }

    /** The rings may have been empty just then, and their driver cannot see any more that they are. */
    private void offerLast(HostileGuest attacker) {
        try {
            attacker.offerLast(HostileGuest.RX);
            attacker.offerLast(HostileGuest.TX);
        } catch (InternalError e) {
            gone = gone + 1;
        }
    }

    private Statistics statistics(int port) {
        return ((VhostDetails) rig.port(port).details()).session().orElseThrow();
    }

    /** Rings that run by themselves: chains of every kind are there, and become available again as soon as they are used. */
    private static void fill(HostileGuest guest, int self, int peer) {
        int next = SplitRingDescriptor.FLAG_NEXT;
        byte[] frame = GuestToGuestTest.frame(0x60 + peer, 0x60 + self, 100, new Random(1));
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xb6;
        for (int i = 0; i < 256; i++) {
            int bytes = guest.put(i, frame);
            long at = HostileGuest.buffer(i);
            // 0 to 63 in one piece, 64 to 127 behind a table in pieces of 5 bytes, and from 128 a header of its own.
            int head = i;
            if (i < 64) {
                guest.descriptor(HostileGuest.TX, i, at, bytes, 0, 0);
            } else if (i < 64 + INDIRECT_CHAINS) {
                int pieces = (bytes + 4) / 5;
                int first = (i - 64) * 32;
                for (int p = 0; p < pieces; p++) {
                    int n = Math.min(5, bytes - 5 * p);
                    guest.indirect(first + p, at + 5L * p, n, p + 1 < pieces ? next : 0, p + 1);
                }
                long table = HostileGuest.Part.TABLES.guestAddress() + 16L * first;
                guest.descriptor(HostileGuest.TX, i, table, 16L * pieces, SplitRingDescriptor.FLAG_INDIRECT, 0);
            } else if (i % 2 == 0) {
                guest.descriptor(HostileGuest.TX, i, at, 12, next, i + 1);
                guest.descriptor(HostileGuest.TX, i + 1, at + 12, bytes - 12, 0, 0);
            } else {
                head = i - 1;
            }
            guest.offer(HostileGuest.TX, i, head);
            int room = i % 4 == 0 ? 60 : 1024;
            guest.descriptor(HostileGuest.RX, i, at + 1024, room, SplitRingDescriptor.FLAG_WRITE, 0);
            guest.offer(HostileGuest.RX, i, i);
        }
    }

    private void move() {
        while (!ended) {
            try {
                moveOnce();
            } catch (InternalError e) {
                gone = gone
                        + 1; // memory is gone for its own driver too; compiled code learns of it late, hence out here
            }
        }
    }

    private void moveOnce() {
        while (!ended) {
            for (HostileGuest guest : moving) {
                try {
                    guest.offerAgain(HostileGuest.RX);
                    guest.offerAgain(HostileGuest.TX);
                } catch (IllegalStateException e) {
                    moving.remove(guest); // it was closed
                }
            }
            LockSupport.parkNanos(moving.isEmpty() ? 1_000_000 : 20_000);
        }
    }

    /** Frames to and fro, each checked. While the attack floods them, one that was lost is sent again. */
    private void exchange(long nanos, boolean patient) {
        long end = System.nanoTime() + nanos;
        do {
            hand(a, b, 2, 1, patient);
            hand(b, a, 1, 2, patient);
        } while (System.nanoTime() - end < 0);
    }

    private void hand(FrontEnd from, FrontEnd to, int destination, int source, boolean patient) {
        byte[] frame = GuestToGuestTest.frame(destination, source, 14 + 8 + random.nextInt(1000), random);
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xb5;
        long begun = System.nanoTime();
        long sent = begun;
        require(from.send(frame), "its ring is full");
        while (true) {
            Optional<byte[]> got = to.receive();
            if (got.isPresent() && got.get()[13] == (byte) 0xb5 && Arrays.equals(got.get(), frame)) {
                exchanged++;
                return;
            }
            long now = System.nanoTime();
            require(now - begun < WAIT_NANOS, "a frame of others did not arrive");
            if (patient && now - sent > 20_000_000) {
                from.send(frame);
                resent++;
                sent = now;
            }
        }
    }

    private static void await(java.util.function.BooleanSupplier condition, String what) {
        GuestRig.awaitThat(what, condition);
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
