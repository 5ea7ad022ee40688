package io.patchbay.core.worker;

import io.patchbay.core.frame.EthernetDescriptor;

/**
 * Hands the frames of one port that the control side wants forwarded to its worker, until the port's life ends: when it is taken out of the switch, or what
 * was learnt on it is forgotten, what still waits is not wanted any more, least of all to be learnt from.
 *
 * <p>Used under the switch's lock, except {@link #isInLife}.
 */
final class Injector {

    private final int port;
    private final Worker worker;
    private boolean hasHanded;
    private volatile long life;

    Injector(int port, Worker worker) {
        this.port = port;
        this.worker = worker;
    }

    /** Number of the port. */
    int port() {
        return port;
    }

    /** Hands a frame over; false if too many wait already. */
    boolean hand(byte[] frame, boolean outward) {
        if (frame.length < EthernetDescriptor.HEADER_BYTES || frame.length > EthernetDescriptor.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("a frame of " + frame.length + " bytes");
        }
        hasHanded = true;
        return worker.inject(new Injection(this, life, frame.clone(), outward));
    }

    /** Ends the port's life. Says whether the worker may be forwarding a frame of it just now, which it has done when it has adopted the next topology. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
    boolean endLife() {
        life = life + 1;
        boolean may = hasHanded;
        hasHanded = false;
        return may;
    }

    /** Whether that life goes on. For the worker. */
    boolean isInLife(long which) {
        return life == which;
    }
}
