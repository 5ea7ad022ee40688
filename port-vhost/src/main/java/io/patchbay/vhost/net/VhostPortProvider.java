package io.patchbay.vhost.net;

import io.patchbay.core.port.Claim;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortProvider;
import io.patchbay.vhost.memory.MemoryPool;
import java.util.List;

/** Ports of type {@code vhost-user}. */
public final class VhostPortProvider implements PortProvider<VhostSettings> {

    public static final String TYPE = "vhost-user";

    private final MemoryPool pool = MemoryPool.ofThisProcess();

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<VhostSettings> settings() {
        return VhostSettings.class;
    }

    @Override
    public List<Claim> claims(VhostSettings settings) {
        return List.of(Claim.socket("socket", settings.socket()));
    }

    @Override
    public Port create(String name, VhostSettings settings) {
        return new VhostPort(name, settings, pool);
    }
}
