package io.patchbay.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code patchbay port}. */
@Command(name = "port", description = "Look at ports.", mixinStandardHelpOptions = true)
final class PortCommand {

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
                                Rows.at(port, "reason"))));
    }

    @Command(name = "show", description = "Everything about one port.", mixinStandardHelpOptions = true)
    int show(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME") String name) {
        String path =
                "/v1/ports/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        return admin.print("GET", path, List.of("WHAT", "VALUE"), Rows::flat);
    }
}
