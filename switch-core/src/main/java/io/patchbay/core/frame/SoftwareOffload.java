package io.patchbay.core.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Does for a receiver what the sender of a frame left to others: completes checksums, cuts TCP streams and UDP trains into packets (TSO, USO),
 * also in a tunnel, and UDP datagrams into fragments (UFO).
 *
 * <pre>
 *   sender's memory  ──copied whole──►  frame     | headers |  payload ...            |
 *                                                      │ copied and changed   │ lent
 *                                                      ▼                      ▼
 *   out(), one frame at a time                    | header  |            | a piece    |
 * </pre>
 *
 * <p>The frame is copied before anything is summed, so that what is summed is what is sent whatever its sender does to it meanwhile. Each
 * {@link #next} leaves one complete frame in {@link #out}, whose memory is this object's and good until the next call.
 *
 * <p>Confined to one worker. Allocates nothing after construction.
 */
public final class SoftwareOffload {

    private static final ValueLayout.OfShort SUM = IpHeaders.SUM;
    private static final ValueLayout.OfByte OCTET = ValueLayout.JAVA_BYTE;

    private static final int IPV4_FRAGMENT = 6;
    private static final int FRAGMENT_BYTES = 8;
    private static final int MORE_FRAGMENTS_IPV4 = 0x2000;
    private static final int MORE_FRAGMENTS_IPV6 = 1;
    private static final int TCP_SEQUENCE = 4;
    private static final int TCP_FLAGS = 13;
    private static final int TCP_CHECKSUM = 16;
    private static final int TCP_LAST_ONLY = 0x01 | 0x08; // FIN, PSH
    private static final int TCP_FIRST_ONLY = 0x80; // CWR
    private static final int UDP_LENGTH = 4;
    private static final int UDP_CHECKSUM = 6;

    private final MemorySegment frame =
            Arena.ofAuto().allocate(EthernetDescriptor.MAX_FRAME_BYTES + Burst.HEAD_BYTES, 64);
    private final MemorySegment header = Arena.ofAuto().allocate(FrameHeaders.LIMIT + FRAGMENT_BYTES, 64);
    private final FrameHeaders headers = new FrameHeaders();
    private final TunnelHeaders tunnel = new TunnelHeaders();
    private final Burst out = new Burst(1, 2);
    private int kind;
    private int length;
    private int step;
    private int position;
    private int made;
    private boolean done;
    private boolean tunnelled;
    private long pseudoHeader;
    private int fragmentId;

    /** Begins with frame {@code i} of a burst, whose request {@link OffloadCheck} has accepted and whose bytes are not needed any more after this. */
    public void start(Burst burst, int i) {
        long offload = burst.offloads().of(i);
        length = burst.length(i);
        kind = Offload.gsoKind(offload);
        made = 0;
        done = false;
        burst.copyFrame(i, frame, 0);
        if (kind == Offload.GSO_NONE) {
            completeChecksum(Offload.csumStart(offload), Offload.csumOffset(offload));
            return;
        }
        int n = Math.min(length, FrameHeaders.LIMIT);
        tunnelled = Offload.isTunnelled(offload);
        if (!(tunnelled
                ? tunnel.parse(frame, 0, n, Offload.csumStart(offload), length, headers)
                : headers.parse(frame, 0, n))) {
            throw new IllegalStateException("headers that were accepted have changed in memory of our own");
        }
        pseudoHeader = IpHeaders.pseudoHeader(frame, headers);
        if (kind == Offload.GSO_UDP) {
            step = fragmentBytes(Offload.gsoSize(offload));
            position = headers.unfragmentable();
            fragmentId = burst.offloads().fragmentId(i);
            completeDatagram();
        } else {
            step = Offload.gsoSize(offload);
            position = headers.end();
        }
    }

    /** What of gso_size a fragment can use: all but the last hold a multiple of 8 bytes. */
    static int fragmentBytes(int gsoSize) {
        return gsoSize & -8;
    }

    /** Puts the next frame into {@link #out}; false if there was none left. */
    public boolean next() {
        if (done) {
            return false;
        }
        if (kind == Offload.GSO_NONE) {
            done = true;
            put(frame, length, 0);
            made = 1;
            return true;
        }
        int n = Math.min(step, length - position);
        done = position + n == length;
        if (kind != Offload.GSO_UDP) {
            segment(n);
        } else if (headers.version() == 4) {
            fragmentIpv4(n);
        } else {
            fragmentIpv6(n);
        }
        position += n;
        made++;
        return true;
    }

    /** One frame, complete. */
    public Burst out() {
        return out;
    }

    /** How many frames {@link #next} has made since {@link #start}. */
    public int made() {
        return made;
    }

    private void completeChecksum(int start, int offset) {
        long sum = InternetChecksum.sum(frame, start, length - start);
        frame.set(SUM, start + offset, (short) InternetChecksum.finishNonZero(sum));
    }

    private void completeDatagram() {
        int udp = headers.transport();
        int bytes = length - udp;
        frame.set(FrameHeaders.U16, udp + UDP_LENGTH, (short) bytes);
        frame.set(SUM, udp + UDP_CHECKSUM, (short) 0);
        long sum = pseudoHeader + InternetChecksum.wire(bytes) + InternetChecksum.sum(frame, udp, bytes);
        frame.set(SUM, udp + UDP_CHECKSUM, (short) InternetChecksum.finishNonZero(sum));
    }

    /** A packet of its own with {@code n} bytes of the payload. */
    private void segment(int n) {
        int transport = headers.transport();
        int end = headers.end();
        int bytes = end - transport + n;
        MemorySegment.copy(frame, 0, header, 0, end);
        IpHeaders.identify(header, headers, made);
        IpHeaders.setEnd(header, headers, end + n);
        int checksum;
        if (headers.protocol() == FrameHeaders.PROTOCOL_TCP) {
            checksum = transport + TCP_CHECKSUM;
            int sequence = frame.get(FrameHeaders.U32, transport + TCP_SEQUENCE) + (position - end);
            header.set(FrameHeaders.U32, transport + TCP_SEQUENCE, sequence);
            int clear = (made > 0 ? TCP_FIRST_ONLY : 0) | (done ? 0 : TCP_LAST_ONLY);
            int flags = FrameHeaders.octet(frame, transport + TCP_FLAGS) & ~clear;
            header.set(OCTET, transport + TCP_FLAGS, (byte) flags);
        } else {
            checksum = transport + UDP_CHECKSUM;
            header.set(FrameHeaders.U16, transport + UDP_LENGTH, (short) bytes);
        }
        header.set(SUM, checksum, (short) 0);
        long payload = InternetChecksum.sum(frame, position, n);
        long sum = pseudoHeader
                + InternetChecksum.wire(bytes)
                + InternetChecksum.sum(header, transport, end - transport)
                + payload;
        boolean tcp = headers.protocol() == FrameHeaders.PROTOCOL_TCP;
        header.set(SUM, checksum, (short) (tcp ? InternetChecksum.finish(sum) : InternetChecksum.finishNonZero(sum)));
        if (tunnelled) {
            tunnel.finish(header, made, end, n, payload);
        }
        put(header, end, n);
    }

    private void fragmentIpv4(int n) {
        int ip = headers.network();
        int end = headers.unfragmentable();
        int offset = position - end;
        MemorySegment.copy(frame, 0, header, 0, end);
        if (offset > 0) {
            dropOptionsOfFirstFragment(ip + FrameHeaders.IPV4_BYTES, end);
        }
        if (!done || offset > 0) {
            header.set(FrameHeaders.U16, ip + IPV4_FRAGMENT, (short) (offset >>> 3 | (done ? 0 : MORE_FRAGMENTS_IPV4)));
        }
        IpHeaders.setEnd(header, headers, end + n);
        put(header, end, n);
    }

    /** Options without the copied flag stand in the first fragment only (RFC 791 §3.1); no-operations keep the others where they are. */
    private void dropOptionsOfFirstFragment(int from, int end) {
        int option = from;
        while (option < end) {
            int type = FrameHeaders.octet(header, option);
            if (type == 0) {
                return;
            }
            int bytes = 1;
            if (type != 1) {
                bytes = option + 1 < end ? FrameHeaders.octet(header, option + 1) : 0;
                if (bytes < 2 || option + bytes > end) {
                    return; // garbage stays the sender's
                }
            }
            if (type < 0x80) {
                header.asSlice(option, bytes).fill((byte) 1);
            }
            option += bytes;
        }
    }

    private void fragmentIpv6(int n) {
        int end = headers.unfragmentable();
        int offset = position - end;
        MemorySegment.copy(frame, 0, header, 0, end);
        if (done && offset == 0) {
            IpHeaders.setEnd(header, headers, end + n);
            put(header, end, n);
            return;
        }
        int link = headers.fragmentLink();
        header.set(OCTET, end, header.get(OCTET, link));
        header.set(OCTET, end + 1, (byte) 0);
        header.set(FrameHeaders.U16, end + 2, (short) (offset | (done ? 0 : MORE_FRAGMENTS_IPV6)));
        header.set(FrameHeaders.U32, end + 4, fragmentId);
        header.set(OCTET, link, (byte) FrameHeaders.PROTOCOL_FRAGMENT);
        IpHeaders.setEnd(header, headers, end + FRAGMENT_BYTES + n);
        put(header, end + FRAGMENT_BYTES, n);
    }

    /** Makes {@link #out} hold the first {@code bytes} bytes of {@code first}, and {@code n} bytes of the frame after them. */
    private void put(MemorySegment first, int bytes, int n) {
        out.clear();
        out.addSegment(first, Burst.HEAD_BYTES, bytes - Burst.HEAD_BYTES);
        if (n > 0) {
            out.addSegment(frame, position, n);
        }
        out.endFrame(first.get(Burst.WORD, 0), first.get(Burst.WORD, Long.BYTES), bytes + n);
    }
}
