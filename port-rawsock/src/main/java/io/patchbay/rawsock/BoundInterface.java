package io.patchbay.rawsock;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.port.NamedDevice;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** An interface that is there already, whichever sockets reach it. */
abstract class BoundInterface extends NamedDevice {

    private final RawSocketSettings settings;

    BoundInterface(RawSocketSettings settings) {
        super("interface", settings.networkInterface(), settings.namespace(), settings.full());
        this.settings = settings;
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
            throw unusable(e);
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
}
