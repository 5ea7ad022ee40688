package io.patchbay.testbed;

import io.patchbay.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command line, run in this process. */
final class Console {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Console() {}

    record Ran(int exitCode, String out, String err) {

        /** What was printed, which must be one JSON value. */
        JsonNode json() {
            return JSON.readTree(out);
        }
    }

    static Ran run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode = Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
        return new Ran(exitCode, out.toString(), err.toString());
    }
}
