package io.patchbay.cli;

import io.patchbay.core.control.config.SwitchConfig;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Options of every command that asks a running daemon, and how its answer is printed. */
final class AdminOptions {

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            defaultValue = "${env:PATCHBAY_ADMIN_SOCKET:-" + SwitchConfig.DEFAULT_ADMIN_SOCKET + "}",
            description = "Admin socket of the daemon; default: ${DEFAULT-VALUE}.")
    private String socket = SwitchConfig.DEFAULT_ADMIN_SOCKET;

    @Option(
            names = {"-o", "--output"},
            defaultValue = "table",
            description = "Print ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
    private Output output = Output.table;

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec command;

    /** Asks, and prints the answer's rows, or the answer itself. */
    int print(String method, String path, List<String> header, Function<JsonNode, List<List<String>>> rows) {
        JsonNode answer = new AdminClient(socket).ask(method, path);
        PrintWriter out = Objects.requireNonNull(command).commandLine().getOut();
        if (output == Output.json) {
            out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(answer));
        } else {
            out.print(Tables.render(header, rows.apply(answer)));
        }
        Printing.finish(out);
        return 0;
    }
}
