package io.patchbay.tap;

import io.patchbay.core.port.Claim;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.Uplink;
import java.util.List;

/** Ports of type {@code tap}. */
public final class TapPortProvider implements PortProvider<TapSettings> {

    @Override
    public String type() {
        return "tap";
    }

    @Override
    public Class<TapSettings> settings() {
        return TapSettings.class;
    }

    @Override
    public List<Claim> claims(TapSettings settings) {
        return List.of(Claim.device("device", settings.device(), settings.namespace()));
    }

    @Override
    public boolean canBeMember() {
        return true;
    }

    @Override
    public Port create(String name, TapSettings settings) {
        return new Uplink(name, new TapDevice(settings));
    }
}
