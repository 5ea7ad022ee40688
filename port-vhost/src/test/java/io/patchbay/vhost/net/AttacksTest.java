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
import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/**
 * What a guest can do to its own rings while two others talk (README, "Attacks"): it costs the guest its frame or its queue, is counted,
 * and the others do not notice.
 */
@Timeout(60)
class AttacksTest {

    private static final int NEXT = SplitRingDescriptor.FLAG_NEXT;
    private static final int WRITE = SplitRingDescriptor.FLAG_WRITE;
    private static final int INDIRECT = SplitRingDescriptor.FLAG_INDIRECT;
    private static final long END_OF_BUFFERS = HostileGuest.Part.BUFFERS.guestAddress() + HostileGuest.PART_BYTES;
    private static final byte[] FRAME = GuestToGuestTest.frame(2, 7, 100, new Random(7));

    private static final byte[] FOR_SINK = GuestToGuestTest.frame(0x30, 7, 100, new Random(7));

    private GuestRig rig;
    private HostileGuest hostile;
    private FrontEnd a;
    private FrontEnd b;

    @BeforeEach
    void aHostileGuestAndTwoOthers() throws Exception {
        rig = GuestRig.adaptive(4);
        hostile = HostileGuest.connect(rig.socket(0));
        a = rig.connect(1, FrontEndSettings.MODERN);
        b = rig.connect(2, FrontEndSettings.MODERN);
        talk(1); // both are learnt from here on
    }

    @AfterEach
    void theOthersAreUnharmed() throws Exception {
        talk(50);
        assertThat(rig.port(1).status().up()).isTrue();
        assertThat(rig.port(2).status().up()).isTrue();
        assertThat(rig.board().workers().getFirst().counters().get(WorkerCounters.Count.FAULTS))
                .as("ports that had to be taken out of service")
                .isZero();
        rig.assertTheSumsBalance();
        hostile.close();
        rig.close();
    }

    /** Frames to and fro, none of which may be lost; what the attack sends is passed over. */
    private void talk(int times) {
        for (int i = 0; i < times; i++) {
            hand(a, b, GuestToGuestTest.frame(2, 1, 60 + i, new Random(i)));
            hand(b, a, GuestToGuestTest.frame(1, 2, 60 + i, new Random(i)));
        }
    }

