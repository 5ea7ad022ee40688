package io.patchbay.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code patchbay drops}. */
@Command(name = "drops", description = "Frames that were dropped, and why.", mixinStandardHelpOptions = true)
final class DropsCommand implements Callable<Integer> {

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() {
        return admin.print(
                "GET",
                "/v1/drops",
                List.of("PORT", "DIRECTION", "REASON", "FRAMES", "MEANING"),
                answer -> Rows.of(
                        answer,
                        drop -> List.of(
                                Rows.at(drop, "port"),
                                Rows.at(drop, "direction"),
                                Rows.at(drop, "reason"),
                                Rows.at(drop, "frames"),
                                Rows.at(drop, "explanation"))));
    }
}
