package io.patchbay.rawsock;

import io.patchbay.core.port.Claim;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.Uplink;
import java.util.List;

/** Ports of type {@code raw-socket}. */
public final class RawSocketPortProvider implements PortProvider<RawSocketSettings> {

    @Override
    public String type() {
        return "raw-socket";
    }

    @Override
    public Class<RawSocketSettings> settings() {
        return RawSocketSettings.class;
    }

    @Override
    public List<Claim> claims(RawSocketSettings settings) {
        return List.of(Claim.device("interface", settings.networkInterface(), settings.namespace()));
    }

    @Override
    public boolean canBeMember() {
        return true;
    }

    @Override
    public Port create(String name, RawSocketSettings settings) {
        return new Uplink(name, settings.isXdp() ? new XdpDevice(settings) : new RawSocketDevice(settings));
    }
}
