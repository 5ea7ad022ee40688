package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortStatus;
import io.patchbay.vhost.memory.DirtyLog;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The virtqueues of a device, with what they all need: features, guest memory and the dirty log. Whatever changes is changed while no worker has the rings
 * concerned, and afterwards every ring runs that can.
 *
 * <p>Confined to the device's lock, except {@link #memory}, {@link #memoryIntact} and {@link #memoryChangedMillis}.
 */
final class Virtqueues {

    /** Never fewer than an earlier version told a front end of; the same goes for the memory slots. */
    static final int MAX_PAIRS = 32;

    static final int MAX_MEMORY_SLOTS = 509;
    private static final int COUNT = 2 * MAX_PAIRS;

    private final Vring[] vrings =
            IntStream.range(0, COUNT).mapToObj(i -> new Vring()).toArray(Vring[]::new);
    private final MemorySlots slots;
    private final LogSlot log = new LogSlot();
    private final RunningQueues running;
    private final QueueStandings standings;
    private long features;
    private boolean negotiated;

    Virtqueues(PortContext context, MemoryRules rules) {
        this.slots = new MemorySlots(MAX_MEMORY_SLOTS, rules);
        this.running = new RunningQueues(context, vrings, log);
        this.standings = new QueueStandings(context, vrings, running);
    }

    long features() {
        return features;
    }

    RingLayout layout() {
        return RingLayout.of(features);
    }

    void setFeatures(long wanted) throws RefusedException {
        if (negotiated && wanted == features) {
            return; // front ends repeat themselves for every queue pair
        }
        boolean anotherLayout = RingLayout.of(wanted) != layout();
        if (anotherLayout && IntStream.range(0, COUNT).anyMatch(running::runs)) {
            throw new RefusedException("the ring layout cannot become " + RingLayout.of(wanted) + " while rings run");
        }
        negotiated = true;
        if ((wanted ^ features) == Feature.VHOST_F_LOG_ALL.mask()) {
            changeLogging(() -> features = wanted);
            return;
        }
        change(index -> true, () -> {
            features = wanted;
            if (anotherLayout) {
                // Where a queue of the one layout stood says nothing of the other.
                Arrays.stream(vrings).forEach(Vring::forgetBase);
            }
        });
    }

    /** Whether rings of which the front end has not said so are enabled: it may have chosen to know no SET_VRING_ENABLE. */
    private boolean beginEnabled() {
        return negotiated && !Feature.VHOST_USER_F_PROTOCOL_FEATURES.in(features);
    }

    /** Stops every queue. */
    void reset() {
        change(index -> true, () -> Arrays.stream(vrings).forEach(Vring::rewind));
    }

    /** Forgets all that the front end has said, and gives back all that it has given. */
    void clear() {
        change(index -> true, () -> {
            Arrays.stream(vrings).forEach(Vring::reset);
            slots.replace(GuestMemory.EMPTY);
            slots.forget();
            running.forget();
            log.replace(Optional.empty());
            log.replaceSignal(Optional.empty());
            features = 0;
            negotiated = false;
        });
    }

    void setMemoryTable(List<RegionDescription> regions, List<Fd> files) throws RefusedException {
        changeMemory(slots.mapTable(regions, files));
    }

    void addMemoryRegion(RegionDescription region, Fd file) throws RefusedException {
        changeMemory(slots.mapAddition(region, file));
    }

    void removeMemoryRegion(RegionDescription region) throws RefusedException {
        changeMemory(slots.without(region));
    }

    private void changeMemory(GuestMemory next) {
        if (next.regions().equals(slots.memory().regions())) {
            return; // front ends repeat themselves for every queue pair
        }
        try {
            running.move(features, next);
        } finally {
            slots.replace(next); // or its regions would be nobody's to close if memory that is gone stops the move
        }
        slots.closeUnused();
        publish();
    }

    void setLog(LogDescription description, Fd file) throws RefusedException {
        DirtyLog next = LogSlot.map(description, file, slots.memory());
        changeLogging(() -> log.replace(Optional.of(next)));
    }

    void setLogSignal(Optional<EventFd> bell) {
        changeLogging(() -> log.replaceSignal(bell));
    }

    void setSize(long index, long size) throws RefusedException {
        Vring vring = vring(index);
        if (!layout().isValidSize(size)) {
            throw new RefusedException("vring " + index + ": size " + size + " of a " + layout() + " ring; allowed: "
                    + layout().validSizes());
        }
        if (running.runs((int) index) && size != vring.size()) {
            throw new RefusedException("vring " + index + ": size " + size + " while it runs with " + vring.size());
        }
        vring.setSize((int) size);
    }

