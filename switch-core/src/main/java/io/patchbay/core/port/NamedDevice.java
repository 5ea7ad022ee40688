package io.patchbay.core.port;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import java.util.Optional;

/** A device that is found by its name. */
public abstract class NamedDevice implements UplinkDevice {

    private final String kind;
    private final String name;
    private final Optional<String> namespace;
    private final WhenFull whenFull;

    /**
     * @param kind what an operator calls such a device
     * @param namespace the file of the network namespace the device is looked for in; the daemon's own if absent
     */
    protected NamedDevice(String kind, String name, Optional<String> namespace, WhenFull whenFull) {
        this.kind = kind;
        this.name = name;
        this.namespace = namespace;
        this.whenFull = whenFull;
    }

    @Override
    public final String describe() {
        return kind + " " + name;
    }

    @Override
    public final Optional<String> namespace() {
        return namespace;
    }

    @Override
    public final Optional<NetDevice.Link> look() {
        return NetNamespace.call(namespace, () -> NetDevice.find(name));
    }

    @Override
    public final WhenFull whenFull() {
        return whenFull;
    }

    /** That the device cannot be used, since a call failed, and what an operator may do about it. */
    protected final PortException unusable(LinuxException failure) {
        String hint = hint(failure);
        return new PortException(
                "cannot use " + describe() + ": " + failure.getMessage() + (hint.isEmpty() ? "" : ": " + hint),
                failure);
    }

    /** What an operator may do about a failed call; empty if that says it all. */
    protected abstract String hint(LinuxException failure);
}
