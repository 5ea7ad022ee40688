package io.patchbay.vhost.net;

import static io.patchbay.vhost.net.HostileGuest.RX;
import static io.patchbay.vhost.net.HostileGuest.TX;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** What a guest can do over and over while two others talk (README, "Attacks"): change what is being read, load, remap, ring without end. */
@Timeout(60)
class RepeatedAttacksTest extends UnderAttack {

    private static final byte[] FOR_SINK = GuestToGuestTest.frame(0x30, 7, 100, new Random(7));

    /** A guest with the address ...30 that takes all it is sent, for as long as its ring is moved on. */
    private HostileGuest sink() throws IOException {
        HostileGuest sink = HostileGuest.connect(rig.socket(3));
        sink.postReceiveBuffers(2048);
        sink.descriptor(
                TX, 0, HostileGuest.buffer(0), sink.put(0, GuestToGuestTest.frame(7, 0x30, 60, new Random(1))), 0, 0);
        sink.offer(TX, 0, 0);
        sink.publish(TX, 1);
        GuestRig.awaitThat("it is learnt", () -> sink.usedIndex(TX) == 1);
        return sink;
    }

    private static void insist(FrontEnd from, FrontEnd to, byte[] frame) {
        long[] sent = {0};
        GuestRig.awaitThat("a frame of the others arrives", () -> {
            if (System.nanoTime() - sent[0] > 20_000_000) {
                from.send(frame);
                sent[0] = System.nanoTime();
            }
            return to.receive()
                    .filter(got -> java.util.Arrays.equals(got, frame))
                    .isPresent();
        });
    }

    @ParameterizedTest(name = "S23 CVE-2019-3900: receive buffers of {0} bytes, and a fast sender")
    @CsvSource({"1", "12", "13"})
    void s23TinyBuffersDoNotHoldUpOthers(int bytes) {
        hostile.postReceiveBuffers(bytes);
        for (int i = 0; i < 2000; i++) {
            hostile.offerAgain(RX);
            a.send(GuestToGuestTest.frame(0x77, 1, 1400, new Random(i)));
            if (i % 100 == 0) {
                talk(1);
            }
        }
        long tried = rig.delivered(0).get(QueueCounters.Count.FRAMES)
                + rig.delivered(0).dropped();
        assertThat(tried).isPositive();
    }

    @Test
    @DisplayName("S29 DPDK 7746fba831: a million bad frames leave nothing behind")
    void s29BadFramesLeaveNothingBehind() {
        for (int i = 0; i < 256; i++) {
            // One good one among them: whatever the bad ones took along would be missed.
            boolean good = i % 16 == 0;
            hostile.descriptor(
                    TX, i, good ? HostileGuest.buffer(0) : END_OF_BUFFERS - 4, good ? hostile.put(0, FRAME) : 60, 0, 0);
            hostile.offer(TX, i, i);
        }
        long rounds = 1_000_000 / 256;
        for (long round = 1; round <= rounds; round++) {
            long all = round * 256;
            hostile.publish(TX, (int) (all & 0xffff));
            GuestRig.awaitThat("all come back", () -> hostile.usedIndex(TX) == (all & 0xffff));
            while (b.receive().isPresent()) {
                Thread.onSpinWait();
            }
        }
        assertThat(rig.received(0).dropped(DropReason.BAD_DESCRIPTOR)).isEqualTo(rounds * 240);
    }

    @Test
    @DisplayName("S14 CVE-2026-86567, list 5.1.12: memory is taken away and given again under load")
    void s14MemoryIsRemappedUnderLoad() throws IOException {
        HostileGuest sink = sink();
        for (int i = 0; i < 256; i++) {
            hostile.descriptor(TX, i, HostileGuest.buffer(0), hostile.put(0, FOR_SINK), 0, 0);
            hostile.offer(TX, i, i);
        }
        RegionDescription region = HostileGuest.Part.BUFFERS.region();
        for (int i = 0; i < 500; i++) {
            hostile.offerAgain(TX);
            sink.offerAgain(RX);
            hostile.client().tell(Request.REM_MEM_REG, Message.singleRegion(region), List.of());
            try (Fd file = SharedMemory.createMemfd("again", HostileGuest.PART_BYTES)) {
                hostile.client().tell(Request.ADD_MEM_REG, Message.singleRegion(region), List.of(file));
            }
            if (i % 50 == 0) {
                hostile.settle();
                talk(1);
            }
        }
        sink.close();
    }

    @Test
    @DisplayName("S18 CVE-2026-93683, CVE-2020-14375, list 5.1.7: everything changes while it is read")
    void s18EverythingChangesWhileItIsRead() throws Exception {
        long seed = 18;
        HostileGuest sink = sink();
        Thread racer =
                Thread.ofPlatform().start(() -> race(new Random(seed), sink, System.nanoTime() + 4_000_000_000L));
        while (racer.isAlive()) {
            // It floods them with frames for nobody, so one may find the receive ring full and is sent again.
            insist(a, b, GuestToGuestTest.frame(2, 1, 300, new Random(seed)));
            insist(b, a, GuestToGuestTest.frame(1, 2, 300, new Random(seed)));
        }
        racer.join();
        sink.close();
        // It may have stopped its queues by then, which is its own affair; it goes, and what it had in hand is
        // accounted for.
        hostile.client().close();
        GuestRig.awaitThat("it has gone", () -> !rig.port(0).status().up());
        while (a.receive().isPresent() || b.receive().isPresent()) {
            Thread.onSpinWait();
        }
    }

