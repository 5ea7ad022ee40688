package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.vhost.fuzz.Input;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Fuzz target: a front end that says anything in any order, to a port of a running switch, over a real socket. */
public final class SessionFuzz {

    private static final int BYTES = 0x1_0000;
    private static final int MOST_MESSAGES = 64;
    private static final GuestRig RIG = rig();
    private static final Fd MEMORY = SharedMemory.createMemfd("fuzz", BYTES);
    private static final EventFd BELL = EventFd.create();
    private static long runs;
    private static long descriptors;

    private SessionFuzz() {}

    private static GuestRig rig() {
        try {
            return GuestRig.adaptive();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
        Input input = new Input(bytes);
        long before = session().disconnects();
        try (UnixSocket socket = UnixSocket.connect(RIG.socket(0))) {
            byte[] replies = new byte[8192];
            for (int i = 0; i < MOST_MESSAGES && !input.isEmpty(); i++) {
                byte[] message = message(input);
                int sent = socket.send(message, 0, message.length, files(input));
                if (sent == 0) {
                    break;
                }
                socket.receive(replies, 0, replies.length)
                        .ifPresent(received -> received.descriptors().forEach(Fd::close));
            }
        } catch (LinuxException e) {
            // The switch has hung up, as it may.
            Thread.onSpinWait();
        }
        for (long end = System.nanoTime() + 10_000_000_000L; session().disconnects() == before; ) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("the port does not come to an end: " + session());
            }
            LockSupport.parkNanos(20_000);
        }
        String end = session().lastEnd();
        if (end.contains("internal error") || end.contains("Exception") || end.contains("serving the guest failed")) {
            throw new AssertionError(end);
        }
        if (RIG.board().workers().getFirst().counters().get(WorkerCounters.Count.FAULTS) != 0) {
            throw new AssertionError("a worker failed");
        }
        countDescriptors();
        if (session().keptWaiting() > 0) {
            // It has cost what a front end may; one of a port that was just started costs as much again without
            // waiting.
            RIG.restart(0);
        }
    }

    private static io.patchbay.vhost.session.Statistics session() {
        return ((VhostDetails) RIG.port(0).details()).session().orElseThrow();
    }

    private static void countDescriptors() throws IOException {
        if (++runs % 500 != 0) {
            return;
        }
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            long now = open.count();
            if (runs == 500) {
                descriptors = now;
            } else if (now > descriptors + 50) {
                throw new AssertionError(now + " descriptors, and there were " + descriptors);
            }
        }
    }

    private static byte[] message(Input input) {
        boolean ask = (input.u8() & 1) != 0;
        int vring = input.u8() & 3;
        return switch (input.u8() % 12) {
            case 0 -> input.bytes(1 + input.u8());
            case 1 -> new Message(input.u8(), 1 | (ask ? 8 : 0), input.bytes(input.u8())).encode();
            case 2 -> request(Request.SET_MEM_TABLE, ask, Message.memoryTable(regions(input)));
            case 3 -> request(Request.SET_VRING_NUM, ask, Message.state(vring, 1 << (input.u8() & 15)));
            case 4 -> request(Request.SET_VRING_ADDR, ask, Message.addresses(addresses(vring, input)));
            case 5 -> request(Request.SET_VRING_BASE, ask, Message.state(vring, input.u16()));
            case 6 -> request(Request.SET_VRING_KICK, ask, Message.number(vring | (input.u8() & 1) << 8));
            case 7 -> request(Request.SET_VRING_CALL, ask, Message.number(vring | (input.u8() & 1) << 8));
            case 8 -> request(Request.SET_VRING_ENABLE, ask, Message.state(vring, input.u8() % 3));
            case 9 -> request(Request.GET_VRING_BASE, ask, Message.state(vring, 0));
            case 10 ->
                request(
                        (input.u8() & 1) == 0 ? Request.SET_FEATURES : Request.SET_PROTOCOL_FEATURES,
                        ask,
                        Message.number(input.s64()));
            default ->
                request(
                        (input.u8() & 1) == 0 ? Request.ADD_MEM_REG : Request.REM_MEM_REG,
                        ask,
                        Message.singleRegion(regions(input).getFirst()));
        };
    }

    private static byte[] request(Request request, boolean ask, byte[] payload) {
        return Message.request(request, ask, payload).encode();
    }

    private static List<RegionDescription> regions(Input input) {
        List<RegionDescription> regions = new ArrayList<>();
        int n = 1 + input.u8() % 3;
        for (int i = 0; i < n; i++) {
            int kind = input.u8();
            regions.add(
                    kind < 200
                            ? new RegionDescription(i * 2L * BYTES, BYTES, 0x7000_0000L + i * 2L * BYTES, 0)
                            : new RegionDescription(input.s64(), input.s64(), input.s64(), input.s64()));
        }
        return regions;
    }

    private static VringAddresses addresses(int vring, Input input) {
        long at = 0x7000_0000L + (input.u8() & 7) * 4096L;
        return input.u8() < 200
                ? new VringAddresses(vring, 0, at, at + 8192, at + 4096, 0)
                : new VringAddresses(vring, input.u8(), input.s64(), input.s64(), input.s64(), input.s64());
    }

    private static List<Fd> files(Input input) {
        int kind = input.u8();
        List<Fd> files = new ArrayList<>();
        for (int i = 0; i < (kind & 7); i++) {
            files.add((kind & 8) == 0 ? MEMORY : BELL.descriptor());
        }
        return files;
    }
}
