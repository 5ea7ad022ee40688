package io.patchbay.testbed.bench;

import io.patchbay.core.frame.MacAddress;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;

/** Guests of a switch, and addresses that are spread evenly over them: address {@code n} is at guest {@code n} modulo their number. */
final class Traffic implements Load {

    /** Who talks to whom. */
    enum Pattern {
        /** Every frame goes from any address of its guest to any address of any other. */
        UNIFORM,
        /** Guests 0 and 1, 2 and 3, ... talk to each other. */
        PAIRS
    }

    /**
     * What is measured.
     *
     * @param queuePairs of each guest
     */
    record Shape(int ports, int macs, int bytes, int queuePairs, Pattern pattern) {

        /** Guests with a queue pair each. */
        Shape(int ports, int macs, int bytes, Pattern pattern) {
            this(ports, macs, bytes, 1, pattern);
        }
    }

    /** A reserved address, to which nothing is forwarded: what is sent there is learnt from, and that is all. */
    static final long TO_NOBODY = 0x0180_c200_0003L;

    private static final long LOCAL = 0x0200_0000_0000L;
    private static final long GROUP_FREE_STRIDE = 0x9e37_79b1L;
    private static final int QUEUE = 256;
    private static final int PER_PORT = 128;
    private static final int MEETINGS = 3;

    private final Shape shape;
    private final List<Stations> guests = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(1);
    private final Rounds rounds = new Rounds();

    private Traffic(Shape shape) {
        this.shape = shape;
    }

    /** Guests that the switch knows nothing of yet. */
    static Traffic connect(Shape shape, long features, IntFunction<String> sockets) throws IOException {
        Traffic traffic = new Traffic(shape);
        int buffer = (shape.bytes() + 12 + 63) / 64 * 64;
        FrontEndSettings settings = new FrontEndSettings(features, QUEUE, buffer);
        for (int i = 0; i < shape.ports(); i++) {
            Stations guest = new Stations(sockets.apply(i), settings, shape.bytes());
            traffic.guests.add(guest);
            traffic.rounds.add(guest.frontEnd().pair(0));
        }
        return traffic;
    }

    /** What is done again and again while frames are waited for. */
    void meanwhile(Runnable action) {
        rounds.meanwhile(action);
    }

    Stations guest(int port) {
        return guests.get(port);
    }

    int ports() {
        return shape.ports();
    }

    /** Unicast, spread like addresses of different makers rather than counted up. */
    static long address(int n) {
        return LOCAL | (n * GROUP_FREE_STRIDE & 0xff_ffff_ffffL);
    }

    /** Every address sends once, to a reserved one, to which nothing is forwarded. */
    void learnAll() {
        for (int n = 0; n < shape.macs(); ) {
            int end = Math.min(shape.macs(), n + shape.ports() * PER_PORT);
            for (; n < end; n++) {
                Stations guest = guests.get(n % shape.ports());
                while (guest.free() == 0) {
                    guest.show();
                    rounds.meanwhile().run();
                }
                guest.put(TO_NOBODY, address(n), 60);
            }
            guests.forEach(Stations::show);
        }
        rounds.swallow();
    }

    /**
     * Every address sends to address 0, and that one to address 1: for switches that do not learn from what is sent to a reserved address. They do it
     * again and again, since a switch may pass a frame on unlearnt while its table changes.
     */
    void meetAll() {
        guests.getFirst().free();
        guests.getFirst().put(MacAddress.BROADCAST, address(0), 60);
        rounds.drain(shape.ports() - 1L);
        meet(1, 2);
        for (int i = 0; i < MEETINGS; i++) {
            for (int n = 1; n < shape.macs(); n += PER_PORT) {
                meet(n, Math.min(shape.macs(), n + PER_PORT));
            }
        }
    }

    /** No more at a time than guest 0 has buffers for. */
    private void meet(int from, int to) {
        Stations first = guests.getFirst();
        for (int n = from; n < to; n++) {
            Stations guest = guests.get(n % shape.ports());
            guest.free();
            guest.put(guest == first ? address(1) : address(0), address(n), 60);
        }
        rounds.drain(to - from);
    }

    /** Nanoseconds until everything has arrived of {@value #PER_PORT} frames from every guest. */
    long round() {
        return round(PER_PORT);
    }

    /** The same with that many frames, up to {@value #PER_PORT}, from every guest. */
    long round(int perPort) {
        for (int port = 0; port < shape.ports(); port++) {
            fill(port, perPort);
        }
        return rounds.drain((long) shape.ports() * perPort);
    }

    /** One frame from guest 0: what a round costs before its first frame has arrived. */
    long single() {
        fill(0, 1);
        return rounds.drain(1);
    }

    /** Addresses 0 and 1 send each other a frame. */
    void ping() {
        guests.get(0).free();
        guests.get(1).free();
        guests.get(0).put(address(1), address(0), shape.bytes());
        guests.get(1).put(address(0), address(1), shape.bytes());
        rounds.drain(2);
    }

    private void fill(int port, int frames) {
        Stations guest = guests.get(port);
        int free = guest.free();
        if (free < frames) {
            throw new IllegalStateException("the switch keeps " + (QUEUE - free) + " buffers of port " + port
                    + ", frames lost so far: " + lost());
        }
        int own = shape.macs() / shape.ports();
        for (int i = 0; i < frames; i++) {
            int source = port + shape.ports() * random.nextInt(own);
            int peer = shape.pattern() == Pattern.PAIRS
                    ? port ^ 1
                    : (port + 1 + random.nextInt(shape.ports() - 1)) % shape.ports();
            int destination = peer + shape.ports() * random.nextInt(own);
            guest.put(address(destination), address(source), shape.bytes());
        }
    }

    @Override
    public long lost() {
        return rounds.lost();
    }

    @Override
    public double block(long nanos) {
        return rounds.block(nanos, (long) PER_PORT * shape.ports(), this::single, this::round);
    }

    @Override
    public void close() {
        guests.forEach(Stations::close);
    }
}
