package io.patchbay.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code patchbay fdb}. */
@Command(name = "fdb", description = "Look at and clear the learnt addresses.", mixinStandardHelpOptions = true)
final class FdbCommand {

    @Command(name = "list", description = "Learnt addresses.", mixinStandardHelpOptions = true)
    int list(@Mixin AdminOptions admin, @Option(names = "--port", paramLabel = "NAME") Optional<String> port) {
        return admin.print(
                "GET",
                path(port),
                List.of("ADDRESS", "PORT", "AGE", "STATE"),
                answer -> Rows.of(
                        answer,
                        entry -> List.of(
                                Rows.at(entry, "address"),
                                Rows.at(entry, "port"),
                                Rows.at(entry, "ageSeconds") + " s",
                                Rows.at(entry, "held").equals("true") ? "held" : "learnt")));
    }

    @Command(name = "flush", description = "Forget learnt addresses.", mixinStandardHelpOptions = true)
    int flush(@Mixin AdminOptions admin, @Option(names = "--port", paramLabel = "NAME") Optional<String> port) {
        return admin.print(
                "DELETE", path(port), List.of("FLUSHED"), answer -> List.of(List.of(Rows.at(answer, "flushed"))));
    }

    private static String path(Optional<String> port) {
        return "/v1/fdb"
                + port.map(name -> "?port=" + URLEncoder.encode(name, StandardCharsets.UTF_8))
                        .orElse("");
    }
}
