package io.patchbay.testbed;

import java.io.IOException;

/** A network namespace that goes away with everything in it. */
final class Namespace implements AutoCloseable {

    private final String name;

    Namespace(String name) throws IOException, InterruptedException {
        this.name = name;
        Shell.run("ip netns del " + name + " 2>/dev/null; ip netns add " + name);
    }

    String name() {
        return name;
    }

    /** Moves a device here, gives it an address, and brings it up. */
    void adopt(String device, String address) throws IOException, InterruptedException {
        Shell.run("ip link set " + device + " netns " + name);
        run("ip address add " + address + "/24 dev " + device + " && ip link set " + device + " up");
    }

    String run(String command) throws IOException, InterruptedException {
        return Shell.run("ip netns exec " + name + " bash -c '" + command + "'");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Shell.run("ip netns pids " + name + " | xargs -r kill; ip netns del " + name);
    }
}
