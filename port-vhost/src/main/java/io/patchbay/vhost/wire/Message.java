package io.patchbay.vhost.wire;

import static io.patchbay.vhost.wire.MessageDescriptor.ADDRESS_AVAILABLE;
import static io.patchbay.vhost.wire.MessageDescriptor.ADDRESS_DESCRIPTORS;
import static io.patchbay.vhost.wire.MessageDescriptor.ADDRESS_FLAGS;
import static io.patchbay.vhost.wire.MessageDescriptor.ADDRESS_INDEX;
import static io.patchbay.vhost.wire.MessageDescriptor.ADDRESS_LOG;
import static io.patchbay.vhost.wire.MessageDescriptor.ADDRESS_USED;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One message: a request or a reply, without the descriptors that go with it.
 *
 * @param request number of the request, not necessarily a known one
 * @param flags as in the header
 * @param payload at most {@link MessageDescriptor#MAX_PAYLOAD_BYTES}
 */
public record Message(int request, int flags, byte[] payload) {

    /** A request. */
    public static Message request(Request request, boolean needReply, byte[] payload) {
        int flags = MessageDescriptor.VERSION | (needReply ? MessageDescriptor.FLAG_NEED_REPLY : 0);
        return new Message(request.number(), flags, payload);
    }

    /** The reply to a request. */
    public static Message reply(int request, byte[] payload) {
        return new Message(request, MessageDescriptor.VERSION | MessageDescriptor.FLAG_REPLY, payload);
    }

    /** A payload that is one 64-bit number. */
    public static byte[] number(long value) {
        return payload(MessageDescriptor.NUMBER_BYTES).putLong(0, value).array();
    }

    /** A vring state payload. */
    public static byte[] state(int index, int number) {
        return payload(MessageDescriptor.STATE_BYTES)
                .putInt(MessageDescriptor.STATE_INDEX, index)
                .putInt(MessageDescriptor.STATE_NUMBER, number)
                .array();
    }

    /** A vring address payload. */
    public static byte[] addresses(VringAddresses a) {
        return payload(MessageDescriptor.ADDRESS_BYTES)
                .putInt(ADDRESS_INDEX, (int) a.index())
                .putInt(ADDRESS_FLAGS, a.flags())
                .putLong(ADDRESS_DESCRIPTORS, a.descriptors())
                .putLong(ADDRESS_USED, a.used())
                .putLong(ADDRESS_AVAILABLE, a.available())
                .putLong(ADDRESS_LOG, a.log())
                .array();
    }

    /** A log payload. */
    public static byte[] log(LogDescription log) {
        return payload(MessageDescriptor.LOG_BYTES)
                .putLong(MessageDescriptor.LOG_SIZE, log.size())
                .putLong(MessageDescriptor.LOG_OFFSET, log.mmapOffset())
                .array();
    }

    /** A memory table payload. */
    public static byte[] memoryTable(List<RegionDescription> regions) {
        ByteBuffer payload = payload(MessageDescriptor.TABLE_REGIONS + regions.size() * MessageDescriptor.REGION_BYTES);
        payload.putInt(MessageDescriptor.TABLE_COUNT, regions.size());
        for (int i = 0; i < regions.size(); i++) {
            put(payload, MessageDescriptor.TABLE_REGIONS + i * MessageDescriptor.REGION_BYTES, regions.get(i));
        }
        return payload.array();
    }

    /** A single region payload. */
    public static byte[] singleRegion(RegionDescription region) {
        ByteBuffer payload = payload(MessageDescriptor.SINGLE_REGION_BYTES);
        put(payload, MessageDescriptor.SINGLE_REGION, region);
        return payload.array();
    }

    /** Header and payload as they go over the socket. */
    public byte[] encode() {
        ByteBuffer bytes = payload(MessageDescriptor.HEADER_BYTES + payload.length);
        bytes.putInt(MessageDescriptor.REQUEST, request);
        bytes.putInt(MessageDescriptor.FLAGS, flags);
        bytes.putInt(MessageDescriptor.SIZE, payload.length);
        bytes.put(MessageDescriptor.HEADER_BYTES, payload);
        return bytes.array();
    }

    public boolean needsReply() {
        return (flags & MessageDescriptor.FLAG_NEED_REPLY) != 0;
    }

    /** The payload as one number; it must have that size. */
    public long asNumber() {
        return in().getLong(0);
    }

    /** The index of a vring state payload, 0 to 2³² - 1. */
    public long stateIndex() {
        return Integer.toUnsignedLong(in().getInt(MessageDescriptor.STATE_INDEX));
    }

    /** The number of a vring state payload, 0 to 2³² - 1. */
    public long stateNumber() {
        return Integer.toUnsignedLong(in().getInt(MessageDescriptor.STATE_NUMBER));
    }

    /** The payload as vring addresses; it must have that size. */
    public VringAddresses asAddresses() {
        ByteBuffer in = in();
        return new VringAddresses(
                Integer.toUnsignedLong(in.getInt(ADDRESS_INDEX)),
                in.getInt(ADDRESS_FLAGS),
                in.getLong(ADDRESS_DESCRIPTORS),
                in.getLong(ADDRESS_USED),
                in.getLong(ADDRESS_AVAILABLE),
                in.getLong(ADDRESS_LOG));
    }

    /** The payload as a log; it must have that size. */
    public LogDescription asLog() {
        ByteBuffer in = in();
        return new LogDescription(in.getLong(MessageDescriptor.LOG_SIZE), in.getLong(MessageDescriptor.LOG_OFFSET));
    }

    /** How many regions a memory table says it has, or -1 if it is too short to say. */
    public long tableCount() {
        return payload.length < MessageDescriptor.TABLE_REGIONS
                ? -1
                : Integer.toUnsignedLong(in().getInt(MessageDescriptor.TABLE_COUNT));
    }

    /** The regions of a memory table whose size matches its count. */
    public List<RegionDescription> asTable() {
        ByteBuffer in = in();
        List<RegionDescription> regions = new ArrayList<>();
        for (int at = MessageDescriptor.TABLE_REGIONS; at < payload.length; at += MessageDescriptor.REGION_BYTES) {
            regions.add(region(in, at));
        }
        return List.copyOf(regions);
    }

    /** The region of a single region payload; it must have that size. */
    public RegionDescription asSingleRegion() {
        return region(in(), MessageDescriptor.SINGLE_REGION);
    }

    private ByteBuffer in() {
        return ByteBuffer.wrap(payload).order(MessageDescriptor.ORDER);
    }

    private static ByteBuffer payload(int bytes) {
        return ByteBuffer.allocate(bytes).order(MessageDescriptor.ORDER);
    }

    private static RegionDescription region(ByteBuffer in, int at) {
        return new RegionDescription(
                in.getLong(at + MessageDescriptor.REGION_GUEST_ADDRESS),
                in.getLong(at + MessageDescriptor.REGION_SIZE),
                in.getLong(at + MessageDescriptor.REGION_USER_ADDRESS),
                in.getLong(at + MessageDescriptor.REGION_OFFSET));
    }

    private static void put(ByteBuffer out, int at, RegionDescription region) {
        out.putLong(at + MessageDescriptor.REGION_GUEST_ADDRESS, region.guestAddress());
        out.putLong(at + MessageDescriptor.REGION_SIZE, region.size());
        out.putLong(at + MessageDescriptor.REGION_USER_ADDRESS, region.userAddress());
        out.putLong(at + MessageDescriptor.REGION_OFFSET, region.mmapOffset());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Message message
                && message.request == request
                && message.flags == flags
                && Arrays.equals(message.payload, payload);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * request + flags) + Arrays.hashCode(payload);
    }
}
