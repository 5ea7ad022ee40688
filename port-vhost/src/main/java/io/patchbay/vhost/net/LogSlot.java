package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.memory.DirtyLog;
import io.patchbay.vhost.memory.DirtyPages;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.InvalidMemoryException;
import io.patchbay.vhost.ring.InvalidRingException;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.ring.RingLog;
import io.patchbay.vhost.ring.RingPlaces;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The dirty log a front end has given, if any: mapped before the rings are touched, so that one that cannot be mapped changes nothing, and
 * unmapped after no worker can see it any more. Confined to the device's lock, except {@link #intact} and {@link #changedMillis}.
 */
final class LogSlot {

    private volatile Optional<DirtyLog> log = Optional.empty();
    private Optional<EventFd> signal = Optional.empty();
    private final List<Runnable> unused = new ArrayList<>();

    /** Maps a log, which must have room for all of {@code memory}. */
    static DirtyLog map(LogDescription description, Fd file, GuestMemory memory) throws RefusedException {
        try {
            DirtyLog mapped = DirtyLog.map(description, file);
            if (!mapped.covers(memory)) {
                mapped.close();
                throw new RefusedException("a " + mapped + " is too small for the guest's memory");
            }
            return mapped;
        } catch (InvalidMemoryException e) {
            throw new RefusedException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Puts a log in force, or none. The one before is closed by {@link #closeUnused}. */
    void replace(Optional<DirtyLog> next) {
        log.ifPresent(old -> unused.add(old::close));
        log = next;
    }

    /** Puts in force what is told of new entries. */
    void replaceSignal(Optional<EventFd> next) {
        signal.ifPresent(old -> unused.add(old::close));
        signal = next;
    }

    /** Gives back what is not in force any more. Only while no worker has any ring. */
    void closeUnused() {
        unused.forEach(Runnable::run);
        unused.clear();
    }

    /** Whether the log's file still covers it, if there is one. */
    boolean intact() {
        return log.map(DirtyLog::intact).orElse(true);
    }

    /** {@link DirtyLog#changedMillis} of the log, if there is one. */
    long changedMillis() {
        return log.map(DirtyLog::changedMillis).orElse(Long.MIN_VALUE);
    }

    /**
     * Where writes to the guest's buffers are logged.
     *
     * @throws InvalidRingException if they must be and cannot
     */
    WriteLog forWrites(long features, GuestMemory memory) throws InvalidRingException {
        if (!Feature.VHOST_F_LOG_ALL.in(features)) {
            return WriteLog.OFF;
        }
        return WriteLog.into(new DirtyPages(checkRoomFor(memory), signal), memory);
    }

    /**
     * Where writes to a ring are logged.
     *
     * <p>For a split ring, where the front end says. For a packed one there are two parts to be logged and one address, and peers differ in
     * which part they mean by it (QEMU the event suppression, DPDK the descriptors), so what counts is where the parts are in the guest's
     * memory.
     *
     * @throws InvalidRingException if they must be and cannot
     */
    RingLog forRing(RingLayout layout, VringAddresses addresses, int size, RingPlaces places, GuestMemory memory)
            throws InvalidRingException {
        if (!addresses.logged()) {
            return RingLog.OFF;
        }
        DirtyPages pages = new DirtyPages(present(), signal);
        if (layout == RingLayout.SPLIT) {
            check(layout, addresses, size);
            return RingLog.into(pages, addresses.log(), addresses.log());
        }
        checkRoomFor(memory);
        return RingLog.into(pages, memory.guestAddress(places.descriptors(), 0), memory.guestAddress(places.used(), 0));
    }

    /** Refuses to log a used ring past the end of a log that is there. */
    void check(RingLayout layout, VringAddresses addresses, int size) throws InvalidRingException {
        boolean concerned = layout == RingLayout.SPLIT && addresses.logged() && log.isPresent();
        if (concerned && !log.get().covers(addresses.log(), SplitRingDescriptor.usedBytes(size))) {
            throw new InvalidRingException(String.format(
                    "the used ring is to be logged at 0x%x, which is not within the %s", addresses.log(), log.get()));
        }
    }

    private DirtyLog checkRoomFor(GuestMemory memory) throws InvalidRingException {
        DirtyLog present = present();
        if (!present.covers(memory)) {
            throw new InvalidRingException("the " + present + " is too small for the guest's memory");
        }
        return present;
    }

    private DirtyLog present() throws InvalidRingException {
        return log.orElseThrow(
                () -> new InvalidRingException("what it writes is to be logged, and the front end has given no log"));
    }
}
