package io.patchbay.vhost.session;

import static io.patchbay.vhost.wire.Request.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What each request asks of the device, and how it is answered. */
class RequestsTest {

    private static final byte[] NOTHING = new byte[0];
    private static final long REPLY_ACK = ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.mask();
    private static final RegionDescription REGION = new RegionDescription(0x1000, 0x2000, 0x7f00_0000_0000L, 0x3000);
    private static final VringAddresses ADDRESSES = new VringAddresses(1, 0, 0x1000, 0x2000, 0x3000, 0);

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

    /** Request, payload, descriptors, what the device must be asked. */
    static Stream<Arguments> requestsWithoutReply() {
        return Stream.of(
                ask(SET_FEATURES, Message.number(0x1_4000_8000L), 0, "setFeatures 0x140008000"),
                ask(SET_OWNER, NOTHING, 0, "setOwner"),
                ask(RESET_OWNER, NOTHING, 0, "resetOwner"),
                ask(RESET_DEVICE, NOTHING, 0, "resetDevice"),
                ask(SET_MEM_TABLE, Message.memoryTable(List.of()), 0, "setMemoryTable [] with 0"),
                ask(
                        SET_MEM_TABLE,
                        Message.memoryTable(List.of(REGION, REGION)),
                        2,
                        "setMemoryTable " + List.of(REGION, REGION) + " with 2"),
                ask(
                        SET_MEM_TABLE,
                        Message.memoryTable(List.of(REGION, REGION, REGION, REGION, REGION, REGION, REGION, REGION)),
                        8,
                        "setMemoryTable " + List.of(REGION, REGION, REGION, REGION, REGION, REGION, REGION, REGION)
                                + " with 8"),
                ask(SET_LOG_FD, NOTHING, 1, "setLogSignal"),
                ask(SET_VRING_NUM, Message.state(1, 256), 0, "setVringSize 1 256"),
                ask(SET_VRING_NUM, Message.state(-1, -1), 0, "setVringSize 4294967295 4294967295"),
                ask(SET_VRING_ADDR, Message.addresses(ADDRESSES), 0, "setVringAddresses " + ADDRESSES),
                ask(SET_VRING_BASE, Message.state(1, 0xffff), 0, "setVringBase 1 65535"),
                ask(SET_VRING_KICK, Message.number(3), 1, "setVringKick 3 with a descriptor"),
                ask(SET_VRING_KICK, Message.number(0x103), 0, "setVringKick 3 without"),
                ask(SET_VRING_CALL, Message.number(255), 1, "setVringCall 255 with a descriptor"),
                ask(SET_VRING_CALL, Message.number(0x1ff), 0, "setVringCall 255 without"),
                ask(SET_VRING_ERR, Message.number(0), 1, "setVringError 0 with a descriptor"),
                ask(SET_VRING_ERR, Message.number(0x100), 0, "setVringError 0 without"),
                ask(SET_VRING_ENABLE, Message.state(2, 1), 0, "setVringEnabled 2 true"),
                ask(SET_VRING_ENABLE, Message.state(2, 0), 0, "setVringEnabled 2 false"),
                ask(SEND_RARP, Message.number(0x563412005452L), 0, "announce 0x563412005452"),
                ask(NET_SET_MTU, Message.number(9000), 0, "setMtu 9000"),
                ask(ADD_MEM_REG, Message.singleRegion(REGION), 1, "addMemoryRegion " + REGION),
                ask(REM_MEM_REG, Message.singleRegion(REGION), 0, "removeMemoryRegion " + REGION),
                ask(REM_MEM_REG, Message.singleRegion(REGION), 1, "removeMemoryRegion " + REGION),
                ask(SET_STATUS, Message.number(0xff0f), 0, "setStatus 15"));
    }

    static Stream<Arguments> requestsWithReply() {
        return Stream.of(
                reply(GET_FEATURES, NOTHING, "offeredFeatures", Message.number(RecordingDevice.FEATURES)),
                reply(GET_PROTOCOL_FEATURES, NOTHING, "offeredProtocolFeatures", Message.number(REPLY_ACK)),
                reply(GET_QUEUE_NUM, NOTHING, "queueNumber", Message.number(RecordingDevice.QUEUES)),
                reply(GET_MAX_MEM_SLOTS, NOTHING, "maxMemorySlots", Message.number(RecordingDevice.SLOTS)),
                reply(GET_STATUS, NOTHING, "status", Message.number(RecordingDevice.STATUS)),
                reply(GET_VRING_BASE, Message.state(5, 0), "stopVring 5", Message.state(5, RecordingDevice.BASE)));
    }

