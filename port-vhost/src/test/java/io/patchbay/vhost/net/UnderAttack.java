package io.patchbay.vhost.net;

import static io.patchbay.vhost.net.HostileGuest.TX;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.DropReason;
import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A switch with a hostile guest and two others, who talk before and after each attack: it costs the hostile guest its frame or its queue, is counted, and
 * the others do not notice.
 */
abstract class UnderAttack {

    static final long END_OF_BUFFERS = HostileGuest.Part.BUFFERS.guestAddress() + HostileGuest.PART_BYTES;
    static final byte[] FRAME = GuestToGuestTest.frame(2, 7, 100, new Random(7));

    GuestRig rig;
    HostileGuest hostile;
    FrontEnd a;
    FrontEnd b;

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
    void talk(int times) {
        for (int i = 0; i < times; i++) {
            hand(a, b, GuestToGuestTest.frame(2, 1, 60 + i, new Random(i)));
            hand(b, a, GuestToGuestTest.frame(1, 2, 60 + i, new Random(i)));
        }
    }

    static void hand(FrontEnd from, FrontEnd to, byte[] frame) {
        assertThat(from.send(frame)).isTrue();
        GuestRig.awaitThat(
                "a frame of the others arrives",
                () -> to.receive()
                        .filter(got -> java.util.Arrays.equals(got, frame))
                        .isPresent());
    }

    /** Offers chain 0 of the transmit ring and waits until it comes back. */
    void transmit() {
        int before = hostile.usedIndex(TX);
        hostile.offer(TX, before, 0);
        hostile.publish(TX, before + 1);
        GuestRig.awaitThat("the chain comes back", () -> hostile.usedIndex(TX) == (before + 1 & 0xffff));
    }

    void assertDropped(DropReason reason) {
        transmit();
        assertThat(rig.received(0).dropped(reason)).isEqualTo(1);
        // The queue goes on: a good frame after it arrives.
        hostile.descriptor(TX, 0, HostileGuest.buffer(0), hostile.put(0, FRAME), 0, 0);
        transmit();
        assertThat(GuestRig.await(b)).isEqualTo(FRAME);
    }
}
