package io.patchbay.core.worker;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.RoomBell;
import io.patchbay.core.port.HoldingTransmitter;
import java.util.ArrayList;
import java.util.List;

/**
 * The bells of one worker: by each, a port that holds frames wakes it when there is room again.
 *
 * <p>Bells belong to ports as they were published. When others are adopted, those before stay open until nobody watches them any more. Confined to the
 * worker.
 */
final class RoomBells implements AutoCloseable {

    private final Faults faults;
    private List<Bell> bells = List.of();
    private List<Bell> old = List.of();

    private record Bell(HoldingTransmitter port, RoomBell bell) {}

    RoomBells(Faults faults) {
        this.faults = faults;
    }

    /** Makes bells for these ports, as far as they hold frames. */
    void adopt(Plug[] plugs) {
        old = bells;
        List<Bell> made = new ArrayList<>();
        for (Plug plug : plugs) {
            if (plug != null && plug.holds()) {
                add(plug, made);
            }
        }
        bells = List.copyOf(made);
    }

    private void add(Plug plug, List<Bell> to) {
        try {
            to.add(new Bell(plug.holding(), plug.holding().bell()));
        } catch (LinuxException e) {
            faults.blame(plug, e); // out of descriptors
        }
    }

    /** Closes the bells there were before the last {@link #adopt}. Nobody watches them any more. */
    void closeOld() {
        old.forEach(bell -> bell.bell().close());
        old = List.of();
    }

    /** Descriptors that are readable when there is room, while armed. */
    List<Integer> numbers() {
        return bells.stream().map(bell -> bell.bell().number()).toList();
    }

    void arm(HoldingTransmitter port) {
        for (Bell bell : bells) {
            if (bell.port().equals(port)) {
                bell.bell().arm();
            }
        }
    }

    void disarm() {
        bells.forEach(bell -> bell.bell().disarm());
    }

    @Override
    public void close() {
        closeOld();
        bells.forEach(bell -> bell.bell().close());
        bells = List.of();
    }
}