    private static Arguments ask(Request request, byte[] payload, int files, String call) {
        return argumentSet(request + ", " + files + " descriptors", request, payload, files, call);
    }

    private static Arguments reply(Request request, byte[] payload, String call, byte[] reply) {
        return argumentSet(request.toString(), request, payload, call, reply);
    }

    private void negotiateReplyAck() {
        frontEnd.send(Message.request(SET_PROTOCOL_FEATURES, false, Message.number(REPLY_ACK)), 0);
        synchronise();
        fixture.device.calls.clear();
    }

    /** When this is answered everything before it has been handled, and nothing else was answered. */
    private void synchronise() {
        frontEnd.send(Message.request(GET_STATUS, false, NOTHING), 0);
        assertThat(frontEnd.reply()).isEqualTo(Message.reply(40, Message.number(RecordingDevice.STATUS)));
    }

    @ParameterizedTest
    @MethodSource("requestsWithoutReply")
    void theDeviceIsAskedAndNothingIsAnswered(Request request, byte[] payload, int files, String call) {
        frontEnd.send(Message.request(request, false, payload), files);

        synchronise();
        assertThat(fixture.device.calls).containsExactly(call, "status");
    }

    @ParameterizedTest
    @MethodSource("requestsWithoutReply")
    void withoutReplyAckAWishForAnAnswerIsNotHeard(Request request, byte[] payload, int files, String call) {
        frontEnd.send(Message.request(SET_PROTOCOL_FEATURES, false, Message.number(0)), 0);
        synchronise();
        fixture.device.calls.clear();

        frontEnd.send(Message.request(request, true, payload), files);

        synchronise();
        assertThat(fixture.device.calls).containsExactly(call, "status");
    }

