package io.patchbay.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code patchbay status}. */
@Command(name = "status", description = "The daemon at a glance.", mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() {
        return admin.print("GET", "/v1/status", List.of("WHAT", "VALUE"), Rows::flat);
    }
}
