package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What the configuration limits of a port's frames, as guests and operators notice it. */
@Timeout(60)
class PortLimitsTest {

    private static final String MINE = "52:54:00:00:00:01";
    private static final String OTHER = "52:54:00:00:00:02";
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";

    private static SwitchUnderTest start(String switching, String limits) throws Exception {
        String first = SwitchUnderTest.guestPort(0);
        return SwitchUnderTest.start(
                List.of(first.substring(0, first.length() - 1) + limits + "}", SwitchUnderTest.guestPort(1)),
                "adaptive\"," + switching + "\"waiter\":\"auto");
    }

    private static FrontEnd connect(SwitchUnderTest patchbay, int guest) throws Exception {
        return FrontEnd.connect(patchbay.socket(guest), FrontEndSettings.MODERN, 2048);
    }

    private static void awaitDropped(SwitchUnderTest patchbay, String reason, long frames) throws Exception {
        for (int tries = 0; tries < 500 && patchbay.dropped("vm0", reason) < frames; tries++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(patchbay.dropped("vm0", reason)).isEqualTo(frames);
    }

    @Test
    @DisplayName("S31: a port with addresses sends from no other")
    void aPortWithAddressesSendsFromNoOther() throws Exception {
        try (SwitchUnderTest patchbay = start("", ",\"addresses\":[\"" + MINE + "\"]");
                FrontEnd guest = connect(patchbay, 0);
                FrontEnd peer = connect(patchbay, 1)) {
            guest.send(OperatedSwitch.frame(BROADCAST, OTHER));
            awaitDropped(patchbay, "spoofed_source", 1);
            guest.send(OperatedSwitch.frame(BROADCAST, MINE));
            patchbay.awaitReceived(2);

            assertThat(peer.receive()).contains(OperatedSwitch.frame(BROADCAST, MINE));
            assertThat(patchbay.ask("/v1/fdb"))
                    .singleElement()
                    .satisfies(line ->
                            assertThat(line.get("address").stringValue()).isEqualTo(MINE));
        }
    }

    @Test
    @DisplayName("S32: a port with a flood limit floods no more")
    void aPortWithAFloodLimitFloodsNoMore() throws Exception {
        try (SwitchUnderTest patchbay = start("", ",\"floodLimit\":1");
                FrontEnd guest = connect(patchbay, 0);
                FrontEnd peer = connect(patchbay, 1)) {
            for (int i = 0; i < 200; i++) {
                guest.send(OperatedSwitch.frame(BROADCAST, MINE));
            }
            patchbay.awaitReceived(200);

            // 64 at once and one a second; how long this takes is not for a test to say.
            assertThat(patchbay.dropped("vm0", "flood_limit")).isBetween(100L, 136L);
            assertThat(peer.receive()).isPresent();
        }
    }

    @Test
    @DisplayName("S31: an address that moves too often is held, and operators see it")
    void anAddressThatMovesTooOftenIsHeld() throws Exception {
        try (SwitchUnderTest patchbay = start("\"moveLimit\":3,", "");
                FrontEnd victim = connect(patchbay, 0);
                FrontEnd thief = connect(patchbay, 1)) {
            for (int i = 0; i < 10; i++) {
                victim.send(OperatedSwitch.frame(BROADCAST, MINE));
                patchbay.awaitReceived(2 * i + 1);
                thief.send(OperatedSwitch.frame(BROADCAST, MINE));
                patchbay.awaitReceived(2 * i + 2);
            }
            JsonNode line = patchbay.ask("/v1/fdb").get(0);
            assertThat(line.get("port").stringValue()).isEqualTo("vm0");
            assertThat(line.get("held").booleanValue()).isTrue();
        }
    }
}
