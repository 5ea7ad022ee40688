package io.patchbay.core.control;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.patchbay.core.control.http.Answer;
import io.patchbay.core.control.http.Route;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.pair.Pair;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.core.worker.WorkerCounters;
import io.prometheus.client.exporter.common.TextFormat;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Prometheus metrics. Every one is a function of counters that workers keep anyway: a scrape costs the data path nothing.
 *
 * <p>Micrometer's registry for the simpleclient is deprecated in favour of one for its successor, and was asked for by name; this class is the
 * only one that knows it.
 */
@SuppressWarnings("deprecation")
final class Metrics implements AutoCloseable {

    private final io.micrometer.prometheus.PrometheusMeterRegistry registry =
            new io.micrometer.prometheus.PrometheusMeterRegistry(io.micrometer.prometheus.PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();

    Metrics(String version) {
        // Not named as Prometheus wants it: a count that is no counter, and a time not in seconds, of which ours takes
        // the place.
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"));
        FunctionCounter.builder("process.cpu.seconds", ProcessHandle.current(), Metrics::cpuSeconds)
                .description("Processor time the process has used, in the kernel and outside.")
                .register(registry);
        Gauge.builder("patchbay.build.info", () -> 1)
                .description("Always 1; says which build runs.")
                .tags("version", version, "java", Runtime.version().toString())
                .register(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        gc.bindTo(registry);
    }

    private static double cpuSeconds(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
    }

    /** The scrape, for a text or OpenMetrics client. */
    Route route() {
        return Route.get("/metrics", asked -> {
            String type = TextFormat.chooseContentType(asked.accept());
            return new Answer(200, type, registry.scrape(type));
        });
    }

    void addSwitch(Switchboard board) {
        MacTable macs = board.macs();
        Gauge.builder("patchbay.fdb.entries", macs, m -> m.statistics().entries())
                .description("Addresses in the filtering database.")
                .register(registry);
        Gauge.builder("patchbay.fdb.limit", macs, m -> m.statistics().limit())
                .description("Most addresses the filtering database holds.")
                .register(registry);
        fdb(macs, "learned", "Addresses learnt.", s -> s.learned());
        fdb(macs, "moved", "Addresses seen on another port than before.", s -> s.moved());
        fdb(macs, "aged", "Addresses forgotten because they were not seen for the ageing time.", s -> s.aged());
        fdb(macs, "flushed", "Addresses forgotten on request or with their port.", s -> s.flushed());
        fdb(macs, "evicted", "Addresses forgotten to make room for others.", s -> s.evicted());
        fdb(macs, "held", "Addresses held where they were for moving too often.", s -> s.held());
        for (Switchboard.WorkerView worker : board.workers()) {
            for (WorkerCounters.Count count : WorkerCounters.Count.values()) {
                counter(
                        "patchbay.worker."
                                + count.name().toLowerCase(Locale.ROOT).replace('_', '.'),
                        "What the worker did: "
                                + count.name().toLowerCase(Locale.ROOT).replace('_', ' ') + ".",
                        Tags.of("worker", String.valueOf(worker.number()), "waiter", worker.waiter()),
                        worker.counters(), // strongly held by the worker: a meter refers to its object weakly
                        c -> c.get(count));
            }
            addInjected(Tags.of("worker", String.valueOf(worker.number())), worker.injected());
        }
    }

    /** Frames that no port's counters have, without which sums over all ports do not balance. */
    private void addInjected(Tags tags, QueueCounters injected) {
        counter(
                "patchbay.injected.frames",
                "Frames the control side made, such as announcements of where a station is.",
                tags,
                injected,
                c -> c.get(QueueCounters.Count.FRAMES));
        counter(
                "patchbay.injected.flood.copies",
                "Copies of them beyond the first, because they were flooded.",
                tags,
                injected,
                c -> c.get(QueueCounters.Count.FLOOD_COPIES));
        for (DropReason reason : DropReason.values()) {
            counter(
                    "patchbay.injected.drop.frames",
                    "Those of them that were dropped before they were forwarded, by reason.",
                    tags.and("reason", reason.label()),
                    injected,
                    c -> c.dropped(reason));
        }
    }

    private void fdb(MacTable macs, String what, String help, ToDoubleFunction<MacTable.Statistics> value) {
        counter("patchbay.fdb." + what, help, Tags.empty(), macs, m -> value.applyAsDouble(m.statistics()));
    }

    void addPort(PluggedPort port) {
        Tags tags = Tags.of("port", port.name());
        port.pair().ifPresent(pair -> addPair(port, pair));
        Gauge.builder("patchbay.port.up", port, p -> p.port().status().up() ? 1 : 0)
                .description("1 if frames can pass.")
                .tags(tags.and("type", port.type()))
                .register(registry);
        Gauge.builder("patchbay.port.admin.up", port, p -> p.port().isEnabled() ? 1 : 0)
                .description("0 if the operator or the configuration has shut the port.")
                .tags(tags)
                .register(registry);
        for (PortCount count : PortCount.values()) {
            counter("patchbay.port." + count.label(), count.help(), tags, port, p -> count.of(p.counters()));
        }
        for (DropReason reason : DropReason.values()) {
            drops(port, tags, reason, "receive", PortCounters::receive);
            drops(port, tags, reason, "transmit", PortCounters::transmit);
        }
    }

    /** A pair's frames are its members', each of which is a port here: sums over all ports are right. */
    private void addPair(PluggedPort port, Pair pair) {
        Tags tags = Tags.of("pair", port.name());
        for (PluggedPort member : port.members()) {
            Gauge.builder("patchbay.pair.member.active", pair, p -> isActive(p, member) ? 1 : 0)
                    .description("1 if the port is the member of the pair that carries frames.")
                    .tags(tags.and("port", member.name()))
                    .register(registry);
        }
        counter(
                "patchbay.pair.failovers",
                "How often another member than before became the one that carries frames.",
                tags,
                pair,
                Pair::failOvers);
        counter(
                "patchbay.pair.announcements",
                "Frames that told the network where a station is to be reached.",
                tags,
                pair,
                Pair::announcements);
    }

    private static boolean isActive(Pair pair, PluggedPort member) {
        return pair.active().equals(Optional.of(member.name()));
    }

    private void drops(
            PluggedPort port,
            Tags tags,
            DropReason reason,
            String direction,
            Function<PortCounters, List<QueueCounters>> queues) {
        counter(
                "patchbay.drop.frames",
                "Frames dropped, by the direction in which they were going and the reason.",
                tags.and("direction", direction, "reason", reason.label()),
                port,
                p -> Views.sum(queues.apply(p.counters()), q -> q.dropped(reason)));
    }

    private <T> void counter(String name, String help, Tags tags, T of, ToDoubleFunction<T> value) {
        FunctionCounter.builder(name, of, value).description(help).tags(tags).register(registry);
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }
}
