package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SessionServerTest {

    private static final byte[] STATUS =
            Message.request(Request.GET_STATUS, false, new byte[0]).encode();
    private static final Patience SHORT = new Patience(Duration.ofMillis(200), Duration.ofMillis(200));

    @TempDir
    private Path directory;

    private long descriptorsBefore;

    @BeforeEach
    void countDescriptors() {
        descriptorsBefore = OpenDescriptors.count();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        OpenDescriptors.awaitCount(descriptorsBefore);
    }

    private static void awaitServed(TestFrontEnd frontEnd) {
        frontEnd.send(STATUS, 0);
        assertThat(frontEnd.reply().request()).isEqualTo(40);
    }

    @Test
    void aServedFrontEndIsKnownByItsProcess() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory);
                TestFrontEnd frontEnd = fixture.connect()) {
            awaitServed(frontEnd);

            assertThat(fixture.server.connected()).isTrue();
            assertThat(fixture.statistics().peer().orElseThrow().pid())
                    .isEqualTo((int) ProcessHandle.current().pid());
            assertThat(fixture.statistics().connects()).isEqualTo(1);
        }
    }

    @Test
    void aSecondFrontEndIsTurnedAwayAndTheFirstGoesOn() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory);
                TestFrontEnd first = fixture.connect()) {
            awaitServed(first);
            try (TestFrontEnd second = fixture.connect()) {
                second.awaitEnd();
            }

            awaitServed(first);
            assertThat(fixture.statistics().turnedAway()).isEqualTo(1);
            assertThat(fixture.statistics().connects()).isEqualTo(1);
            assertThat(fixture.device.disconnects()).isZero();
        }
    }

    @Test
    void aFrontEndThatReconnectsAtOnceIsServed() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory)) {
            for (int i = 0; i < 500; i++) {
                try (TestFrontEnd frontEnd = fixture.connect()) {
                    awaitServed(frontEnd);
                }
            }
            assertThat(fixture.statistics().turnedAway()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aFrontEndThatReconnectsWhileItsMessagesAreUnreadIsServed(int messages) throws IOException {
        byte[] owner = Message.request(Request.SET_OWNER, false, new byte[0]).encode();
        try (ServerFixture fixture = new ServerFixture(directory)) {
            fixture.device.burning = Duration.ofMillis(100);
            try (TestFrontEnd first = fixture.connect()) {
                for (int i = 0; i < messages; i++) {
                    first.send(owner, 0);
                }
                Waiting.until(
                        Duration.ofSeconds(10),
                        () -> "the first message is being obeyed: " + fixture.device.calls,
                        () -> fixture.device.calls.contains("setOwner"));
            }
            try (TestFrontEnd again = fixture.connect()) {
                awaitServed(again);
            }
            assertThat(fixture.statistics().turnedAway()).isZero();
        }
    }

    @Test
    void twoThousandFrontEndsOneAfterAnotherLeaveNothingBehind() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory)) {
            for (int i = 1; i <= 2000; i++) {
                try (TestFrontEnd frontEnd = fixture.connect()) {
                    frontEnd.send(Message.request(Request.SET_VRING_CALL, false, Message.number(0)), 1);
                    awaitServed(frontEnd);
                }
                fixture.awaitEnds(i);
            }
            assertThat(fixture.statistics().connects()).isEqualTo(2000);
            assertThat(fixture.statistics().turnedAway()).isZero();
        }
    }

    @Test
    void aSilentFrontEndMayStay() throws Exception {
        try (ServerFixture fixture = new ServerFixture(directory, SHORT);
                TestFrontEnd frontEnd = fixture.connect()) {
            awaitServed(frontEnd);
            Thread.sleep(SHORT.message().multipliedBy(3));

            awaitServed(frontEnd);
        }
    }

    @Test
    void aSilentFrontEndDoesNotHoldUpTheEnd() throws IOException {
        ServerFixture fixture = new ServerFixture(directory);
        try (TestFrontEnd frontEnd = fixture.connect()) {
            awaitServed(frontEnd);
            long begun = System.nanoTime();
            fixture.close();

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
            frontEnd.awaitEnd();
            assertThat(fixture.device.disconnects()).isEqualTo(1);
            assertThat(fixture.statistics().lastEnd()).isEqualTo("the port was closed");
            assertThat(fixture.path).doesNotExist();
        }
    }

    @Test
    void closingAgainDoesNothing() throws IOException {
        ServerFixture fixture = new ServerFixture(directory);
        fixture.close();
        fixture.close();

        assertThat(fixture.device.disconnects()).isZero();
    }

    @Test
    void aMessageThatIsNotFinishedInTimeEndsTheConnection() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory, SHORT);
                TestFrontEnd frontEnd = fixture.connect()) {
            frontEnd.send(STATUS, 0, 5, 1);

            frontEnd.awaitEnd();
            fixture.awaitEnds(1);
            assertThat(fixture.statistics().lastEnd()).contains("did not finish a message within 200 ms");
        }
    }

    @Test
    void aTrickleOfBytesDoesNotExtendTheTime() throws Exception {
        byte[] bytes =
                Message.request(Request.SET_FEATURES, false, new byte[4000]).encode();
        try (ServerFixture fixture = new ServerFixture(directory, SHORT);
                TestFrontEnd frontEnd = fixture.connect()) {
            long begun = System.nanoTime();
            int sent = 0;
            while (fixture.device.disconnects() == 0 && sent < 100) {
                try {
                    frontEnd.send(bytes, sent, sent + 1, 0);
                } catch (LinuxException e) {
                    break; // the server has gone, as it should
                }
                sent++;
                Thread.sleep(50);
            }

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
            fixture.awaitEnds(1);
            assertThat(fixture.statistics().lastEnd()).contains("did not finish a message");
        }
    }

    @Test
    void aFrontEndThatNeverReadsItsRepliesIsLetGo() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory, SHORT);
                TestFrontEnd frontEnd = fixture.connect()) {
            fill(fixture, frontEnd);

            fixture.awaitEnds(1);
            assertThat(fixture.statistics().lastEnd()).contains("does not read its replies");
        }
    }

    @Test
    void aFrontEndThatNeverReadsItsRepliesDoesNotHoldUpTheEnd() throws IOException {
        Patience patient = new Patience(Duration.ofSeconds(30), Duration.ofSeconds(30));
        ServerFixture fixture = new ServerFixture(directory, patient);
        try (TestFrontEnd frontEnd = fixture.connect()) {
            fill(fixture, frontEnd);
            long begun = System.nanoTime();
            fixture.close();

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
            assertThat(fixture.device.disconnects()).isEqualTo(1);
        }
    }

    /** Asks without reading until the server takes no more, which is when it waits for room for a reply. */
    private static void fill(ServerFixture fixture, TestFrontEnd frontEnd) {
        long answered = -1;
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (fixture.device.disconnects() == 0 && System.nanoTime() - end < 0) {
            boolean room;
            try {
                room = frontEnd.trySend(STATUS);
            } catch (LinuxException e) {
                return;
            }
            if (!room) {
                long now = fixture.device.calls.size();
                if (now == answered) {
                    return;
                }
                answered = now;
                LockSupport.parkNanos(50_000_000);
            }
        }
    }

    @Test
    void disconnectingEndsTheConversationWithItsReason() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory)) {
            try (TestFrontEnd frontEnd = fixture.connect()) {
                awaitServed(frontEnd);
                fixture.server.disconnect("the operator wants it");

                frontEnd.awaitEnd();
                fixture.awaitEnds(1);
            }
            assertThat(fixture.statistics().lastEnd()).isEqualTo("the operator wants it");
            try (TestFrontEnd next = fixture.connect()) {
                awaitServed(next);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAFrontEndSaidBeforeItWasDisconnectedIsNotObeyedAfterwards(boolean closed) throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory);
                TestFrontEnd frontEnd = fixture.connect()) {
            awaitServed(frontEnd);
            fixture.device.burning = Duration.ofMillis(300);
            byte[] owner =
                    Message.request(Request.SET_OWNER, false, new byte[0]).encode();
            frontEnd.send(owner, 0);
            frontEnd.send(owner, 0);
            Waiting.until(
                    Duration.ofSeconds(10),
                    () -> "the first is being obeyed: " + fixture.device.calls,
                    () -> fixture.device.calls.contains("setOwner"));

            if (closed) {
                fixture.server.close();
            } else {
                fixture.server.disconnect("enough");
            }

            fixture.awaitEnds(1);
            assertThat(fixture.device.calls).containsOnlyOnce("setOwner");
        }
    }

    @Test
    void disconnectingNobodyDoesNotHurtTheNext() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory)) {
            fixture.server.disconnect("nobody is there");
            try (TestFrontEnd frontEnd = fixture.connect()) {
                awaitServed(frontEnd);
            }
            fixture.awaitEnds(1);
            assertThat(fixture.statistics().lastEnd()).isEqualTo("the front end closed");
        }
    }

    @Test
    void aDeviceThatFailsEndsTheConversationButNotTheServer() throws IOException {
        try (ServerFixture fixture = new ServerFixture(directory)) {
            fixture.device.failing = true;
            try (TestFrontEnd frontEnd = fixture.connect()) {
                frontEnd.send(Message.request(Request.SET_MEM_TABLE, false, Message.memoryTable(List.of())), 0);
                frontEnd.awaitEnd();
                fixture.awaitEnds(1);
            }
            assertThat(fixture.statistics().lastEnd()).contains("the test makes the device fail");

            fixture.device.failing = false;
            try (TestFrontEnd next = fixture.connect()) {
                awaitServed(next);
            }
        }
    }

    /** After a message that takes so long, the next has to wait for 40 seconds. */
    private static final Duration COSTLY = Duration.ofMillis(600);

    private static final Allowance.Limit LITTLE = new Allowance.Limit(Duration.ofMillis(200), 1);

    private static void costTooMuch(ServerFixture fixture, TestFrontEnd frontEnd) {
        fixture.device.burning = COSTLY;
        awaitServed(frontEnd);
        Waiting.until(
                Duration.ofSeconds(10),
                () -> "it is kept waiting: " + fixture.statistics(),
                () -> fixture.statistics().keptWaiting() == 1);
    }

    @Test
    void aFrontEndThatCostsTooMuchIsNotServedUntilThatIsEarned() throws Exception {
        try (ServerFixture fixture = new ServerFixture(directory, Patience.DEFAULT, LITTLE);
                TestFrontEnd frontEnd = fixture.connect()) {
            costTooMuch(fixture, frontEnd);
            frontEnd.send(STATUS, 0);
            Thread.sleep(300);

            assertThat(fixture.device.calls).containsExactly("status");
        }
    }

    @Test
    void aFrontEndThatHasEarnedItIsServedAgain() throws IOException {
        Allowance.Limit soon = new Allowance.Limit(LITTLE.atOnce(), 50);
        try (ServerFixture fixture = new ServerFixture(directory, Patience.DEFAULT, soon);
                TestFrontEnd frontEnd = fixture.connect()) {
            costTooMuch(fixture, frontEnd);
            fixture.device.burning = Duration.ZERO;

            awaitServed(frontEnd);
            assertThat(fixture.statistics().keptWaiting()).isEqualTo(1);
        }
    }

    @Test
    void whoCostTooMuchMayLeaveAndWhoeverComesNextHasToWait() throws Exception {
        try (ServerFixture fixture = new ServerFixture(directory, Patience.DEFAULT, LITTLE)) {
            try (TestFrontEnd frontEnd = fixture.connect()) {
                costTooMuch(fixture, frontEnd);
            }
            fixture.awaitEnds(1);
            assertThat(fixture.statistics().lastEnd()).isEqualTo("the front end closed");

            try (TestFrontEnd next = fixture.connect()) {
                next.send(STATUS, 0);
                Thread.sleep(300);
                assertThat(fixture.statistics().connects()).isEqualTo(1);
            }
        }
    }

    @Test
    void aFrontEndThatIsKeptWaitingDoesNotHoldUpTheEnd() throws IOException {
        ServerFixture fixture = new ServerFixture(directory, Patience.DEFAULT, LITTLE);
        try (TestFrontEnd frontEnd = fixture.connect()) {
            costTooMuch(fixture, frontEnd);
            fixture.close();

            frontEnd.awaitEnd();
            assertThat(fixture.statistics().lastEnd()).isEqualTo("the port was closed");
        }
    }
}
