package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.frame.SoftwareOffload;
import io.patchbay.vhost.fuzz.Input;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Fuzz target: any header before any frame, cut into pieces, in memory that its sender changes once the header has been accepted. What is accepted must be
 * doable: as many frames as was said, none longer than the first, all between the same stations.
 */
public final class FrameFuzz {

    private static final int LONGEST = EthernetDescriptor.MAX_FRAME_BYTES;
    private static final MemorySegment MEMORY = Arena.global().allocate(LONGEST, 64);
    private static final MemorySegment OUT = Arena.global().allocate(LONGEST, 64);
    private static final OffloadCheck[] GUESTS = new OffloadCheck[128];
    private static final OffloadCheck KERNEL = OffloadCheck.ofKernel();
    private static final Burst BURST = new Burst();

    static {
        for (int allowed = 0; allowed < GUESTS.length; allowed++) {
            GUESTS[allowed] = OffloadCheck.ofGuest(allowed);
        }
    }

    private FrameFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        Input input = new Input(bytes);
        int kind = input.u8();
        long header = Offload.ofHeader(input.s64(), input.u16());
        int cut = input.u16();
        int padding = input.u16();
        int changes = input.u8() & 7;
        byte[] changed = input.bytes(3 * changes);
        byte[] start = input.bytes(LONGEST);
        int length = Math.min(LONGEST, start.length + padding);
        if (length < EthernetDescriptor.HEADER_BYTES) {
            return;
        }
        MEMORY.fill((byte) padding);
        MemorySegment.copy(start, 0, MEMORY, ValueLayout.JAVA_BYTE, 0, start.length);
        add(length, cut);
        FlowHash.ofAll(BURST, BURST.flows());
        if (BURST.flows()[0] != FlowHash.of(BURST, 0)) {
            throw new AssertionError("a conversation depends on how it is looked for");
        }
        boolean accepted = ((kind & 128) != 0 ? KERNEL : GUESTS[kind & 127]).accept(BURST, header);
        if (BURST.count() != 1 || BURST.length(0) != length) {
            throw new AssertionError("the frame was changed");
        }
        Input change = new Input(changed);
        while (!change.isEmpty()) {
            MEMORY.set(ValueLayout.JAVA_BYTE, change.u16() % length, (byte) change.u8());
        }
        BURST.copyFrame(0, OUT, 0);
        if (accepted
                && BURST.offloads().of(0) != Offload.NONE
                && needsWork(BURST.offloads().of(0))) {
            finish(length);
        }
    }

    private static boolean needsWork(long offload) {
        return Offload.isSegmented(offload) || Offload.needsChecksum(offload);
    }

    private static void add(int length, int cut) {
        BURST.clear();
        int at = Math.min(length, Burst.HEAD_BYTES);
        int tail = length - at;
        int piece = cut == 0 ? tail : Math.max(1 + tail / 500, cut);
        for (int n = 0; at < length; at += n) {
            n = Math.min(piece, length - at);
            if (!BURST.addSegment(MEMORY, at, n)) {
                throw new AssertionError("no room for a frame");
            }
        }
        BURST.endFrame(
                MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, 0), MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, 8), length);
    }

    private static void finish(int length) {
        SoftwareOffload software = BURST.offloads().software();
        software.start(BURST, 0);
        int frames = 0;
        while (software.next()) {
            Burst out = software.out();
            frames++;
            if (out.length(0) < EthernetDescriptor.HEADER_BYTES || out.length(0) > length + 8) {
                throw new AssertionError("a frame of " + length + " bytes became one of " + out.length(0));
            }
            if (out.destination(0) != BURST.destination(0) || out.source(0) != BURST.source(0)) {
                throw new AssertionError("a frame between other stations");
            }
            out.copyFrame(0, OUT, 0);
        }
        if (frames != 1 + BURST.offloads().extraFrames()) {
            throw new AssertionError(
                    frames + " frames where " + (1 + BURST.offloads().extraFrames()) + " were announced");
        }
    }
}
