package io.patchbay.core.port.pair;

import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;

/** The switch, as a member of a pair sees it; and the member, as the pair does. What may change is guarded by the pair's lock. */
final class PairMember implements PortContext, Election.Candidate {

    private final Pair pair;
    private final Pair.Member member;
    private final PortContext switching;
    private PortQueues offered = PortQueues.NONE;

    PairMember(Pair pair, Pair.Member member, PortContext switching) {
        this.pair = pair;
        this.member = member;
        this.switching = switching;
    }

    GatedPort port() {
        return member.port();
    }

    PortQueues offered() {
        return offered;
    }

    /** Whether frames can go out by it. */
    @Override
    public boolean isUsable() {
        return offered.transmitter().isPresent() && member.port().status().up();
    }

    @Override
    public boolean isOpen() {
        return member.port().isOpen();
    }

    @Override
    public void publish(PortQueues queues) {
        pair.change(() -> offered = queues);
    }

    @Override
    public void statusChanged() {
        pair.statusChanged();
    }

    /** What was learnt behind one member is behind the other as well. */
    @Override
    public void forgetAddresses() {
        pair.forgetAddressesUnlessUsable();
    }

    @Override
    public String name() {
        return member.name();
    }

    @Override
    public PortCounters counters() {
        return member.counters();
    }

    @Override
    public int workers() {
        return switching.workers();
    }

    @Override
    public boolean mayUseIoUring() {
        return switching.mayUseIoUring();
    }

    @Override
    public boolean inject(byte[] frame) {
        return switching.inject(frame);
    }

    @Override
    public boolean send(byte[] frame) {
        return switching.send(frame);
    }

    @Override
    public long[] addressesElsewhere() {
        return switching.addressesElsewhere();
    }
}
