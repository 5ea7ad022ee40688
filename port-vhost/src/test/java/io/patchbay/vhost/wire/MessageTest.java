package io.patchbay.vhost.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Offsets stand here a second time, as numbers from the specification, so that a slip in the descriptor shows. */
class MessageTest {

    private static ByteBuffer bytes(Message message) {
        return ByteBuffer.wrap(message.encode()).order(ByteOrder.nativeOrder());
    }

    private static Message message(byte[] payload) {
        return Message.request(Request.SET_OWNER, false, payload);
    }

    @Test
    void aRequestBeginsWithNumberFlagsAndSize() {
        ByteBuffer bytes = bytes(Message.request(Request.SET_FEATURES, false, Message.number(0x1122334455667788L)));

        assertThat(bytes.capacity()).isEqualTo(20);
        assertThat(bytes.getInt(0)).isEqualTo(2);
        assertThat(bytes.getInt(4)).isEqualTo(1);
        assertThat(bytes.getInt(8)).isEqualTo(8);
        assertThat(bytes.getLong(12)).isEqualTo(0x1122334455667788L);
    }

    @Test
    void messagesAreTheSameIfAllTheirPartsAre() {
        Message one = new Message(1, 5, new byte[] {7});
        assertThat(one).isEqualTo(new Message(1, 5, new byte[] {7})).hasSameHashCodeAs(new Message(1, 5, new byte[] {7
        }));
        assertThat(one)
                .isNotEqualTo(new Message(2, 5, new byte[] {7}))
                .isNotEqualTo(new Message(1, 4, new byte[] {7}))
                .isNotEqualTo(new Message(1, 5, new byte[] {8}))
                .isNotEqualTo("a message");
    }

    @Test
    void aRequestThatWantsAnAnswerHasBit3() {
        assertThat(bytes(Message.request(Request.SET_OWNER, true, new byte[0])).getInt(4))
                .isEqualTo(0b1001);
    }

    @Test
    void aReplyHasBit2AndNotBit3() {
        assertThat(bytes(Message.reply(1, Message.number(0))).getInt(4)).isEqualTo(0b101);
    }

    @Test
    void aVringStateIsIndexAndNumberOf32BitsEach() {
        ByteBuffer bytes = bytes(message(Message.state(0xfffffffe, 7)));

        assertThat(bytes.getInt(12)).isEqualTo(0xfffffffe);
        assertThat(bytes.getInt(16)).isEqualTo(7);
        assertThat(message(Message.state(0xfffffffe, -1)).stateIndex()).isEqualTo(0xfffffffeL);
        assertThat(message(Message.state(0, -1)).stateNumber()).isEqualTo(0xffffffffL);
    }

    @Test
    void vringAddressesLieDescriptorsUsedAvailableLog() {
        VringAddresses addresses = new VringAddresses(3, 1, 0x1000, 0x2000, 0x3000, 0x4000);
        ByteBuffer bytes = bytes(message(Message.addresses(addresses)));

        assertThat(bytes.capacity()).isEqualTo(12 + 40);
        assertThat(bytes.getInt(12)).isEqualTo(3);
        assertThat(bytes.getInt(16)).isEqualTo(1);
        assertThat(LongStream.iterate(20, at -> at + 8).limit(4).map(at -> bytes.getLong((int) at)))
                .containsExactly(0x1000L, 0x2000L, 0x3000L, 0x4000L);
        assertThat(message(Message.addresses(addresses)).asAddresses()).isEqualTo(addresses);
    }

    @Test
    void aMemoryTableIsCountPaddingAndRegionsOf32Bytes() {
        List<RegionDescription> regions =
                List.of(new RegionDescription(1, 2, 3, 4), new RegionDescription(5, 6, 7, -8));
        ByteBuffer bytes = bytes(message(Message.memoryTable(regions)));

        assertThat(bytes.capacity()).isEqualTo(12 + 8 + 2 * 32);
        assertThat(bytes.getInt(12)).isEqualTo(2);
        assertThat(LongStream.range(0, 8).map(i -> bytes.getLong((int) (20 + 8 * i))))
                .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, -8L);
        assertThat(message(Message.memoryTable(regions)).tableCount()).isEqualTo(2);
        assertThat(message(Message.memoryTable(regions)).asTable()).isEqualTo(regions);
    }

    @Test
    void aSingleRegionComesAfterEightBytesOfPadding() {
        RegionDescription region = new RegionDescription(0xa, 0xb, 0xc, 0xd);
        ByteBuffer bytes = bytes(message(Message.singleRegion(region)));

        assertThat(bytes.capacity()).isEqualTo(12 + 40);
        assertThat(bytes.getLong(12)).isZero();
        assertThat(bytes.getLong(20)).isEqualTo(0xa);
        assertThat(message(Message.singleRegion(region)).asSingleRegion()).isEqualTo(region);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 7})
    void aTableTooShortToHaveACountHasNone(int bytes) {
        assertThat(message(new byte[bytes]).tableCount()).isEqualTo(-1);
    }

    @Test
    void aTableCountIsUnsigned() {
        assertThat(message(Message.state(-1, 0)).tableCount()).isEqualTo(0xffffffffL);
    }
}
