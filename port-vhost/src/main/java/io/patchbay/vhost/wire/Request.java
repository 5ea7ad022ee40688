package io.patchbay.vhost.wire;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Requests a front end can make, and the form each must have ("Vhost-user Protocol", section "Front-end message types").
 *
 * <p>Requests that belong to protocol features or device classes which the switch does not offer stand here with their number and whether
 * they have a reply of their own, and with no form: a front end that sends one all the same waits for that reply.
 */
public enum Request {
    GET_FEATURES(1, 0, Files.NONE, Reply.ALWAYS),
    SET_FEATURES(2, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    SET_OWNER(3, 0, Files.NONE, Reply.IF_ASKED),
    RESET_OWNER(4, 0, Files.NONE, Reply.IF_ASKED),
    SET_MEM_TABLE(5, Request.VARIABLE, Files.PER_REGION, Reply.IF_ASKED),
    SET_LOG_BASE(6, MessageDescriptor.LOG_BYTES, Files.ONE, Reply.IF_OBEYED),
    SET_LOG_FD(7, 0, Files.ONE, Reply.IF_ASKED),
    SET_VRING_NUM(8, MessageDescriptor.STATE_BYTES, Files.NONE, Reply.IF_ASKED),
    SET_VRING_ADDR(9, MessageDescriptor.ADDRESS_BYTES, Files.NONE, Reply.IF_ASKED),
    SET_VRING_BASE(10, MessageDescriptor.STATE_BYTES, Files.NONE, Reply.IF_ASKED),
    GET_VRING_BASE(11, MessageDescriptor.STATE_BYTES, Files.NONE, Reply.ALWAYS),
    SET_VRING_KICK(12, MessageDescriptor.NUMBER_BYTES, Files.UNLESS_NONE, Reply.IF_ASKED),
    SET_VRING_CALL(13, MessageDescriptor.NUMBER_BYTES, Files.UNLESS_NONE, Reply.IF_ASKED),
    SET_VRING_ERR(14, MessageDescriptor.NUMBER_BYTES, Files.UNLESS_NONE, Reply.IF_ASKED),
    GET_PROTOCOL_FEATURES(15, 0, Files.NONE, Reply.ALWAYS),
    SET_PROTOCOL_FEATURES(16, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    GET_QUEUE_NUM(17, 0, Files.NONE, Reply.ALWAYS),
    SET_VRING_ENABLE(18, MessageDescriptor.STATE_BYTES, Files.NONE, Reply.IF_ASKED),
    SEND_RARP(19, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    NET_SET_MTU(20, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    SET_BACKEND_REQ_FD(21, Reply.IF_ASKED),
    IOTLB_MSG(22, Reply.ALWAYS),
    SET_VRING_ENDIAN(23, Reply.IF_ASKED),
    GET_CONFIG(24, Reply.ALWAYS),
    SET_CONFIG(25, Reply.IF_ASKED),
    CREATE_CRYPTO_SESSION(26, Reply.ALWAYS),
    CLOSE_CRYPTO_SESSION(27, Reply.IF_ASKED),
    POSTCOPY_ADVISE(28, Reply.ALWAYS),
    POSTCOPY_LISTEN(29, Reply.IF_ASKED),
    POSTCOPY_END(30, Reply.ALWAYS),
    GET_INFLIGHT_FD(31, Reply.ALWAYS),
    SET_INFLIGHT_FD(32, Reply.IF_ASKED),
    GPU_SET_SOCKET(33, Reply.IF_ASKED),
    RESET_DEVICE(34, 0, Files.NONE, Reply.IF_ASKED),
    VRING_KICK(35, Reply.IF_ASKED),
    GET_MAX_MEM_SLOTS(36, 0, Files.NONE, Reply.ALWAYS),
    ADD_MEM_REG(37, MessageDescriptor.SINGLE_REGION_BYTES, Files.ONE, Reply.IF_ASKED),
    REM_MEM_REG(38, MessageDescriptor.SINGLE_REGION_BYTES, Files.AT_MOST_ONE, Reply.IF_ASKED),
    SET_STATUS(39, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    GET_STATUS(40, 0, Files.NONE, Reply.ALWAYS),
    GET_SHARED_OBJECT(41, Reply.ALWAYS),
    SET_DEVICE_STATE_FD(42, Reply.ALWAYS),
    CHECK_DEVICE_STATE(43, Reply.ALWAYS),
    GET_SHMEM_CONFIG(44, Reply.ALWAYS);

    /** How many descriptors go with a request. */
    public enum Files {
        NONE,
        ONE,
        /** REM_MEM_REG needs none, but some front ends send the one they added. */
        AT_MOST_ONE,
        /** One for each region in the payload. */
        PER_REGION,
        /** One, unless the payload says "no descriptor". */
        UNLESS_NONE,
        /** Whatever comes; it is not looked at. */
        ANY
    }

    /** When a request is answered. */
    public enum Reply {
        /** With a reply of its own. */
        ALWAYS,
        /** With a reply of its own, that front ends take for success whatever it says; so a refusal ends the connection. */
        IF_OBEYED,
        /** With success or failure, if the front end asks and VHOST_USER_PROTOCOL_F_REPLY_ACK is negotiated. */
        IF_ASKED
    }

    /** A payload whose size depends on what is in it. */
    public static final int VARIABLE = -1;

    private static final Map<Integer, Request> BY_NUMBER =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Request::number, Function.identity()));

    private final int number;
    private final int payloadBytes;
    private final Files files;
    private final Reply reply;
    private final boolean served;

    /** A request the switch serves. */
    Request(int number, int payloadBytes, Files files, Reply reply) {
        this(number, payloadBytes, files, reply, true);
    }

    /** A request the switch declines. */
    Request(int number, Reply reply) {
        this(number, Request.VARIABLE, Files.ANY, reply, false);
    }

    Request(int number, int payloadBytes, Files files, Reply reply, boolean served) {
        this.number = number;
        this.payloadBytes = payloadBytes;
        this.files = files;
        this.reply = reply;
        this.served = served;
    }

    /** The request with that number, if there is one. */
    public static Optional<Request> of(int number) {
        return Optional.ofNullable(BY_NUMBER.get(number));
    }

    public int number() {
        return number;
    }

    /** Exact size of the payload, or {@link #VARIABLE}. */
    public int payloadBytes() {
        return payloadBytes;
    }

    public Files files() {
        return files;
    }

    public Reply reply() {
        return reply;
    }

    /** Whether the switch offers what the request is part of. */
    public boolean served() {
        return served;
    }

    /**
     * Payload of the reply by which a request that is always answered fails. Where the specification names none it is empty: that is never
     * the size of the payload the front end asked for.
     */
    public byte[] failure() {
        return switch (this) {
            case IOTLB_MSG, POSTCOPY_END, CHECK_DEVICE_STATE -> Message.number(1);
            case SET_DEVICE_STATE_FD -> Message.number(MessageDescriptor.DEVICE_STATE_NO_DESCRIPTOR | 1);
            // A front end reads these sizes before anything else: no bytes, no region, nothing to share. Of a shorter
            // answer crosvm, which asks whatever was negotiated, ends by an underflow, and its guest with it.
            case GET_CONFIG -> new byte[MessageDescriptor.CONFIGURATION_BYTES];
            case GET_INFLIGHT_FD -> new byte[MessageDescriptor.INFLIGHT_BYTES];
            case GET_SHMEM_CONFIG -> new byte[MessageDescriptor.SHARED_MEMORY_BYTES];
            default -> new byte[0];
        };
    }
}
