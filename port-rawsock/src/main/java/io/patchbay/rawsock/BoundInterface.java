package io.patchbay.rawsock;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.UplinkDevice;
import io.patchbay.core.port.WhenFull;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** An interface that is there already, whichever sockets reach it. */
abstract class BoundInterface implements UplinkDevice {

    private final RawSocketSettings settings;

    BoundInterface(RawSocketSettings settings) {
        this.settings = settings;
    }

    @Override
    public String describe() {
        return "interface " + settings.networkInterface();
    }

    @Override
    public Optional<String> namespace() {
        return settings.namespace();
    }

    @Override
    public Optional<NetDevice.Link> look() {
        return NetNamespace.call(settings.namespace(), () -> NetDevice.find(settings.networkInterface()));
    }

    @Override
    public WhenFull whenFull() {
        return settings.full();
    }

    @Override
    public Attachment attach(PortContext context, boolean enabled, Runnable trouble) throws PortException {
        try {
            NetDevice.Link link =
                    NetNamespace.call(settings.namespace(), () -> NetDevice.info(settings.networkInterface()));
            if (link.type() != NetDevice.ARPHRD_ETHER) {
                throw new PortException(
                        "cannot use " + describe() + ": it is not Ethernet (hardware type " + link.type() + ")");
            }
            return attach(link, context, enabled, trouble);
        } catch (LinuxException e) {
            String hint = hint(e);
            throw new PortException(
                    "cannot use " + describe() + ": " + e.getMessage() + (hint.isEmpty() ? "" : ": " + hint), e);
        }
    }

    /**
     * Sockets on the interface as it was when they were opened: one that is deleted and made again has another number.
     *
     * @param bound whether the sockets reach it still: one that was away and is back under its number has left them
     * @param changed told how the interface is whenever something about it may have changed
     * @param close closes the sockets
     */
    final Attachment attachment(
            PortQueues queues,
            NetDevice.Link opened,
            BooleanSupplier bound,
            Consumer<NetDevice.Link> changed,
            Runnable close) {
        return new Attachment() {
            @Override
            public PortQueues queues() {
                return queues;
            }

            @Override
            public boolean isThere() {
                if (!bound.getAsBoolean()) {
                    return false;
                }
                Optional<NetDevice.Link> now = look().filter(found -> found.index() == opened.index());
                now.ifPresent(changed);
                return now.isPresent();
            }

            @Override
            public void close() {
                close.run();
            }
        };
    }

    /** Opens the sockets, unless the port is not enabled. */
    abstract Attachment attach(NetDevice.Link link, PortContext context, boolean enabled, Runnable trouble)
            throws PortException;

    /** What an operator may do about a failed call; empty if that says it all. */
    abstract String hint(LinuxException failure);
}
