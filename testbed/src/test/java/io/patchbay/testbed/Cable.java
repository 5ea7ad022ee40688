package io.patchbay.testbed;

import java.io.IOException;

/**
 * A veth between the switch's side, which is the test's own network namespace or another, and a far namespace. It can be pulled out and laid again. The
 * kernels at its ends say nothing on it by themselves: no IPv6, and no ARP until somebody asks for it.
 */
final class Cable implements AutoCloseable {

    private final Side nearSide;
    private final String near;
    private final Namespace farSide;
    private final String far;
    private final String options;

    /** Runs commands where the near end is. */
    private interface Side {
        String run(String command) throws IOException, InterruptedException;
    }

    private Cable(Side nearSide, String near, Namespace farSide, String far, String options) {
        this.nearSide = nearSide;
        this.near = near;
        this.farSide = farSide;
        this.far = far;
        this.options = options;
    }

    /**
     * Lays a cable from the test's own namespace.
     *
     * @param near name of the device at this end
     * @param far name of the device in the far namespace
     * @param options of both devices, as {@code ip link add} takes them
     */
    static Cable lay(String near, Namespace farSide, String far, String options)
            throws IOException, InterruptedException {
        return new Cable(Shell::run, near, farSide, far, options).lay();
    }

    static Cable lay(String near, Namespace farSide, String far) throws IOException, InterruptedException {
        return lay(near, farSide, far, "");
    }

    /** Lays a cable from one namespace to another. */
    static Cable lay(Namespace nearSide, String near, Namespace farSide, String far)
            throws IOException, InterruptedException {
        return new Cable(nearSide::run, near, farSide, far, "").lay();
    }

    /** Lays the cable again after it was pulled out. */
    Cable lay() throws IOException, InterruptedException {
        nearSide.run("ip link add " + near + " " + options + " type veth peer name " + far + " " + options + " netns "
                + farSide.name());
        nearSide.run(silent(near));
        farSide.run(silent(far));
        return this;
    }

    private static String silent(String device) {
        return "sysctl -qw net.ipv6.conf." + device + ".disable_ipv6=1 && ip link set " + device + " arp off up";
    }

    /** Pulls it out: both devices are gone. */
    void pull() throws IOException, InterruptedException {
        nearSide.run("ip link del " + near);
    }

    /** Pulls it out if it is still there. */
    @Override
    public void close() throws IOException, InterruptedException {
        nearSide.run("ip link del " + near + " 2>/dev/null || true");
    }
}
