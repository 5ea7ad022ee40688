package io.patchbay.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code patchbay port}. */
@Command(name = "port", description = "Look at ports, shut and open them.", mixinStandardHelpOptions = true)
final class PortCommand {

    private static final String RUN_TIME_ONLY =
            "Lasts until the daemon ends, as with `ip link set`; \"enabled\" in the configuration says how a port starts.";

    @Command(
            name = "list",
            description = "All ports, whether they are up, and what passed.",
            mixinStandardHelpOptions = true)
    int list(@Mixin AdminOptions admin) {
        return admin.print(
                "GET",
                "/v1/ports",
                List.of("NAME", "TYPE", "STATE", "RECEIVED", "DELIVERED", "DROPPED", "REASON"),
                answer -> Rows.of(
                        answer,
                        port -> List.of(
                                Rows.at(port, "name"),
                                Rows.at(port, "type"),
                                Rows.at(port, "state"),
                                Rows.at(port, "received.frames"),
                                Rows.at(port, "delivered.frames"),
                                Rows.at(port, "dropped"),
                                reason(port))));
    }

    private static String reason(JsonNode port) {
        String pair = Rows.at(port, "memberOf");
        return (pair.isEmpty() ? "" : "member of " + pair + "; ") + Rows.at(port, "reason");
    }

    @Command(name = "show", description = "Everything about one port.", mixinStandardHelpOptions = true)
    int show(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME") String name) {
        return admin.print("GET", path(name), List.of("WHAT", "VALUE"), Rows::flat);
    }

    @Command(
            name = "up",
            description = {"Open a port that was shut.", RUN_TIME_ONLY},
            mixinStandardHelpOptions = true)
    int up(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME") String name) {
        return change(admin, name, "up");
    }

    @Command(
            name = "down",
            description = {
                "Shut a port: no frame passes, and addresses learnt on it are forgotten. What its guest or host sends waits"
                        + " there. A tap shows its host no carrier; a guest is not told: its link is its VMM's (in QEMU:"
                        + " set_link).",
                RUN_TIME_ONLY
            },
            mixinStandardHelpOptions = true)
    int down(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME") String name) {
        return change(admin, name, "down");
    }

    private static int change(AdminOptions admin, String name, String state) {
        return admin.print(
                "PATCH",
                path(name) + "?admin=" + state,
                List.of("NAME", "ADMIN", "STATE", "REASON"),
                port -> List.of(List.of(
                        Rows.at(port, "name"),
                        Rows.at(port, "admin"),
                        Rows.at(port, "state"),
                        Rows.at(port, "reason"))));
    }

    private static String path(String name) {
        return "/v1/ports/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
