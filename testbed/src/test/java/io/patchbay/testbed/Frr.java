package io.patchbay.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** FRR's zebra and bgpd in a namespace, with files of their own. They end with the namespace. */
final class Frr implements AutoCloseable {

    private static final String PROGRAMS = "/usr/lib/frr/";

    private final Path directory;

    private Frr(Path directory) {
        this.directory = directory;
    }

    /** Speaks EVPN with a neighbour and tells it of every VXLAN device on a bridge. */
    static Frr start(Namespace namespace, String address, String neighbour) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("pbfrr");
        Files.writeString(directory.resolve("zebra.conf"), "");
        Files.writeString(directory.resolve("bgpd.conf"), """
                router bgp 65000
                 bgp router-id %1$s
                 no bgp default ipv4-unicast
                 timers bgp 1 3
                 neighbor %2$s remote-as 65000
                 neighbor %2$s timers connect 1
                 neighbor %2$s advertisement-interval 0
                 address-family l2vpn evpn
                  neighbor %2$s activate
                  advertise-all-vni
                 exit-address-family
                """.formatted(address, neighbour));
        Shell.run("chown -R frr:frr " + directory);
        Frr frr = new Frr(directory);
        for (String daemon : new String[] {"zebra", "bgpd"}) {
            namespace.run(PROGRAMS + daemon + " -d -u frr -g frr -A 127.0.0.1"
                    + " -f " + directory + "/" + daemon + ".conf -i " + directory + "/" + daemon + ".pid"
                    + " -z " + directory + "/zserv.api --vty_socket " + directory
                    + " --log file:" + directory + "/" + daemon + ".log");
        }
        return frr;
    }

    /** What {@code vtysh} answers. */
    String ask(String command) throws IOException, InterruptedException {
        return Shell.run("vtysh --vty_socket " + directory + " -c \"" + command + "\"");
    }

    String log() throws IOException, InterruptedException {
        return Shell.run("cat " + directory + "/*.log");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Shell.run("cat " + directory + "/*.pid | xargs -r kill; for i in $(seq 100); do cat " + directory
                + "/*.pid 2>/dev/null | xargs -r kill -0 2>/dev/null || break; sleep 0.05; done");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
