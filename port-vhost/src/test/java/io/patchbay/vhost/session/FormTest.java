package io.patchbay.vhost.session;

import static io.patchbay.vhost.wire.Request.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages with the wrong size or the wrong descriptors never reach the device, and leave nothing open. */
class FormTest {

    private static final RegionDescription REGION = new RegionDescription(0x1000, 0x2000, 0x3000, 0);

    @TempDir
    private Path directory;

    private long descriptorsBefore;
    private ServerFixture fixture;
    private TestFrontEnd frontEnd;

    @BeforeEach
    void connect() throws IOException {
        descriptorsBefore = OpenDescriptors.count();
        fixture = new ServerFixture(directory);
        frontEnd = fixture.connect();
        frontEnd.send(
                Message.request(
                        SET_PROTOCOL_FEATURES,
                        false,
                        Message.number(ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.mask())),
                0);
        synchronise();
        fixture.device.calls.clear();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        frontEnd.close();
        fixture.close();
        OpenDescriptors.awaitCount(descriptorsBefore);
    }

    private void synchronise() {
        frontEnd.send(Message.request(GET_STATUS, false, new byte[0]), 0);
        assertThat(frontEnd.reply().asNumber()).isEqualTo(RecordingDevice.STATUS);
    }

    static Stream<Arguments> wrongForms() {
        return Stream.of(
                form(SET_OWNER, new byte[1], 0),
                form(SET_OWNER, new byte[0], 1),
                form(SET_FEATURES, new byte[0], 0),
                form(SET_FEATURES, new byte[7], 0),
                form(SET_FEATURES, new byte[9], 0),
                form(SET_FEATURES, new byte[4096], 0),
                form(SET_FEATURES, new byte[8], 8),
                form(SET_LOG_FD, new byte[0], 0),
                form(SET_LOG_FD, new byte[0], 2),
                form(SET_LOG_FD, new byte[8], 1),
                form(SET_VRING_NUM, new byte[4], 0),
                form(SET_VRING_NUM, new byte[8], 1),
                form(SET_VRING_ADDR, new byte[39], 0),
                form(SET_VRING_ADDR, new byte[41], 0),
                form(SET_VRING_KICK, new byte[4], 1),
                form(SET_VRING_KICK, Message.number(0), 0),
                form(SET_VRING_KICK, Message.number(0), 2),
                form(SET_VRING_KICK, Message.number(0x100), 1),
                form(SET_VRING_CALL, Message.number(0), 0),
                form(SET_VRING_ERR, Message.number(0), 8),
                form(SET_MEM_TABLE, new byte[0], 0),
                form(SET_MEM_TABLE, new byte[7], 0),
                form(SET_MEM_TABLE, Message.state(33, 0), 32),
                form(SET_MEM_TABLE, Message.state(-1, 0), 0),
                form(SET_MEM_TABLE, Message.memoryTable(List.of(REGION)), 0),
                form(SET_MEM_TABLE, Message.memoryTable(List.of(REGION)), 2),
                form(SET_MEM_TABLE, table(33, 33), 32),
                form(SET_MEM_TABLE, table(1, 2), 1),
                form(SET_MEM_TABLE, table(2, 1), 2),
                form(SET_MEM_TABLE, table(0, 1), 0),
                form(SET_MEM_TABLE, Arrays.copyOf(table(1, 1), 8 + 31), 1),
                form(SET_MEM_TABLE, Arrays.copyOf(table(1, 1), 8 + 33), 1),
                form(ADD_MEM_REG, Message.singleRegion(REGION), 0),
                form(ADD_MEM_REG, Message.singleRegion(REGION), 2),
                form(ADD_MEM_REG, new byte[32], 1),
                form(REM_MEM_REG, Message.singleRegion(REGION), 2),
                form(SET_STATUS, new byte[1], 0),
                form(SEND_RARP, new byte[6], 0));
    }

    /** A memory table that counts so many regions and has so many. */
    private static byte[] table(int counted, int there) {
        byte[] payload = Message.memoryTable(Collections.nCopies(there, REGION));
        payload[MessageDescriptor.TABLE_COUNT] = (byte) counted;
        return payload;
    }

    private static Arguments form(Request request, byte[] payload, int files) {
        return argumentSet(
                request + " of " + payload.length + " bytes with " + files + " descriptors", request, payload, files);
    }

