package io.patchbay.vhost.net;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * A program that attacks one port while a file exists, and sleeps otherwise. For testbed/bench/isolation. The attack {@code nothing} is none: what
 * is measured then is the measurement.
 */
final class Attacker {

    /** Kicks and connects come ten thousand times a second; rings of 32 bad chains, and memory that goes and comes, a thousand times. */
    private static final long PAUSE_NANOS = 100_000;

    private static final long RING_PAUSE_NANOS = 1_000_000;
    private static final int SIZE = 32;

    private final String kind;
    private final String socket;
    private final Path flag;

    private Attacker(String kind, String socket, Path flag) {
        this.kind = kind;
        this.socket = socket;
        this.flag = flag;
    }

    /** @param args kind of attack, socket of the port, file */
    public static void main(String[] args) throws Exception {
        Attacker attacker = new Attacker(args[0], args[1], Path.of(args[2]));
        while (true) {
            try {
                if (!Files.exists(attacker.flag) || args[0].equals("nothing")) {
                    LockSupport.parkNanos(RING_PAUSE_NANOS);
                } else if (args[0].equals("connects")) {
                    attacker.connect();
                } else {
                    attacker.attack();
                }
            } catch (IOException | LinuxException e) {
                System.out.println("again: " + e.getMessage());
                LockSupport.parkNanos(RING_PAUSE_NANOS);
            }
        }
    }

    private boolean isOver(int turn) {
        return turn % 16 == 15 && !Files.exists(flag);
    }

    private void connect() {
        for (int i = 0; !isOver(i); i++) {
            try {
                UnixSocket.connect(socket).close();
            } catch (LinuxException e) {
                if (e.errno() != Errno.EAGAIN) { // too many wait to be accepted already
                    throw e;
                }
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private void attack() throws IOException {
        try (HostileGuest guest = HostileGuest.connect(socket, HostileGuest.DEFAULT_FEATURES, SIZE)) {
            prepare(guest);
            for (int i = 0; !isOver(i); i++) {
                switch (kind) {
                    case "jump" -> guest.publish(HostileGuest.TX, 30_000);
                    case "remaps" -> guest.remap(HostileGuest.Part.BUFFERS);
                    case "kicks" -> {
                        guest.kick(HostileGuest.TX);
                        guest.kick(HostileGuest.RX);
                    }
                    default -> {
                        guest.offerAgain(HostileGuest.TX);
                        guest.offerAgain(HostileGuest.RX);
                    }
                }
                if (kind.equals("jump") && i % 10 == 9) {
                    return; // and from the beginning, since the queue has stopped
                }
                LockSupport.parkNanos(kind.equals("kicks") ? PAUSE_NANOS : RING_PAUSE_NANOS);
            }
        }
    }

    private void prepare(HostileGuest guest) {
        for (int i = 0; i < guest.size(); i++) {
            // A loop through the whole table; else a frame to itself, or one that is too short.
            int bytes = guest.put(i, GuestToGuestTest.frame(9, 9, 100, new Random(1)));
            if (kind.equals("loop")) {
                int next = (i + 1) % guest.size();
                guest.descriptor(HostileGuest.TX, i, HostileGuest.buffer(i), 8, SplitRingDescriptor.FLAG_NEXT, next);
            } else {
                guest.descriptor(HostileGuest.TX, i, HostileGuest.buffer(i), kind.equals("tiny") ? 13 : bytes, 0, 0);
            }
            guest.offer(HostileGuest.TX, i, i);
        }
        guest.postReceiveBuffers(kind.equals("tiny") ? 1 : 2048);
    }
}
