package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.RoomBell;
import java.util.List;
import java.util.Optional;

/**
 * Several ways out to one device, so that workers need not wait for each other.
 *
 * <p>Each thread prefers one of them, always the same: frames of a flow stay in order, and a kernel that answers a flow on the queue it last
 * came in by answers to the worker that sent it.
 */
public final class UplinkTransmitters implements HoldingTransmitter {

    private final UplinkTransmitter[] transmitters;

    /**
     * The way out by one or several queues.
     *
     * @param transmitters at least one, all of which hold frames, or none of them
     */
    public static Transmitter of(List<UplinkTransmitter> transmitters) {
        return transmitters.size() == 1 ? transmitters.getFirst() : new UplinkTransmitters(transmitters);
    }

    private UplinkTransmitters(List<UplinkTransmitter> transmitters) {
        this.transmitters = transmitters.toArray(UplinkTransmitter[]::new);
    }

    private UplinkTransmitter mine() {
        return transmitters[(int) (Thread.currentThread().threadId() % transmitters.length)];
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        mine().transmit(burst, frames, count);
    }

    @Override
    public Optional<HoldingTransmitter> holding() {
        return transmitters[0].holding().isPresent() ? Optional.of(this) : Optional.empty();
    }

    @Override
    public int offer(Burst burst, int[] frames, int count) {
        return mine().offer(burst, frames, count);
    }

    @Override
    public void held(int frames) {
        mine().held(frames);
    }

    @Override
    public void refuse(int frames) {
        mine().refuse(frames);
    }

    @Override
    public long retryAt() {
        return mine().retryAt();
    }

    @Override
    public boolean hasRoom() {
        return mine().hasRoom();
    }

    @Override
    public boolean rings() {
        return mine().rings();
    }

    @Override
    public long fullForMillis() {
        long longest = 0;
        for (UplinkTransmitter transmitter : transmitters) {
            longest = Math.max(longest, transmitter.fullForMillis());
        }
        return longest;
    }

    @Override
    public RoomBell bell() {
        return mine().bell();
    }
}