    @ParameterizedTest
    @MethodSource("requestsWithoutReply")
    void withReplyAckSuccessIsAnsweredIfAskedFor(Request request, byte[] payload, int files, String call) {
        negotiateReplyAck();

        frontEnd.send(Message.request(request, true, payload), files);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(request.number(), Message.number(0)));
        frontEnd.send(Message.request(request, false, payload), files);
        synchronise();
        assertThat(fixture.device.calls).containsExactly(call, call, "status");
    }

    @ParameterizedTest
    @MethodSource("requestsWithReply")
    void aRequestWithAReplyOfItsOwnGetsOnlyThat(Request request, byte[] payload, String call, byte[] reply) {
        negotiateReplyAck();

        frontEnd.send(Message.request(request, true, payload), 0);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(request.number(), reply));
        assertThat(fixture.device.calls).containsExactly(call);
        synchronise();
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"SET_FEATURES", "SET_MEM_TABLE", "SET_VRING_KICK", "ADD_MEM_REG", "REM_MEM_REG"})
    void aRefusalIsAnsweredIfAskedFor(Request request) {
        negotiateReplyAck();
        fixture.device.refusing = true;

        frontEnd.send(wellFormed(request, true), files(request));

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(request.number(), Message.number(1)));
        synchronise();
        assertThat(fixture.statistics().refused()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"SET_FEATURES", "SET_MEM_TABLE", "SET_VRING_KICK", "ADD_MEM_REG", "REM_MEM_REG"})
    void aRefusalNobodyAskedForEndsTheConnection(Request request) {
        negotiateReplyAck();
        fixture.device.refusing = true;

        frontEnd.send(wellFormed(request, false), files(request));

        frontEnd.awaitEnd();
        fixture.awaitEnds(1);
        assertThat(fixture.statistics().lastEnd()).contains(request.name()).contains("the test says no");
    }

    private static Message wellFormed(Request request, boolean needReply) {
        byte[] payload = switch (request) {
            case SET_MEM_TABLE -> Message.memoryTable(List.of(REGION));
            case ADD_MEM_REG, REM_MEM_REG -> Message.singleRegion(REGION);
            default -> Message.number(0);
        };
        return Message.request(request, needReply, payload);
    }

    private static int files(Request request) {
        return request == SET_FEATURES ? 0 : 1;
    }

    @Test
    void aLogIsAnsweredWithItsOwnDescription() {
        negotiateReplyAck();
        LogDescription log = new LogDescription(0x1234, 0x8000);

        frontEnd.send(Message.request(SET_LOG_BASE, true, Message.log(log)), 1);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(6, Message.log(log)));
        assertThat(fixture.device.calls).containsExactly("setLogBase " + log);
        synchronise();
    }

    @Test
    void aRefusedLogEndsTheConnectionSinceFrontEndsTakeEveryReplyForSuccess() {
        negotiateReplyAck();
        fixture.device.refusing = true;

        frontEnd.send(Message.request(SET_LOG_BASE, true, Message.log(new LogDescription(1, 0))), 1);

        frontEnd.awaitEnd();
        fixture.awaitEnds(1);
        assertThat(fixture.statistics().lastEnd()).contains("SET_LOG_BASE").contains("the test says no");
    }

    @Test
    void aRefusedVringBaseIsAnsweredWithNothing() {
        fixture.device.refusing = true;

        frontEnd.send(Message.request(GET_VRING_BASE, false, Message.state(9, 0)), 0);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(11, NOTHING));
        synchronise();
    }

    @Test
    void enablingWithANumberOtherThan0And1IsRefused() {
        negotiateReplyAck();

        frontEnd.send(Message.request(SET_VRING_ENABLE, true, Message.state(0, 2)), 0);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(18, Message.number(1)));
        assertThat(fixture.device.calls).isEmpty();
    }

    @Test
    void replyAckEndsWhenItIsNegotiatedAway() {
        negotiateReplyAck();

        frontEnd.send(Message.request(SET_PROTOCOL_FEATURES, true, Message.number(0)), 0);

        synchronise();
    }

    @Test
    void aFrontEndThatGoesOnAsInTheConversationBeforeIsAnswered() {
        negotiateReplyAck();
        frontEnd.close();
        fixture.awaitEnds(1);
        frontEnd = fixture.connect();

        frontEnd.send(Message.request(SET_STATUS, true, Message.number(0)), 0);

        assertThat(frontEnd.reply()).isEqualTo(Message.reply(39, Message.number(0)));
    }

    static Stream<Request> declined() {
        return Stream.of(Request.values()).filter(request -> !request.served());
    }

    @ParameterizedTest
    @MethodSource("declined")
    void aRequestOfAFeatureNotOfferedFailsAndTheConnectionGoesOn(Request request) {
        negotiateReplyAck();

        frontEnd.send(Message.request(request, true, new byte[24]), 1);

        byte[] failure = request.reply() == Request.Reply.ALWAYS ? request.failure() : Message.number(1);
        assertThat(frontEnd.reply()).isEqualTo(Message.reply(request.number(), failure));
        synchronise();
        assertThat(fixture.device.calls).containsExactly("status");
        assertThat(fixture.statistics().refused()).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("declined")
    void aRequestOfAFeatureNotOfferedIsAnsweredUnaskedOnlyIfItAlwaysIs(Request request) {
        frontEnd.send(Message.request(request, false, new byte[24]), 1);

        if (request.reply() == Request.Reply.ALWAYS) {
            assertThat(frontEnd.reply()).isEqualTo(Message.reply(request.number(), request.failure()));
        }
        synchronise();
    }

    @Test
    void anUnknownRequestFailsIfAskedForAndTheConnectionGoesOn() {
        negotiateReplyAck();

        frontEnd.send(new Message(4711, 0b1001, new byte[4096]), 3);
        assertThat(frontEnd.reply()).isEqualTo(Message.reply(4711, Message.number(1)));

        frontEnd.send(new Message(-1, 0b1, new byte[0]), 3);
        synchronise();
        assertThat(fixture.device.calls).containsExactly("status");
        assertThat(fixture.statistics().refused()).isEqualTo(2);
    }

    @Test
    void refusedFeaturesDoNotEndTheConnectionOfWhoCanSeeThemInTheStatus() {
        long status = ProtocolFeature.VHOST_USER_PROTOCOL_F_STATUS.mask();
        frontEnd.send(Message.request(SET_PROTOCOL_FEATURES, false, Message.number(status)), 0);
        synchronise();
        fixture.device.refusing = true;
        frontEnd.send(Message.request(SET_FEATURES, false, Message.number(0)), 0);
        synchronise();
    }

    @Test
    void refusedFeaturesEndTheConnectionOfWhoCannot() {
        fixture.device.refusing = true;
        frontEnd.send(Message.request(SET_FEATURES, false, Message.number(0)), 0);
        frontEnd.awaitEnd();
    }
}