    private static void hand(FrontEnd from, FrontEnd to, byte[] frame) {
        assertThat(from.send(frame)).isTrue();
        GuestRig.awaitThat(
                "a frame of the others arrives",
                () -> to.receive()
                        .filter(got -> java.util.Arrays.equals(got, frame))
                        .isPresent());
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

    /** Offers chain 0 of the transmit ring and waits until it comes back. */
    private void transmit() {
        int before = hostile.usedIndex(TX);
        hostile.offer(TX, before, 0);
        hostile.publish(TX, before + 1);
        GuestRig.awaitThat("the chain comes back", () -> hostile.usedIndex(TX) == (before + 1 & 0xffff));
    }

    private void assertDropped(DropReason reason) {
        transmit();
        assertThat(rig.received(0).dropped(reason)).isEqualTo(1);
        // The queue goes on: a good frame after it arrives.
        hostile.descriptor(TX, 0, HostileGuest.buffer(0), hostile.put(0, FRAME), 0, 0);
        transmit();
        assertThat(GuestRig.await(b)).isEqualTo(FRAME);
    }

    @ParameterizedTest(name = "S12 CVE-2018-1059, list 5.1.1: a buffer of {1} bytes, {0} from the end of its region")
    @CsvSource({"1, 2", "0, 1", "16, 17", "100, 4294967295"})
    void s12ABufferThatLeavesItsRegionIsRefused(long fromEnd, long length) {
        hostile.descriptor(TX, 0, END_OF_BUFFERS - fromEnd, length, 0, 0);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @ParameterizedTest(name = "S13 openvmm#4047: a buffer at {0} of {1} bytes wraps")
    @CsvSource({"-1, 2", "-8, 16", "-4096, 4294967295", "-9223372036854775808, 4294967295"})
    void s13ABufferAroundTheEndOfTheAddressSpaceIsRefused(long address, long length) {
        hostile.descriptor(TX, 0, address, length, 0, 0);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @Test
    @DisplayName("S17 CVE-2016-6490, SPDK CVE-2019-9547, list 5.1.3: a loop of descriptors ends")
    void s17ALoopEnds() {
        hostile.descriptor(TX, 0, HostileGuest.buffer(0), 16, NEXT, 1);
        hostile.descriptor(TX, 1, HostileGuest.buffer(0), 16, NEXT, 0);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @Test
    @DisplayName("S17 rust-vmm vm-virtio#196: a chain of nothing but empty buffers comes back")
    void s17EmptyBuffersComeBack() {
        for (int i = 0; i < 100; i++) {
            hostile.descriptor(TX, i, HostileGuest.buffer(0), 0, i < 99 ? NEXT : 0, i + 1);
        }
        assertDropped(DropReason.BAD_HEADER);
    }

    @Test
    @DisplayName("S17 DPDK 6ec1778134, list 5.1.3: a next outside the table is refused")
    void s17ANextOutsideTheTableIsRefused() {
        hostile.descriptor(TX, 0, HostileGuest.buffer(0), 112, NEXT, 65_535);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @ParameterizedTest(name = "S17: an available index that jumps by {0} stops that queue only")
    @CsvSource({"257", "32768", "65535"})
    void s17AnIndexThatJumpsStopsTheQueue(int jump) {
        hostile.publish(TX, jump);
        GuestRig.awaitThat("nothing is taken", () -> rig.received(0).get(QueueCounters.Count.FRAMES) == 0);
        hostile.postReceiveBuffers(2048);
        assertThat(a.send(GuestToGuestTest.frame(0x77, 1, 64, new Random(1)))).isTrue();
        GuestRig.awaitThat("its other queue goes on", () -> hostile.usedIndex(RX) == 1);
        assertThat(hostile.usedIndex(TX)).isZero();
    }

    @Test
    @DisplayName("S17, list 5.1.3: an available entry outside the table stops that queue only")
    void s17AHeadOutsideTheTableStopsTheQueue() {
        hostile.offer(TX, 0, 256);
        hostile.publish(TX, 1);
        talk(10);
        assertThat(hostile.usedIndex(TX)).isZero();
    }

    @ParameterizedTest(name = "S19 VPP INDIRECT_OVERFLOW, list 5.1.4: table of {0} bytes, flags {1}, entry flags {2}")
    @CsvSource({"0, 4, 0", "15, 4, 0", "24, 4, 0", "16, 5, 0", "16, 4, 4", "32, 4, 1"})
    void s19ATableThatBreaksARuleIsRefused(long bytes, int flags, int entryFlags) {
        hostile.descriptor(TX, 0, HostileGuest.Part.TABLES.guestAddress(), bytes, flags, 0);
        hostile.indirect(0, HostileGuest.buffer(0), 16, entryFlags, 0);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @Test
    @DisplayName("S19, list 5.1.3: a loop in a table of 4 GiB ends where a frame has too many pieces")
    void s19ALoopInALargeTableEnds() {
        hostile.descriptor(TX, 0, HostileGuest.Part.TABLES.guestAddress(), 4_294_967_280L, INDIRECT, 0);
        hostile.indirect(0, HostileGuest.buffer(0), 16, NEXT, 0);
        assertDropped(DropReason.TOO_MANY_SEGMENTS);
    }

    @Test
    @DisplayName("S19: a table that leaves its region is refused")
    void s19ATableThatLeavesItsRegionIsRefused() {
        long last = HostileGuest.PART_BYTES - 16;
        hostile.descriptor(TX, 0, HostileGuest.Part.TABLES.guestAddress() + last, 32, INDIRECT, 0);
        hostile.indirect((int) (last / 16), HostileGuest.buffer(0), 16, NEXT, 1);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @ParameterizedTest(name = "S21 CVE-2022-2132, DPDK e31b57e732, list 5.1.6: a chain of {0} bytes and no frame")
    @CsvSource({"1", "11", "12"})
    void s21AChainWithoutAFrameComesBack(int bytes) {
        hostile.descriptor(TX, 0, HostileGuest.buffer(0), bytes, 0, 0);
        assertDropped(DropReason.BAD_HEADER);
    }

    @Test
    @DisplayName("S21, list 5.1.6: a header cut into single bytes is a header")
    void s21AHeaderInManyBuffersIsAHeader() {
        int bytes = hostile.put(0, FRAME);
        for (int i = 0; i < bytes; i++) {
            hostile.descriptor(TX, i, HostileGuest.buffer(0) + i, 1, i + 1 < bytes ? NEXT : 0, i + 1);
        }
        transmit();
        assertThat(GuestRig.await(b)).isEqualTo(FRAME);
    }

    @Test
    @DisplayName("list 5.1.6: a transmit chain that the device may only write is refused")
    void writableBuffersCannotBeSent() {
        hostile.descriptor(TX, 0, HostileGuest.buffer(0), 112, WRITE, 0);
        assertDropped(DropReason.BAD_DESCRIPTOR);
    }

    @Test
    @DisplayName("list 5.1.6: receive buffers that the device may only read come back empty")
    void readableBuffersCannotBeFilled() {
        for (int i = 0; i < 10; i++) {
            hostile.descriptor(RX, i, HostileGuest.buffer(i), 2048, i < 9 ? 0 : WRITE, 0);
            hostile.offer(RX, i, i);
        }
        hostile.publish(RX, 10);
        assertThat(a.send(GuestToGuestTest.frame(0x77, 1, 64, new Random(1)))).isTrue();
        GuestRig.awaitThat("the good one is found", () -> hostile.usedIndex(RX) == 10);
        assertThat(rig.delivered(0).get(QueueCounters.Count.FRAMES)).isEqualTo(1);
    }

    @Test
    @DisplayName("S22 CVE-2026-86566: receive buffers shorter than a header come back empty")
    void s22RuntBuffersComeBack() {
        for (int i = 0; i < 10; i++) {
            hostile.descriptor(RX, i, HostileGuest.buffer(i), i < 9 ? 11 : 2048, WRITE, 0);
            hostile.offer(RX, i, i);
        }
        hostile.publish(RX, 10);
        assertThat(a.send(GuestToGuestTest.frame(0x77, 1, 64, new Random(1)))).isTrue();
        GuestRig.awaitThat("the good one is found", () -> hostile.usedIndex(RX) == 10);
        assertThat(rig.delivered(0).get(QueueCounters.Count.FRAMES)).isEqualTo(1);
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
                int flags = random.nextInt(8) == 0 ? random.nextInt(8) : ring == RX ? WRITE : 0;
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

    @Test
    @DisplayName("S33 OVS parser CVEs: what is behind the Ethernet header is carried as it is")
    void s33TheContentOfFramesIsNotLookedAt() {
        Random random = new Random(33);
        int[] types = {0x0800, 0x86dd, 0x8847, 0x88cc, 0x8100, 0x88a8, 0x0806, 0x8863, 5};
        for (int i = 0; i < 2000; i++) {
            byte[] frame = GuestToGuestTest.frame(2, 1, 14 + random.nextInt(120), random);
            int type = types[random.nextInt(types.length)];
            frame[12] = (byte) (type >>> 8);
            frame[13] = (byte) type;
            hand(a, b, frame);
        }
    }
}
