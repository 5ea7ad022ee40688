package io.patchbay.tap;

import io.patchbay.core.port.Claim;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.Uplink;
import java.util.List;

/** Ports of type {@code macvtap}. */
public final class MacvtapPortProvider implements PortProvider<MacvtapSettings> {

    @Override
    public String type() {
        return "macvtap";
    }

    @Override
    public Class<MacvtapSettings> settings() {
        return MacvtapSettings.class;
    }

    @Override
    public List<Claim> claims(MacvtapSettings settings) {
        return List.of(Claim.device("interface", settings.networkInterface(), settings.namespace()));
    }

    @Override
    public boolean canBeMember() {
        return true;
    }

    @Override
    public Port create(String name, MacvtapSettings settings) {
        return new Uplink(name, new MacvtapDevice(settings));
    }
}