    private void race(Random random, HostileGuest sink, long end) {
        long[] addresses = {
            HostileGuest.buffer(0),
            HostileGuest.buffer(3) + 5,
            END_OF_BUFFERS - 7,
            0,
            -1,
            HostileGuest.Part.TABLES.guestAddress()
        };
        long[] lengths = {0, 1, 12, 13, 64, 112, 1500, 70_000, 0xffff_ffffL};
        hostile.put(0, FOR_SINK);
        while (System.nanoTime() - end < 0) {
            for (int i = 0; i < 64; i++) {
                int ring = random.nextInt(2);
                int flags =
                        random.nextInt(8) == 0 ? random.nextInt(8) : ring == RX ? SplitRingDescriptor.FLAG_WRITE : 0;
                long address = addresses[random.nextInt(random.nextInt(3) == 0 ? addresses.length : 2)];
                hostile.descriptor(
                        ring,
                        random.nextInt(256),
                        address,
                        lengths[random.nextInt(lengths.length)],
                        flags,
                        random.nextInt(300));
                hostile.indirect(
                        random.nextInt(64), address, lengths[random.nextInt(6)], random.nextInt(4), random.nextInt(64));
                hostile.offer(ring, random.nextInt(256), random.nextInt(256));
                hostile.memory(HostileGuest.Part.BUFFERS)
                        .set(ValueLayout.JAVA_BYTE, 26 + random.nextInt(200), (byte) random.nextInt());
            }
            sink.offerAgain(RX);
            for (int ring = 0; ring < 2; ring++) {
                hostile.publish(ring, hostile.usedIndex(ring) + random.nextInt(200));
            }
        }
    }

    @ParameterizedTest(name = "S15 DPDK 0445f81883, CVE-2023-1838: its {0} is full and blocks")
    @CsvSource({"call"})
    void s15ABellThatBlocksIsRungWithoutWaiting(String which) throws Throwable {
        MethodHandle fcntl = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("fcntl"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                        Linker.Option.firstVariadicArg(2));
        MethodHandle write = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("write"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_LONG),
                        Linker.Option.critical(true));
        int bell = hostile.call(RX).number();
        hostile.call(RX).drain();
        int cleared = (int) fcntl.invokeExact(bell, 4, 0); // F_SETFL without O_NONBLOCK, on what the switch has too
        long written = (long) write.invokeExact(bell, MemorySegment.ofArray(new long[] {-2L}), 8L);
        assertThat(cleared).isZero();
        assertThat(written).as(which).isEqualTo(8);
        // It wants to be called for every frame.
        hostile.postReceiveBuffers(2048);
        for (int i = 0; i < 100; i++) {
            int n = i;
            hostile.memory(HostileGuest.Part.RX_AVAILABLE)
                    .set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.usedEvent(256), (short) n);
            assertThat(a.send(GuestToGuestTest.frame(0x77, 1, 64, new Random(i))))
                    .isTrue();
            GuestRig.awaitThat("it is delivered", () -> hostile.usedIndex(RX) == n + 1);
        }
        // The guest may see its frame a moment before the call for it is made and counted.
        GuestRig.awaitThat("every call is counted", () -> rig.delivered(0).get(QueueCounters.Count.CALLS) == 100);
    }

    @Test
    @DisplayName("list 5.1.14: messages without end do not fill the log")
    void messagesWithoutEndDoNotFillTheLog() throws IOException {
        Logger log = (Logger) LoggerFactory.getLogger(RunningQueues.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        log.setLevel(Level.INFO);
        try {
            for (int i = 0; i < 400; i++) {
                // Each start finds another used index than the ring had when it was stopped, which is worth a line.
                hostile.client().tell(Request.SET_VRING_ENABLE, Message.state(TX, 0), List.of());
                hostile.settle();
                hostile.memory(HostileGuest.Part.TX_USED)
                        .set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.USED_INDEX, (short) (7 * i + 1));
                hostile.publishQuietly(TX, 7 * i + 1);
                hostile.client().tell(Request.SET_VRING_ENABLE, Message.state(TX, 1), List.of());
            }
            hostile.settle();
            assertThat(lines.list).hasSizeBetween(10, 60);
        } finally {
            log.detachAppender(lines);
        }
    }

    @Test
    @DisplayName("issue list: kicks without end and without frames")
    void kicksWithoutFrames() {
        for (int i = 0; i < 20_000; i++) {
            hostile.kick(TX);
            hostile.kick(RX);
            if (i % 500 == 0) {
                talk(1);
            }
        }
    }
}