    static Stream<Arguments> wrongLogs() {
        return Stream.of(
                form(SET_LOG_BASE, new byte[16], 0),
                form(SET_LOG_BASE, new byte[16], 2),
                form(SET_LOG_BASE, new byte[8], 1),
                form(SET_LOG_BASE, new byte[17], 1));
    }

    @ParameterizedTest
    @MethodSource("wrongLogs")
    void aLogOfWrongFormEndsTheConnection(Request request, byte[] payload, int files) {
        frontEnd.send(Message.request(request, true, payload), files);

        frontEnd.awaitEnd();
        fixture.awaitEnds(1);
        assertThat(fixture.device.calls).containsExactly("disconnected");
    }

    @ParameterizedTest
    @MethodSource("wrongForms")
    void aWrongFormFailsIfAnAnswerIsAskedFor(Request request, byte[] payload, int files) {
        frontEnd.send(Message.request(request, true, payload), files);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(request.number(), Message.number(1)));
        synchronise();
        assertThat(fixture.device.calls).containsExactly("status");
    }

    @ParameterizedTest
    @MethodSource("wrongForms")
    void aWrongFormEndsTheConnectionIfNoAnswerIsAskedFor(Request request, byte[] payload, int files) {
        frontEnd.send(Message.request(request, false, payload), files);

        frontEnd.awaitEnd();
        fixture.awaitEnds(1);
        assertThat(fixture.device.calls).containsExactly("disconnected");
        assertThat(fixture.statistics().lastEnd()).contains(request.name());
    }

    @Test
    void aRequestWithAReplyOfItsOwnFailsByThatReply() {
        frontEnd.send(Message.request(GET_FEATURES, true, new byte[8]), 1);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(1, new byte[0]));
        synchronise();
    }

    @Test
    void thirtyThreeDescriptorsAreMoreThanAnyMessageHas() {
        frontEnd.send(Message.request(SET_MEM_TABLE, true, Message.memoryTable(List.of(REGION))), 33);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(5, Message.number(1)));
        synchronise();
        assertThat(fixture.device.calls).containsExactly("status");
    }

    @Test
    void oneDescriptorMoreThanTheLargestTableNeedsFailsIt() {
        byte[] largest = table(32, 32);
        frontEnd.send(Message.request(SET_MEM_TABLE, true, largest), 33);
        assertThat(frontEnd.reply()).isEqualTo(Message.reply(5, Message.number(1)));

        frontEnd.send(Message.request(SET_MEM_TABLE, true, largest), 32);
        assertThat(frontEnd.reply()).isEqualTo(Message.reply(5, Message.number(0)));
    }

    @Test
    void descriptorsTheKernelCutsOffFailTheMessage() {
        frontEnd.send(Message.request(SET_MEM_TABLE, true, Message.memoryTable(List.of(REGION))), 200);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(5, Message.number(1)));
        synchronise();
        assertThat(fixture.statistics().lastRefusal())
                .as("the kernel also cuts off what we cannot have open")
                .contains("more than 32 descriptors, or more than this process may have open");
    }

    @Test
    void descriptorsThatComeWithEachByteDoNotAddUp() {
        byte[] bytes = new Message(4711, 0b1001, new byte[100]).encode();
        for (int i = 0; i < bytes.length - 1; i++) {
            frontEnd.send(bytes, i, i + 1, 30);
        }
        // What the fixture has, what one message may bring, and what one read has brought and not closed yet; not 30
        // with each of 111 bytes. The session needs far less time to read them.
        long most = descriptorsBefore + 4 + 32 + 32;
        for (long end = System.nanoTime() + 500_000_000L; System.nanoTime() - end < 0; ) {
            assertThat(OpenDescriptors.count()).isLessThanOrEqualTo(most);
        }
        frontEnd.send(bytes, bytes.length - 1, bytes.length, 0);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(4711, Message.number(1)));
    }

    @Test
    void descriptorsThatWereTooManyForOneMessageDoNotSpoilTheNext() {
        frontEnd.send(Message.request(SET_OWNER, true, new byte[0]), 20);
        assertThat(frontEnd.reply().asNumber()).isEqualTo(1);

        frontEnd.send(Message.request(SET_VRING_CALL, true, Message.number(0)), 1);

        assertThat(frontEnd.reply().asNumber()).isZero();
        assertThat(fixture.device.calls).containsExactly("setVringCall 0 with a descriptor");
    }
}
