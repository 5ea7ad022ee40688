package io.patchbay.cli;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigProblem;
import io.patchbay.core.control.config.ConfigReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code patchbay config}. */
@Command(name = "config", description = "Look at configuration files.", mixinStandardHelpOptions = true)
final class ConfigCommand {

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    @Spec
    private @Nullable CommandSpec command;

    private record Verdict(String file, boolean good, int ports, List<ConfigProblem> problems) {}

    @Command(
            name = "check",
            description = "Say whether a file can be run, and if not, what is wrong where.",
            mixinStandardHelpOptions = true)
    int check(
            @Option(
                            names = {"-o", "--output"},
                            defaultValue = "table",
                            description = "Print ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
                    Output output,
            @Parameters(paramLabel = "FILE") Path file) {
        Verdict verdict = verdict(file);
        PrintWriter out = Objects.requireNonNull(command).commandLine().getOut();
        if (output == Output.json) {
            out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(verdict));
        } else if (verdict.good()) {
            out.println(file + ": good, " + verdict.ports() + " ports");
        } else {
            throw ConfigFile.failure(verdict.problems());
        }
        Printing.finish(out);
        return verdict.good() ? 0 : CommandFailure.BAD_CONFIG;
    }

    private static Verdict verdict(Path file) {
        try {
            Config config = ConfigReader.ofInstalledKinds().read(file);
            int ports = config.ports().size() + config.pairs().size();
            return new Verdict(file.toString(), true, ports, List.of());
        } catch (ConfigException e) {
            return new Verdict(file.toString(), false, 0, e.problems());
        }
    }
}
