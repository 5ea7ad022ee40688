package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The kernel reads frames for a tap and a raw socket out of a guest's memory by itself, but for short ones of a tap, which the switch copies. Here the guest takes that memory away meanwhile, from a
 * daemon that is a process of its own, since the worst outcome is its end.
 */
@Timeout(120)
class LostMemoryIT {

    private static final int ROUNDS = 40;
    private static final int LONG = 1500;
    private static final int SHORT = 200;

    @BeforeEach
    void peers() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip");
        remove();
        Shell.run("ip link add pblm1 type veth peer name pblm2 && ip link set pblm1 up && ip link set pblm2 up");
    }

    @AfterEach
    void remove() throws Exception {
        Shell.run("for d in pblm0 pblm1; do ip link del $d 2>/dev/null; done; true");
    }

    @Test
    @DisplayName(
            "S11: memory that is taken away while the kernel reads frames from it costs that port and nothing else")
    void memoryThatGoesWhileTheKernelReadsItCostsThatPortOnly() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(List.of(
                "{\"name\":\"vm0\",\"type\":\"vhost-user\",\"socket\":\"%s/vm0.sock\"}"
                        .formatted(DaemonProcess.DIRECTORY),
                "{\"name\":\"tap\",\"type\":\"tap\",\"device\":\"pblm0\"}",
                "{\"name\":\"wire\",\"type\":\"raw-socket\",\"interface\":\"pblm1\"}"))) {
            daemon.awaitReady();
            for (int round = 0; round < ROUNDS; round++) {
                int length = round % 2 == 0 ? LONG : SHORT;
                try (VanishingGuest guest = connect(daemon.path("vm0.sock").toString(), length)) {
                    guest.sendFor(TimeUnit.MILLISECONDS.toNanos(2 + round % 10));
                    guest.vanish();
                    guest.sendFor(TimeUnit.MILLISECONDS.toNanos(5));
                }
            }
            assertThat(daemon.isAlive()).as(daemon.log()).isTrue();
            assertThat(daemon.log()).contains("took guest memory away");
            String ports = daemon.ask("port list");
            assertThat(ports.lines().filter(line -> line.startsWith("tap") || line.startsWith("wire")))
                    .as(ports)
                    .hasSize(2)
                    .allMatch(line -> line.contains("up"));
            assertThat(received("pblm0")).isPositive();
            assertThat(received("pblm2")).isPositive();
        }
    }

    /** The port may still be busy with the guest before, and turns others away. */
    private static VanishingGuest connect(String socket, int length) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (true) {
            try {
                return VanishingGuest.connect(socket, length);
            } catch (IOException | LinuxException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    private static long received(String device) throws Exception {
        return Long.parseLong(Shell.run("cat /sys/class/net/" + device + "/statistics/rx_packets")
                .strip());
    }

    /** Sends broadcasts without end, from memory that is a file apart from its rings and not sealed. */
    private static final class VanishingGuest implements AutoCloseable {

        private static final int SIZE = 256;
        private static final int TX = 1;
        private static final int RINGS = 1 << 16;
        private static final int BUFFERS = SIZE * 2048;
        private static final long RINGS_AT = 0x10_0000;
        private static final long BUFFERS_AT = 0x100_0000;
        private static final long USER = 0x7f00_0000_0000L;
        private static final long AVAILABLE = 0x4000;
        private static final long USED = 0x8000;

        private final Arena arena = Arena.ofShared();
        private final Fd ringFile = SharedMemory.createMemfd("rings", RINGS);
        private final Fd bufferFile = SharedMemory.createMemfd("buffers", BUFFERS);
        private final MemorySegment rings = SharedMemory.map(ringFile, 0, RINGS, arena);
        private final EventFd kick = EventFd.create();
        private final VhostClient client;
        private int shown;

        private VanishingGuest(VhostClient client, int length) {
            this.client = client;
            fill(length);
        }

        static VanishingGuest connect(String socket, int length) throws IOException {
            VanishingGuest guest = new VanishingGuest(VhostClient.connect(socket), length);
            try {
                guest.start();
                return guest;
            } catch (IOException | RuntimeException e) {
                guest.close();
                throw e;
            }
        }

        private void start() throws IOException {
            tell(Request.SET_OWNER, new byte[0], List.of());
            tell(Request.SET_FEATURES, Message.number(Feature.mask(Feature.VIRTIO_F_VERSION_1)), List.of());
            tell(
                    Request.SET_MEM_TABLE,
                    Message.memoryTable(List.of(
                            new RegionDescription(RINGS_AT, RINGS, USER + RINGS_AT, 0),
                            new RegionDescription(BUFFERS_AT, BUFFERS, USER + BUFFERS_AT, 0))),
                    List.of(ringFile, bufferFile));
            tell(Request.SET_VRING_NUM, Message.state(TX, SIZE), List.of());
            tell(Request.SET_VRING_BASE, Message.state(TX, 0), List.of());
            long at = USER + RINGS_AT;
            tell(
                    Request.SET_VRING_ADDR,
                    Message.addresses(new VringAddresses(TX, 0, at, at + USED, at + AVAILABLE, 0)),
                    List.of());
            tell(Request.SET_VRING_KICK, Message.number(TX), List.of(kick.descriptor()));
            client.ask(Request.GET_FEATURES);
        }

        private void tell(Request request, byte[] payload, List<Fd> files) throws IOException {
            client.tell(request, payload, files);
        }

        private void fill(int length) {
            try (Arena mine = Arena.ofConfined()) {
                MemorySegment buffers = SharedMemory.map(bufferFile, 0, BUFFERS, mine);
                for (int i = 0; i < SIZE; i++) {
                    long frame = i * 2048L + 12;
                    buffers.asSlice(frame, 6).fill((byte) 0xff);
                    buffers.set(ValueLayout.JAVA_BYTE, frame + 6, (byte) 2);
                    buffers.set(ValueLayout.JAVA_BYTE, frame + 12, (byte) 0x88);
                    buffers.set(ValueLayout.JAVA_BYTE, frame + 13, (byte) 0xb5);
                    rings.set(ValueLayout.JAVA_LONG, 16L * i, BUFFERS_AT + i * 2048L);
                    rings.set(ValueLayout.JAVA_LONG, 16L * i + 8, 12 + length);
                    rings.set(ValueLayout.JAVA_SHORT, AVAILABLE + SplitRingDescriptor.availableEntry(i), (short) i);
                }
            }
        }

        /** Makes all buffers available again as soon as they are used. */
        void sendFor(long nanos) {
            long end = System.nanoTime() + nanos;
            while (System.nanoTime() < end) {
                int used = rings.get(ValueLayout.JAVA_SHORT, USED + SplitRingDescriptor.USED_INDEX) & 0xffff;
                if ((shown - used & 0xffff) < SIZE / 2) {
                    shown = used + SIZE & 0xffff;
                    VarHandle.releaseFence();
                    rings.set(ValueLayout.JAVA_SHORT, AVAILABLE + SplitRingDescriptor.AVAILABLE_INDEX, (short) shown);
                    kick.signal();
                }
                Thread.onSpinWait();
            }
        }

        void vanish() {
            FileCalls.truncate(bufferFile, 0);
        }

        @Override
        public void close() {
            client.close();
            kick.close();
            arena.close();
            ringFile.close();
            bufferFile.close();
        }
    }
}
