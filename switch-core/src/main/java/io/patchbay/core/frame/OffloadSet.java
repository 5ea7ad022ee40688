package io.patchbay.core.frame;

/**
 * Sets of offloads, as bits of an {@code int}: what a receiver takes upon itself, or what a sender may ask for.
 *
 * <p>The receiver decides for each frame by one comparison: a frame {@linkplain #needs needs} nothing outside the receiver's set, and
 * goes as it is, or {@link SoftwareOffload} does the work before. The bits are those of the kernel's TUN_F_CSUM, TUN_F_TSO4, ...
 * ({@code <linux/if_tun.h>}).
 */
public final class OffloadSet {

    public static final int NOTHING = 0;
    public static final int CSUM = 1;
    public static final int TSO4 = 1 << 1;
    public static final int TSO6 = 1 << 2;
    public static final int ECN = 1 << 3;
    public static final int UFO = 1 << 4;
    public static final int USO4 = 1 << 5;
    public static final int USO6 = 1 << 6;

    /** To segment packets in a tunnel. The kernel may ask for it; nobody takes it upon himself. */
    static final int TUNNEL = 1 << 7;

    /** Everything there is, tunnels aside. */
    public static final int ALL = CSUM | TSO4 | TSO6 | ECN | UFO | USO4 | USO6;

    private OffloadSet() {}

    /** What whoever gets a frame with this request must be able to do. A checksum that was verified asks for nothing. */
    public static int needs(long offload) {
        int needs = Offload.needsChecksum(offload) ? CSUM : NOTHING;
        if (!Offload.isSegmented(offload)) {
            return needs;
        }
        if ((Offload.gsoType(offload) & Offload.GSO_ECN) != 0) {
            needs |= ECN;
        }
        if (Offload.isTunnelled(offload)) {
            needs |= TUNNEL;
        }
        return needs
                | switch (Offload.gsoKind(offload)) {
                    case Offload.GSO_TCPV4 -> TSO4;
                    case Offload.GSO_TCPV6 -> TSO6;
                    case Offload.GSO_UDP -> UFO;
                    default -> Offload.isIpv6(offload) ? USO6 : USO4;
                };
    }

    /** Whether a receiver that takes {@code set} upon itself gets the frame as it is. */
    public static boolean suffices(int set, long offload) {
        return (needs(offload) & ~set) == 0;
    }

    /** The request as such a receiver may see it: one that does no checksums is not told of verified ones either. */
    public static long visible(int set, long offload) {
        return (set & CSUM) != 0 ? offload : Offload.NONE;
    }
}