    void setAddresses(VringAddresses addresses) throws RefusedException {
        Vring vring = vring(addresses.index());
        if (vring.size() > 0) {
            running.check(addresses, vring.size(), features, slots.memory());
        }
        if (vring.addresses().equals(Optional.of(addresses))) {
            return; // front ends repeat themselves
        }
        if (vring.addresses().filter(addresses::isSameRing).isPresent()) {
            changeLogging(() -> vring.setAddresses(addresses));
        } else {
            change(only(addresses.index()), () -> vring.setAddresses(addresses));
        }
    }

    void setBase(long index, long base) throws RefusedException {
        Vring vring = vring(index);
        if (vring.size() > 0 && !layout().isValidBase(base, vring.size())) {
            throw new RefusedException(String.format(
                    "vring %d: base 0x%x; that is outside a %s ring of %d entries",
                    index, base, layout(), vring.size()));
        }
        if (running.runs((int) index)) {
            throw new RefusedException("vring " + index + ": base given while it runs");
        }
        vring.setBase(base);
    }

    /** Starts a queue. The bell becomes the queue's own, or is closed. */
    void start(int index, Optional<EventFd> bell) throws RefusedException {
        Vring vring = vrings[index];
        try {
            if (vring.size() == 0 || vring.addresses().isEmpty()) {
                throw new RefusedException("vring " + index + " is started before its size and addresses are given");
            }
            running.check(vring.addresses().get(), vring.size(), features, slots.memory());
        } catch (RefusedException e) {
            bell.ifPresent(EventFd::close);
            throw e;
        }
        // Nobody listens to the kicks of a receive queue, so that one goes on, if it can.
        boolean goesOn = vring.started() && QueueMaker.isReceive(index) && !running.isBroken(index);
        change(goesOn ? i -> false : only(index), () -> {
            vring.setKick(bell);
            vring.start();
        });
    }

    /** Stops a queue, and says where it stands. */
    long stop(long index) throws RefusedException {
        Vring vring = vring(index);
        change(only(index), vring::stop);
        return vring.baseOr(layout().freshBase());
    }

    void setCall(int index, Optional<EventFd> bell) {
        if (running.replaceCall(index, bell)) {
            vrings[index].setCall(bell);
        } else {
            change(only(index), () -> vrings[index].setCall(bell));
        }
        // The guest may have been owed a notification through the descriptor before this one.
        bell.ifPresent(EventFd::signal);
    }

    void setError(int index, Optional<EventFd> bell) {
        change(only(index), () -> vrings[index].setError(bell));
    }

    void setEnabled(long index, boolean enabled) throws RefusedException {
        Vring vring = vring(index);
        if (vring.enabledOr(beginEnabled()) == enabled) {
            vring.setEnabled(enabled); // what runs is not disturbed
        } else {
            change(only(index), () -> vring.setEnabled(enabled));
        }
    }

    private Vring vring(long index) throws RefusedException {
        checkIndex(index);
        return vrings[(int) index];
    }

    static void checkIndex(long index) throws RefusedException {
        if (index >= COUNT) {
            throw new RefusedException("vring " + index + "; allowed: 0 to " + (COUNT - 1));
        }
    }

    /** Changes the device while no worker has the rings concerned, and lets all run that can. The other rings go on meanwhile. */
    private void change(IntPredicate affected, Runnable change) {
        running.withdraw(affected);
        change.run();
        slots.closeUnused();
        log.closeUnused();
        publish();
    }

    /** Changes what is logged, and where, while the queues go on: those that can log it. */
    private void changeLogging(Runnable change) {
        change.run();
        running.move(features, slots.memory());
        log.closeUnused();
        publish();
    }

    private void publish() {
        running.publish(features, beginEnabled(), slots.memory());
    }

    private static IntPredicate only(long index) {
        return i -> i == index;
    }

    GuestMemory memory() {
        return slots.memory();
    }

    /** Whether the files of guest memory and of the log still cover them. */
    boolean memoryIntact() {
        return slots.memory().intact() && log.intact();
    }

    /** When one of those files was changed last, as far as that matters. */
    long memoryChangedMillis() {
        return Math.max(slots.memory().changedMillis(), log.changedMillis());
    }

    PortStatus status() {
        if (features != 0 && slots.memory().regions().isEmpty()) {
            return PortStatus.down(
                    "memory not shared: the front end has given none, although its guest's driver is there"
                            + " (guest memory must be a file that is shared: in QEMU a memory backend with share=on)");
        }
        return standings.status();
    }

    List<VhostDetails.Region> memoryView() {
        return slots.view();
    }

    List<VhostDetails.Queue> view() {
        return standings.view(beginEnabled());
    }
}
