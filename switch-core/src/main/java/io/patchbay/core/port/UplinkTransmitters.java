package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;
import java.util.List;

/**
 * Several ways out to one device, so that workers need not wait for each other.
 *
 * <p>Each thread prefers one of them, always the same: frames of a flow stay in order, and a kernel that answers a flow on the queue it last
 * came in by answers to the worker that sent it.
 */
public final class UplinkTransmitters implements Transmitter {

    private final UplinkTransmitter[] transmitters;

    /** @param transmitters at least one */
    public UplinkTransmitters(List<UplinkTransmitter> transmitters) {
        this.transmitters = transmitters.toArray(UplinkTransmitter[]::new);
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        int mine = (int) (Thread.currentThread().threadId() % transmitters.length);
        transmitters[mine].transmit(burst, frames, count);
    }
}
