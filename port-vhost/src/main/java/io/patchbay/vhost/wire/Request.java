package io.patchbay.vhost.wire;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Requests a front end can make, and the form each must have ("Vhost-user Protocol", section "Front-end message types"). Requests of other
 * device classes are left out: to a network device they are unknown.
 */
public enum Request {
    GET_FEATURES(1, 0, Files.NONE, Reply.ALWAYS),
    SET_FEATURES(2, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    SET_OWNER(3, 0, Files.NONE, Reply.IF_ASKED),
    RESET_OWNER(4, 0, Files.NONE, Reply.IF_ASKED),
    SET_MEM_TABLE(5, Request.VARIABLE, Files.PER_REGION, Reply.IF_ASKED),
    SET_LOG_BASE(6, 16, Files.ONE, Reply.ALWAYS),
    SET_LOG_FD(7, Request.VARIABLE, Files.ONE, Reply.IF_ASKED),
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
    RESET_DEVICE(34, 0, Files.NONE, Reply.IF_ASKED),
    GET_MAX_MEM_SLOTS(36, 0, Files.NONE, Reply.ALWAYS),
    ADD_MEM_REG(37, MessageDescriptor.SINGLE_REGION_BYTES, Files.ONE, Reply.IF_ASKED),
    REM_MEM_REG(38, MessageDescriptor.SINGLE_REGION_BYTES, Files.AT_MOST_ONE, Reply.IF_ASKED),
    SET_STATUS(39, MessageDescriptor.NUMBER_BYTES, Files.NONE, Reply.IF_ASKED),
    GET_STATUS(40, 0, Files.NONE, Reply.ALWAYS);

    /** How many descriptors go with a request. */
    public enum Files {
        NONE,
        ONE,
        /** REM_MEM_REG needs none, but some front ends send the one they added. */
        AT_MOST_ONE,
        /** One for each region in the payload. */
        PER_REGION,
        /** One, unless the payload says "no descriptor". */
        UNLESS_NONE
    }

    /** When a request is answered. */
    public enum Reply {
        /** With a reply of its own. */
        ALWAYS,
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

    Request(int number, int payloadBytes, Files files, Reply reply) {
        this.number = number;
        this.payloadBytes = payloadBytes;
        this.files = files;
        this.reply = reply;
    }

    /** The request with that number, if a network device knows it. */
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
}
