package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.Optional;
import java.util.OptionalLong;

/** What a front end has said of one virtqueue. Confined to the session's thread, under the device's lock. */
final class Vring {

    private int size;
    private Optional<VringAddresses> addresses = Optional.empty();
    private OptionalLong base = OptionalLong.empty();
    private Optional<EventFd> kick = Optional.empty();
    private Optional<EventFd> call = Optional.empty();
    private Optional<EventFd> error = Optional.empty();
    private boolean started;
    private boolean hasRun;
    private Optional<Boolean> enabled = Optional.empty();
    private String trouble = "";

    int size() {
        return size;
    }

    void setSize(int n) {
        size = n;
    }

    Optional<VringAddresses> addresses() {
        return addresses;
    }

    void setAddresses(VringAddresses where) {
        addresses = Optional.of(where);
    }

    /** Where the ring starts, or stands if it is not running; {@code fresh} if it never ran and the front end has not said. */
    long baseOr(long fresh) {
        return base.orElse(fresh);
    }

    void setBase(long position) {
        base = OptionalLong.of(position);
    }

    void forgetBase() {
        base = OptionalLong.empty();
    }

    QueueEvents events() {
        return new QueueEvents(kick, call);
    }

    Optional<EventFd> call() {
        return call;
    }

    Optional<EventFd> error() {
        return error;
    }

    void setKick(Optional<EventFd> descriptor) {
        kick.ifPresent(EventFd::close);
        kick = descriptor;
    }

    void setCall(Optional<EventFd> descriptor) {
        call.ifPresent(EventFd::close);
        call = descriptor;
    }

    void setError(Optional<EventFd> descriptor) {
        error.ifPresent(EventFd::close);
        error = descriptor;
    }

    boolean started() {
        return started;
    }

    void start() {
        started = true;
    }

    /** Whether it has run since the front end came: where it stands is known then. */
    boolean hasRun() {
        return hasRun;
    }

    void setHasRun() {
        hasRun = true;
    }

    /** Stops the ring; its kick descriptor belongs to the start and goes with it. */
    void stop() {
        started = false;
        trouble = "";
        setKick(Optional.empty());
    }

    /** Whether the front end allows it to run; {@code fresh} if it has not said. */
    boolean enabledOr(boolean fresh) {
        return enabled.orElse(fresh);
    }

    void setEnabled(boolean on) {
        enabled = Optional.of(on);
    }

    /** Why the ring cannot run although it was started; empty if it can. */
    String trouble() {
        return trouble;
    }

    void setTrouble(String why) {
        trouble = why;
    }

    /** Stops the ring, as a reset of the device does: it is to be enabled anew. It stands where it stood: QEMU 7.2 asks for that only after it has reset. */
    void rewind() {
        stop();
        enabled = Optional.empty();
    }

    /** Forgets everything, as before the front end came. */
    void reset() {
        rewind();
        setCall(Optional.empty());
        setError(Optional.empty());
        size = 0;
        addresses = Optional.empty();
        forgetBase();
        hasRun = false;
    }
}
