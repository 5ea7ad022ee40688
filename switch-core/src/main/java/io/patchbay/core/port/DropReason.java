package io.patchbay.core.port;

import java.util.Locale;

/**
 * Why a frame was not delivered. One list for the whole switch: {@link #label()} is the metric label, the word the command line prints
 * and the word in the log.
 */
public enum DropReason {
    RUNT("the frame is shorter than an Ethernet header"),
    OVERSIZE("the frame is longer than a port may send, or than the receiver's buffers hold"),
    BAD_DESCRIPTOR(
            "a descriptor chain points outside guest memory, loops, or breaks a rule of the virtio specification"),
    BAD_HEADER("the chain is too short for its virtio-net header"),
    BAD_OFFLOAD("the sender asks for a checksum or a segmentation that cannot be, or that it did not negotiate"),
    TOO_MANY_SEGMENTS("the frame is scattered over more pieces than the switch accepts"),
    QUEUE_DISABLED("the front end has disabled the queue that took the frame in"),
    INVALID_SOURCE("the source address is a group address or zero"),
    SPOOFED_SOURCE("the source address is none of the port's \"addresses\""),
    RESERVED_ADDRESS("the destination is reserved for the link itself (01:80:c2:00:00:0x)"),
    SAME_PORT("the destination was learnt on the port the frame came from"),
    FLOOD_LIMIT("the port floods more frames than its \"floodLimit\" allows"),
    NO_DESTINATION("no other port is up"),
    PORT_DOWN("the port is down, or shut by the operator"),
    BACKUP_LINK("the frame came in on the member of a pair that is not in use"),
    NO_RX_BUFFER("the receiving guest has posted no buffer for the frame"),
    UPLINK_FULL("the kernel's queue behind the uplink is full"),
    HELD_TOO_LONG("the uplink has been full for longer than frames are held for it"),
    PUT_BACK(
            "the frame waited for a full uplink when its queue was stopped or changed; it is in the queue still, and will be received anew"),
    UPLINK_ERROR("the kernel refused the frame"),
    TRUNCATED("the kernel took, or gave, only a part of the frame"),
    KERNEL_DROP("the kernel dropped the frame before the switch could read it");

    private static final int SIZE = values().length;

    private final String label;
    private final String explanation;

    DropReason(String explanation) {
        this.label = name().toLowerCase(Locale.ROOT);
        this.explanation = explanation;
    }

    /** The reason in snake case. */
    public String label() {
        return label;
    }

    /** One clause for an operator, lower case, without a full stop. */
    public String explanation() {
        return explanation;
    }

    /** Number of reasons. */
    public static int size() {
        return SIZE;
    }
}
