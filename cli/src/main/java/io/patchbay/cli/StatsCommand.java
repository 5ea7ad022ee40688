package io.patchbay.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code patchbay stats}. */
@Command(name = "stats", description = "Counters of every queue.", mixinStandardHelpOptions = true)
final class StatsCommand implements Callable<Integer> {

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() {
        return admin.print(
                "GET",
                "/v1/stats",
                List.of(
                        "PORT",
                        "QUEUE",
                        "RECEIVED",
                        "BYTES",
                        "DELIVERED",
                        "BYTES",
                        "COPIES",
                        "KICKS",
                        "CALLS",
                        "DROPPED"),
                answer -> {
                    List<List<String>> rows = new ArrayList<>();
                    answer.path("ports")
                            .forEach(port -> rows.addAll(Rows.of(
                                    port.path("queues"),
                                    queue -> List.of(
                                            Rows.at(port, "port"),
                                            Rows.at(queue, "queue"),
                                            Rows.at(queue, "received.frames"),
                                            Rows.at(queue, "received.bytes"),
                                            Rows.at(queue, "delivered.frames"),
                                            Rows.at(queue, "delivered.bytes"),
                                            Rows.at(queue, "floodCopies"),
                                            Rows.at(queue, "kicks"),
                                            Rows.at(queue, "calls"),
                                            Rows.at(queue, "dropped")))));
                    return rows;
                });
    }
}
