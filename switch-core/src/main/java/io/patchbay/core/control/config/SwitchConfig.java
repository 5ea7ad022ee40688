package io.patchbay.core.control.config;

import static io.patchbay.core.port.SettingChecks.oneOf;
import static io.patchbay.core.port.SettingChecks.range;

import io.netty.util.NetUtil;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.Claim;
import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.SettingException;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Waiters;
import io.patchbay.core.worker.WorkerSettings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The {@code switch} object of the configuration. Everything may be left out.
 *
 * @param ageingSeconds an address not seen for so long is forgotten; default 300
 * @param macLimit most addresses remembered; default 8192
 * @param moveLimit how often an address may move from port to port within {@code moveSeconds}; then it stays where it was for as long;
 *     default: as often as it likes
 * @param moveSeconds default 180; at most {@code ageingSeconds}
 * @param workers one entry per worker; default one worker, free to move
 * @param idle {@code adaptive} (default), {@code busy} or {@code sleepy}
 * @param spinMicros how long an adaptive worker polls at most before it sleeps; default 50
 * @param resumeLatencyMicros within how many microseconds idle processors are to go on, for as long as the daemon runs; default: as the kernel likes
 * @param waiter {@code auto} (default), {@code io_uring} or {@code epoll}
 * @param warmUpMillis how long frames of its own pass through a fresh daemon before its ports open; default 1000, 0: not at all
 * @param adminSocket path of the admin API; default {@value #DEFAULT_ADMIN_SOCKET}
 * @param stateDirectory where ports keep what they must know after a restart, or {@code off}; default {@value #DEFAULT_STATE_DIRECTORY}
 * @param metricsAddress {@code host:port} of the metrics, or {@code off}; default {@value #DEFAULT_METRICS_ADDRESS}
 */
public record SwitchConfig(
        Optional<Integer> ageingSeconds,
        Optional<Integer> macLimit,
        Optional<Integer> moveLimit,
        Optional<Integer> moveSeconds,
        Optional<List<WorkerConfig>> workers,
        Optional<String> idle,
        Optional<Integer> spinMicros,
        Optional<Integer> resumeLatencyMicros,
        Optional<String> waiter,
        Optional<Integer> warmUpMillis,
        Optional<String> adminSocket,
        Optional<String> stateDirectory,
        Optional<String> metricsAddress) {

    public static final String DEFAULT_ADMIN_SOCKET = "/run/patchbay/admin.sock";
    public static final String DEFAULT_STATE_DIRECTORY = "/var/lib/patchbay";
    public static final String DEFAULT_METRICS_ADDRESS = "127.0.0.1:9466";

    private static final int DEFAULT_AGEING_SECONDS = 300;
    private static final int DEFAULT_MOVE_SECONDS = 180;
    private static final int MAX_WORKERS = 64;

    public SwitchConfig {
        range("ageingSeconds", ageingSeconds, 1, 1_000_000);
        range("macLimit", macLimit, 1, MacTable.MAX_LIMIT);
        range("moveLimit", moveLimit, 1, 1_000_000);
        range("moveSeconds", moveSeconds, 1, 1_000_000);
        if (moveLimit.isEmpty() && moveSeconds.isPresent()) {
            throw SettingException.of("moveSeconds", moveSeconds.get(), "only together with moveLimit");
        }
        checkHold(moveLimit, moveSeconds.orElse(DEFAULT_MOVE_SECONDS), ageingSeconds.orElse(DEFAULT_AGEING_SECONDS));
        range("spinMicros", spinMicros, 0, 1_000_000);
        range("resumeLatencyMicros", resumeLatencyMicros, 0, 1_000_000);
        workers.ifPresent(list -> {
            if (list.isEmpty() || list.size() > MAX_WORKERS) {
                throw SettingException.of("workers", list.size() + " entries", "1 to " + MAX_WORKERS + " entries");
            }
            List<Integer> cpus =
                    list.stream().flatMap(worker -> worker.cpu().stream()).toList();
            if (cpus.stream().distinct().count() < cpus.size()) {
                throw SettingException.of("workers", cpus, "each processor for one worker");
            }
        });
        oneOf("idle", idle, List.of("adaptive", "busy", "sleepy"));
        range("warmUpMillis", warmUpMillis, 0, 10_000);
        oneOf("waiter", waiter, List.of("auto", "io_uring", "epoll"));
        adminSocket.ifPresent(path -> SettingChecks.socket("adminSocket", path));
        stateDirectory.ifPresent(path -> {
            if (!SettingChecks.isAbsolutePath(path) && !path.equals("off")) {
                throw SettingException.of("stateDirectory", path, "an absolute path, or off");
            }
        });
        metricsAddress.ifPresent(SwitchConfig::checkAddress);
    }

    /** An address that is held would else be forgotten before the hold ends, and appear wherever it likes. */
    private static void checkHold(Optional<Integer> moveLimit, int moveSeconds, int ageingSeconds) {
        if (moveLimit.isPresent() && moveSeconds > ageingSeconds) {
            throw SettingException.of(
                    "moveSeconds",
                    moveSeconds,
                    "at most $.switch.ageingSeconds, which is " + ageingSeconds
                            + ": an address that is held must not be forgotten before");
        }
    }

    private static void checkAddress(String address) {
        int colon = address.lastIndexOf(':');
        boolean good = colon > 0
                && isHost(address.substring(0, colon))
                && address.substring(colon + 1).matches("\\d{1,5}")
                && Integer.parseInt(address.substring(colon + 1)) <= 65_535;
        if (!good && !address.equals("off")) {
            throw SettingException.of(
                    "metricsAddress", address, "host:port, such as 127.0.0.1:9466 or [::1]:9466, or off");
        }
    }

    /** Whether it is an IP address, or looks like a name. */
    private static boolean isHost(String host) {
        if (host.startsWith("[")) {
            return host.endsWith("]") && NetUtil.isValidIpV6Address(host.substring(1, host.length() - 1));
        }
        return NetUtil.isValidIpV4Address(host)
                || (host.matches("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?") && !host.matches("[0-9.]+"));
    }

    /** What the daemon itself wants of the host. */
    List<Claim> claims() {
        return List.of(Claim.socket("adminSocket", adminPath()));
    }

    public int ageing() {
        return ageingSeconds.orElse(DEFAULT_AGEING_SECONDS);
    }

    public int addresses() {
        return macLimit.orElse(8192);
    }

    /** How often an address may move, or 0. */
    public int moves() {
        return moveLimit.orElse(0);
    }

    /** Within how many seconds, and for how many it is held then. */
    public int holding() {
        return moveSeconds.orElse(DEFAULT_MOVE_SECONDS);
    }

    public String adminPath() {
        return adminSocket.orElse(DEFAULT_ADMIN_SOCKET);
    }

    /** Where ports keep what they must know after a restart, if anywhere. */
    public Optional<Path> statePath() {
        return Optional.of(stateDirectory.orElse(DEFAULT_STATE_DIRECTORY))
                .filter(path -> !path.equals("off"))
                .map(Path::of);
    }

    /** In a state directory, the file of one port. */
    public static Path stateFile(Path directory, String port) {
        return directory.resolve("ports").resolve(port + ".json");
    }

    /** How long a fresh daemon is warmed up. */
    public Duration warmUp() {
        return Duration.ofMillis(warmUpMillis.orElse(1000));
    }

    /** Where metrics are served, if anywhere. */
    public Optional<InetSocketAddress> metrics() {
        String address = metricsAddress.orElse(DEFAULT_METRICS_ADDRESS);
        if (address.equals("off")) {
            return Optional.empty();
        }
        int colon = address.lastIndexOf(':');
        String host = address.substring(0, colon).replaceAll("^\\[|]$", "");
        return Optional.of(new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1))));
    }

    public Waiters waiterKind() {
        return Waiters.valueOf(waiter.orElse("auto").toUpperCase(Locale.ROOT));
    }

    /** One entry per worker. */
    public List<WorkerSettings> workerSettings() {
        return workers.orElse(List.of(new WorkerConfig(Optional.empty()))).stream()
                .map(worker -> new WorkerSettings(
                        idlePolicy(),
                        worker.cpu().map(OptionalInt::of).orElse(OptionalInt.empty()),
                        WorkerSettings.DEFAULT_FRAME_BUDGET,
                        WorkerSettings.DEFAULT_BYTE_BUDGET))
                .toList();
    }

    private IdlePolicy idlePolicy() {
        return switch (idle.orElse("adaptive")) {
            case "busy" -> new IdlePolicy.Busy();
            case "sleepy" -> new IdlePolicy.Sleepy();
            default -> new IdlePolicy.Adaptive(Duration.ofNanos(1000L * spinMicros.orElse(50)));
        };
    }
}
