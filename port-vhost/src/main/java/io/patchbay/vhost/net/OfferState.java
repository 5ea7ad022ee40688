package io.patchbay.vhost.net;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What front ends have been told they can rely on, as a small JSON file.
 *
 * <p>Features stand there by name, so that a version that does not know one can still say which it is. The file is replaced as a whole but not
 * forced to the disk: it matters only as long as a front end's process lives, which ends with the machine's.
 *
 * <p>The latest front end stands where versions that know of only one look for it.
 *
 * @param version of the layout
 * @param process the latest front end; absent if it could not be seen
 * @param offered features it was offered
 * @param acknowledged features its guest has made use of
 * @param queuePairs all were told of
 * @param memorySlots all were told of
 * @param others front ends before it, the latest first; not in files of earlier versions
 */
record OfferState(
        int version,
        Optional<PeerProcess> process,
        List<String> offered,
        List<String> acknowledged,
        int queuePairs,
        int memorySlots,
        @JsonSetter(nulls = Nulls.AS_EMPTY) List<Holder> others) {

    static final int VERSION = 1;

    /**
     * One front end.
     *
     * @param process absent if it could not be seen
     * @param offered features it was offered
     * @param acknowledged features its guest has made use of
     */
    record Holder(Optional<PeerProcess> process, List<String> offered, List<String> acknowledged) {

        Holder {
            offered = List.copyOf(offered);
            acknowledged = List.copyOf(acknowledged);
        }

        /** Whether its process lives, or may live. */
        boolean isThere() {
            return process.map(PeerProcess::isAlive).orElse(true);
        }
    }

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES) // a later version may say more
            .build();

    OfferState {
        offered = List.copyOf(offered);
        acknowledged = List.copyOf(acknowledged);
        others = List.copyOf(others);
    }

    /** What is to be written of front ends. There must be one; the latest comes first. */
    static OfferState of(List<Holder> holders) {
        Holder latest = holders.getFirst();
        return new OfferState(
                VERSION,
                latest.process(),
                latest.offered(),
                latest.acknowledged(),
                Virtqueues.MAX_PAIRS,
                Virtqueues.MAX_MEMORY_SLOTS,
                holders.subList(1, holders.size()));
    }

    /** All front ends, the latest first. */
    List<Holder> holders() {
        List<Holder> all = new ArrayList<>(List.of(new Holder(process, offered, acknowledged)));
        all.addAll(others);
        return List.copyOf(all);
    }

    /**
     * @return empty if there is no file
     * @throws IOException if there is one that cannot be read or understood
     */
    static Optional<OfferState> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            OfferState state = MAPPER.readValue(Files.readString(file), OfferState.class);
            if (state.version() != VERSION) {
                throw new IOException("it has version " + state.version() + " instead of " + VERSION);
            }
            return Optional.of(state);
        } catch (JacksonException e) {
            throw new IOException(e.getOriginalMessage(), e);
        }
    }

    /** Replaces the file, making directories as needed: readers find what was there before or this, whenever the process dies. */
    void write(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IOException(file + " is not a file's path");
        }
        Files.createDirectories(directory);
        Path next = directory.resolve(file.getFileName() + ".new");
        Files.writeString(next, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
