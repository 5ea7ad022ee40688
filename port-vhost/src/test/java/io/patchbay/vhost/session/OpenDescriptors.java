package io.patchbay.vhost.session;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Descriptors of this process that a session could have forgotten: sockets, eventfds and the files that tests send. */
final class OpenDescriptors {

    private OpenDescriptors() {}

    static long count() {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.map(OpenDescriptors::target)
                    .filter(OpenDescriptors::isWatched)
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until there are as many as before, or fails. */
    static void awaitCount(long before) {
        Waiting.until(
                Duration.ofSeconds(10),
                () -> before + " descriptors, but there are " + list(),
                () -> count() == before);
    }

    private static List<String> list() {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.map(OpenDescriptors::target)
                    .filter(OpenDescriptors::isWatched)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isWatched(String target) {
        return target.startsWith("socket:") || target.contains("eventfd") || target.contains(TestFrontEnd.FILE_NAME);
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }
}
