package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;

/**
 * Decides whether a sender's request for offloads can be true of its frame, before anybody acts on it or passes it on.
 *
 * <p>A request to complete a checksum is a matter of offsets. A request to segment makes every receiver, the kernel among them, believe
 * the frame's headers: they are read once into memory of the burst's own, looked at there, and sent from there.
 *
 * <p>Confined to one thread at a time. Allocates nothing after construction.
 */
public final class OffloadCheck {

    /**
     * Most frames one frame may ask to be cut into. A guest's kernel sends at least 36 bytes a segment; a request beyond this buys work
     * of ours, not transport.
     */
    static final int MAX_SEGMENTS = 2048;

    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;
    private static final int LARGEST_PACKET = 65_535;
    private static final int LARGEST_FRAGMENT = LARGEST_PACKET - FrameHeaders.LIMIT;

    private final int allowed;
    private final boolean believesVerified;
    private final FrameHeaders headers = new FrameHeaders();
    private final TunnelHeaders tunnel = new TunnelHeaders();

    private OffloadCheck(int allowed, boolean believesVerified) {
        this.allowed = allowed;
        this.believesVerified = believesVerified;
    }

    /** For a guest that has negotiated to ask for this {@linkplain OffloadSet set}. It cannot vouch for checksums. */
    public static OffloadCheck ofGuest(int allowed) {
        return new OffloadCheck(allowed, false);
    }

    /**
     * For the kernel, whose word on verified checksums is good. Of a packet in a tunnel it speaks as of any other, only that the checksum is further
     * inside.
     */
    public static OffloadCheck ofKernel() {
        return new OffloadCheck(OffloadSet.ALL | OffloadSet.TUNNEL, true);
    }

    /**
     * Attaches a request to the last frame of a burst.
     *
     * @param header the request as it came, packed by {@link Offload#ofHeader}
     * @return false, with the burst as it was, if the request cannot be true of the frame
     */
    public boolean accept(Burst burst, long header) {
        int flags = Offload.flags(header) & (Offload.FLAG_NEEDS_CSUM | Offload.FLAG_DATA_VALID);
        if (!Offload.isSegmented(header) && (flags & Offload.FLAG_NEEDS_CSUM) == 0) {
            if (believesVerified && flags != 0) {
                attach(burst, Offload.of(Offload.FLAG_DATA_VALID, 0, 0, 0, 0), 0, 1);
            }
            return true;
        }
        if ((flags & Offload.FLAG_NEEDS_CSUM) == 0 || !checksumIsInside(burst, header)) {
            return false;
        }
        if (Offload.isSegmented(header)) {
            return acceptSegmentation(burst, header);
        }
        if ((allowed & OffloadSet.CSUM) == 0) {
            return false;
        }
        attach(burst, Offload.checksum(Offload.csumStart(header), Offload.csumOffset(header)), 0, 1);
        return true;
    }

    private static void attach(Burst burst, long offload, int headerBytes, int made) {
        burst.offloads().set(burst.count() - 1, offload, headerBytes, made);
    }

    private static boolean checksumIsInside(Burst burst, long header) {
        int frame = burst.count() - 1;
        int type = burst.etherType(frame);
        boolean tagged = type == FrameHeaders.ETHERTYPE_TAG || type == FrameHeaders.ETHERTYPE_SERVICE_TAG;
        // What the switch has decided on is not to be overwritten with a sum.
        int first = EthernetDescriptor.HEADER_BYTES + (tagged ? EthernetDescriptor.TAG_BYTES : 0);
        int start = Offload.csumStart(header);
        int length = burst.length(frame);
        return start >= first
                && start + Offload.csumOffset(header) + Short.BYTES <= length
                && length <= EthernetDescriptor.MAX_FRAME_BYTES;
    }

    private boolean acceptSegmentation(Burst burst, long header) {
        int length = burst.length(burst.count() - 1);
        int size = Offload.gsoSize(header);
        if (size == 0) {
            return false;
        }
        MemorySegment copies = burst.headerCopies();
        long copy = burst.copyHeader(FrameHeaders.LIMIT);
        int n = Math.min(length, FrameHeaders.LIMIT);
        int transport = Offload.csumStart(header);
        boolean plain = headers.parse(copies, copy, n) && headers.transport() == transport;
        boolean tunnelled = !plain
                && (allowed & OffloadSet.TUNNEL) != 0
                && tunnel.parse(copies, copy, n, transport, length, headers);
        if (!(plain || tunnelled)
                || !typeFits(header, size, tunnelled)
                || length - headers.packetStart() > LARGEST_PACKET) {
            return false;
        }
        int segments = segments(header, size, length);
        long offload = Offload.of(
                Offload.FLAG_NEEDS_CSUM
                        | (headers.version() == 6 ? Offload.FLAG_IPV6 : 0)
                        | (tunnelled ? Offload.FLAG_TUNNEL : 0),
                Offload.gsoType(header),
                size,
                transport,
                Offload.csumOffset(header));
        if (segments > MAX_SEGMENTS || !OffloadSet.suffices(allowed, offload) || !burst.ownHeader(headers.end())) {
            return false;
        }
        attach(burst, offload, headers.end(), segments);
        return true;
    }

    private boolean typeFits(long header, int size, boolean tunnelled) {
        boolean tcp = headers.protocol() == FrameHeaders.PROTOCOL_TCP;
        if (Offload.csumOffset(header) != (tcp ? TCP_CHECKSUM : UDP_CHECKSUM)) {
            return false;
        }
        boolean ecn = (Offload.gsoType(header) & Offload.GSO_ECN) != 0;
        return switch (Offload.gsoKind(header)) {
            case Offload.GSO_TCPV4 -> tcp && headers.version() == 4;
            case Offload.GSO_TCPV6 -> tcp && headers.version() == 6;
            case Offload.GSO_UDP -> !tcp && !tunnelled && !ecn && size >= Long.BYTES && size <= LARGEST_FRAGMENT;
            case Offload.GSO_UDP_L4 -> !tcp && !ecn;
            default -> false;
        };
    }

    private int segments(long header, int size, int length) {
        boolean fragments = Offload.gsoKind(header) == Offload.GSO_UDP;
        int divided = length - (fragments ? headers.unfragmentable() : headers.end());
        int step = fragments ? SoftwareOffload.fragmentBytes(size) : size;
        return Math.max(1, (divided + step - 1) / step);
    }
}
