package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages are found in the stream however it is cut, and a stream that is not vhost-user ends. */
class FramingTest {

    private static final RegionDescription REGION = new RegionDescription(0x1000, 0x2000, 0x3000, 0);
    private static final List<RegionDescription> REGIONS = List.of(REGION, REGION);
    private static final byte[] TABLE = Message.request(Request.SET_MEM_TABLE, false, Message.memoryTable(REGIONS))
            .encode();
    private static final byte[] STATUS =
            Message.request(Request.GET_STATUS, false, new byte[0]).encode();

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
    }

    @AfterEach
    void nothingIsLeftOpen() {
        frontEnd.close();
        fixture.close();
        OpenDescriptors.awaitCount(descriptorsBefore);
    }

    static IntStream cuts() {
        return IntStream.rangeClosed(1, TABLE.length - 1);
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void aMessageCutAnywhereIsPutTogether(int cut) {
        frontEnd.send(TABLE, 0, cut, 2);
        frontEnd.send(TABLE, cut, TABLE.length, 0);
        frontEnd.send(STATUS, 0);

        assertThat(frontEnd.reply().request()).isEqualTo(40);
        assertThat(fixture.device.calls).containsExactly("setMemoryTable " + REGIONS + " with 2", "status");
    }

    @Test
    void aMessageMayComeByteByByteWithADescriptorHereAndThere() {
        for (int i = 0; i < TABLE.length; i++) {
            frontEnd.send(TABLE, i, i + 1, i == 0 || i == 40 ? 1 : 0);
        }
        frontEnd.send(STATUS, 0);

        assertThat(frontEnd.reply().request()).isEqualTo(40);
        assertThat(fixture.device.calls).containsExactly("setMemoryTable " + REGIONS + " with 2", "status");
    }

    @Test
    void messagesThatComeTogetherAreTakenApart() {
        ByteBuffer both = ByteBuffer.allocate(3 * STATUS.length);
        both.put(STATUS).put(STATUS).put(STATUS);
        frontEnd.send(both.array(), 0);

        for (int i = 0; i < 3; i++) {
            assertThat(frontEnd.reply().request()).isEqualTo(40);
        }
    }

    @Test
    void descriptorsOfTwoMessagesSentAtOnceStayApart() {
        byte[] kick = Message.request(Request.SET_VRING_KICK, false, Message.number(0))
                .encode();
        byte[] call = Message.request(Request.SET_VRING_CALL, false, Message.number(1))
                .encode();
        frontEnd.send(kick, 1);
        frontEnd.send(call, 1);
        frontEnd.send(STATUS, 0);

        assertThat(frontEnd.reply().request()).isEqualTo(40);
        assertThat(fixture.device.calls)
                .containsExactly("setVringKick 0 with a descriptor", "setVringCall 1 with a descriptor", "status");
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void aConnectionCutAnywhereIsClearedUpOnce(int cut) {
        frontEnd.send(TABLE, 0, cut, 2);
        frontEnd.close();

        fixture.awaitEnds(1);
        assertThat(fixture.device.calls).containsExactly("disconnected");
        assertThat(fixture.statistics().lastEnd()).isEqualTo("the front end closed in the middle of a message");
    }

    @Test
    void aConnectionThatEndsBetweenMessagesSaysSo() {
        frontEnd.send(STATUS, 0);
        assertThat(frontEnd.reply().request()).isEqualTo(40);
        frontEnd.close();

        fixture.awaitEnds(1);
        assertThat(fixture.statistics().lastEnd()).isEqualTo("the front end closed");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, version 0 instead of 1",
        "2, 0, version 2 instead of 1",
        "3, 0, version 3 instead of 1",
        "5, 0, a reply",
        "1, 4097, payload of 4097 bytes",
        "1, -1, payload of 4294967295 bytes",
        "1, -2147483648, payload of 2147483648 bytes"
    })
    void aHeaderThatIsNotVhostUserEndsTheConnection(int flags, int size, String reason) {
        ByteBuffer header = ByteBuffer.allocate(MessageDescriptor.HEADER_BYTES).order(MessageDescriptor.ORDER);
        header.putInt(0, 40).putInt(4, flags).putInt(8, size);

        frontEnd.send(header.array(), 2);

        frontEnd.awaitEnd();
        fixture.awaitEnds(1);
        assertThat(fixture.statistics().lastEnd()).contains(reason);
        assertThat(fixture.device.calls).containsExactly("disconnected");
    }

    @Test
    void theNextFrontEndStartsWithACleanStream() {
        frontEnd.send(TABLE, 0, 30, 2);
        frontEnd.close();
        fixture.awaitEnds(1);
        frontEnd = fixture.connect();

        frontEnd.send(TABLE, 2);
        frontEnd.send(STATUS, 0);

        assertThat(frontEnd.reply().request()).isEqualTo(40);
        assertThat(fixture.device.calls)
                .containsExactly("disconnected", "setMemoryTable " + REGIONS + " with 2", "status");
    }
}
