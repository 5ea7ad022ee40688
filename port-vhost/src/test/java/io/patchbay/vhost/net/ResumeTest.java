package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.SplitDriverRing;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A split ring goes on where its used index stands, whatever became of the switch and whatever base the front end gives. */
@Timeout(60)
class ResumeTest {

    private GuestRig rig;
    private FrontEnd a;
    private FrontEnd b;

    @BeforeEach
    void twoGuests() throws Exception {
        rig = GuestRig.adaptive();
        a = rig.connect(0, FrontEndSettings.MODERN);
        b = rig.connect(1, FrontEndSettings.MODERN);
        pass(a, b, 1, 2, 7);
        pass(b, a, 2, 1, 9);
    }

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    private static void pass(FrontEnd from, FrontEnd to, int sender, int receiver, int frames) {
        for (int i = 0; i < frames; i++) {
            byte[] frame = GuestToGuestTest.frame(receiver, sender, 100, new Random(i));
            assertThat(from.send(frame)).isTrue();
            assertThat(GuestRig.await(to)).isEqualTo(frame);
        }
        GuestRig.awaitThat("all is given back", () -> {
            from.reclaim();
            return from.transmitRing().free() == from.transmitRing().size();
        });
    }

    private static SplitDriverRing split(DriverRing ring) {
        return (SplitDriverRing) ring;
    }

    @ParameterizedTest(name = "base: {0}")
    @ValueSource(strings = {"used index", "available index", "0"})
    void aRingResumesAtItsUsedIndexWhateverBaseItIsGiven(String base) throws Exception {
        IntUnaryOperator bases = queue -> {
            SplitDriverRing ring = split(queue == 0 ? a.receiveRing() : a.transmitRing());
            return base.equals("used index") ? ring.usedIndex() : base.equals("0") ? 0 : ring.availableIndex();
        };
        for (int round = 0; round < 100; round++) { // often enough to pass the end of the ring
            rig.restart(0);
            a.reconnect(rig.socket(0), bases);
            pass(a, b, 1, 2, 5);
            pass(b, a, 2, 1, 5);
        }
        rig.assertTheSumsBalance();
    }

    @Test
    void whatTheGuestSentWhileNobodyWasThereIsForwardedOnce() throws Exception {
        List<byte[]> sent = new ArrayList<>();
        rig.port(0).close();
        for (int i = 0; i < 200; i++) {
            sent.add(GuestToGuestTest.frame(2, 1, 80, new Random(i)));
            assertThat(a.send(sent.getLast())).isTrue();
        }
        rig.restart(0);
        a.reconnect(rig.socket(0), queue -> 0);
        for (byte[] frame : sent) {
            assertThat(GuestRig.await(b)).isEqualTo(frame);
        }
        pass(a, b, 1, 2, 1); // and nothing more than that
    }

    @Test
    void framesOfABurstThatWasNotShownAsUsedAreForwardedTwiceAndNoneIsLost() throws Exception {
        List<byte[]> sent = new ArrayList<>();
        rig.port(0).close(); // so that the driver does not take back what it sent before it has sent all
        for (int i = 0; i < 10; i++) {
            sent.add(GuestToGuestTest.frame(2, 1, 80, new Random(i)));
            assertThat(a.send(sent.getLast())).isTrue();
        }
        rig.restart(0);
        a.reconnect(rig.socket(0), queue -> 0);
        for (byte[] frame : sent) {
            assertThat(GuestRig.await(b)).isEqualTo(frame);
        }
        GuestRig.awaitThat(
                "all are used",
                () -> split(a.transmitRing()).usedIndex()
                        == split(a.transmitRing()).availableIndex());
        rig.port(0).close();
        split(a.transmitRing()).forgetUsed(4); // killed between forwarding and publishing
        rig.restart(0);
        a.reconnect(rig.socket(0), queue -> 0);
        for (byte[] again : sent.subList(6, 10)) {
            assertThat(GuestRig.await(b)).isEqualTo(again);
        }
        pass(a, b, 1, 2, 300);
        pass(b, a, 2, 1, 300);
    }

    @Test
    void aBufferThatWasFilledAndNotShownIsFilledAgain() throws Exception {
        byte[] lost = GuestToGuestTest.frame(1, 2, 80, new Random(1));
        int before = split(a.receiveRing()).usedIndex();
        assertThat(b.send(lost)).isTrue();
        GuestRig.awaitThat("it has come", () -> split(a.receiveRing()).usedIndex() != before);
        rig.port(0).close();
        split(a.receiveRing()).forgetUsed(1);
        rig.restart(0);
        a.reconnect(rig.socket(0), queue -> 0);
        pass(b, a, 2, 1, 300);
    }
}
