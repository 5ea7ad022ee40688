package io.patchbay.vhost.net;

import static io.patchbay.vhost.net.HostileGuest.RX;
import static io.patchbay.vhost.net.HostileGuest.TX;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a guest can write into its own rings while two others talk (README, "Attacks"). */
@Timeout(60)
class AttacksTest extends UnderAttack {

    private static final int NEXT = SplitRingDescriptor.FLAG_NEXT;
    private static final int WRITE = SplitRingDescriptor.FLAG_WRITE;
    private static final int INDIRECT = SplitRingDescriptor.FLAG_INDIRECT;

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
