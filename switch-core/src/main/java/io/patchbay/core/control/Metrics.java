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
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.pair.Pair;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.core.worker.WorkerCounters;
import io.prometheus.client.exporter.common.TextFormat;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
        perPort(
                port,
                tags,
                "receive.frames",
                "Frames received from the guest or uplink.",
                QueueCounters.Count.FRAMES,
                true);
        perPort(
                port,
                tags,
                "receive.bytes",
                "Bytes received from the guest or uplink.",
                QueueCounters.Count.BYTES,
                true);
        perPort(
                port,
                tags,
                "transmit.frames",
                "Frames delivered to the guest or uplink.",
                QueueCounters.Count.FRAMES,
                false);
        perPort(
                port,
                tags,
                "transmit.bytes",
                "Bytes delivered to the guest or uplink.",
                QueueCounters.Count.BYTES,
                false);
        perPort(
                port,
                tags,
                "flood.copies",
                "Deliveries beyond the first that floods of received frames caused.",
                QueueCounters.Count.FLOOD_COPIES,
                true);
        perPort(
                port,
                tags,
                "software.checksums",
                "Delivered frames whose checksum was completed in software.",
                QueueCounters.Count.SOFTWARE_CHECKSUMS,
                false);
        perPort(
                port,
                tags,
                "software.segmented",
                "Delivered frames that were segmented in software.",
                QueueCounters.Count.SOFTWARE_SEGMENTED,
                false);
        perPort(
                port,
                tags,
                "software.segments",
                "Segments made in software that the guest or uplink took.",
                QueueCounters.Count.SOFTWARE_SEGMENTS,
                false);
        perPort(
                port,
                tags,
                "held.frames",
                "Frames that had to wait in their sender's queue because the uplink was full.",
                QueueCounters.Count.HELD,
                false);
        perPort(port, tags, "stalls", "How many times the uplink became full.", QueueCounters.Count.STALLS, false);
        perPort(port, tags, "kicks", "Wake-ups received from the guest.", QueueCounters.Count.KICKS, true);
        counter(
                "patchbay.port.calls",
                "Notifications sent to the guest.",
                tags,
                port,
                p -> both(p, QueueCounters.Count.CALLS));
        counter(
                "patchbay.port.calls.suppressed",
                "Notifications the guest did not want.",
                tags,
                port,
                p -> both(p, QueueCounters.Count.CALLS_SUPPRESSED));
        for (DropReason reason : DropReason.values()) {
            drops(port, tags, reason, "receive", true);
            drops(port, tags, reason, "transmit", false);
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

    private void perPort(
            PluggedPort port, Tags tags, String name, String help, QueueCounters.Count count, boolean receive) {
        counter("patchbay.port." + name, help, tags, port, p -> Views.sum(queues(p, receive), q -> q.get(count)));
    }

    private void drops(PluggedPort port, Tags tags, DropReason reason, String direction, boolean receive) {
        counter(
                "patchbay.drop.frames",
                "Frames dropped, by the direction in which they were going and the reason.",
                tags.and("direction", direction, "reason", reason.label()),
                port,
                p -> Views.sum(queues(p, receive), q -> q.dropped(reason)));
    }

    private static long both(PluggedPort port, QueueCounters.Count count) {
        return Views.sum(queues(port, true), q -> q.get(count)) + Views.sum(queues(port, false), q -> q.get(count));
    }

    private static List<QueueCounters> queues(PluggedPort port, boolean receive) {
        return receive ? port.counters().receive() : port.counters().transmit();
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
