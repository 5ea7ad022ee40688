package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.MemoryPool;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a front end may have mapped: memory only, and no more than its port and all ports together may. */
@Timeout(60)
class GuestMemoryLimitsTest {

    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    private static RegionDescription region(long at, long size, long offset) {
        return new RegionDescription(at, size, 0x7000_0000_0000L + at, offset);
    }

    private static GuestRig rig(Optional<String> files, Optional<Integer> limitGiB) throws Exception {
        return GuestRig.adaptive(path -> VhostSettings.at(path).withMemory(files, limitGiB));
    }

    private static Fd notMemory() {
        return FileCalls.open("/proc/self/status", 0);
    }

    private static void assertRefused(FrontEnd frontEnd, Request request, byte[] payload, Fd file) {
        assertThatThrownBy(() -> frontEnd.client().tell(request, payload, List.of(file)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("refused");
    }

    private static String lastRefusal(GuestRig rig) {
        return ((VhostDetails) rig.port(0).details()).session().orElseThrow().lastRefusal();
    }

    /** The answer comes first. */
    private static void awaitRefusal(GuestRig rig, String... words) {
        GuestRig.awaitThat("it is said why", () -> Stream.of(words).allMatch(lastRefusal(rig)::contains));
    }

    @ParameterizedTest
    @EnumSource(names = {"SET_MEM_TABLE", "ADD_MEM_REG"})
    void memoryInAFileOfAnotherKindIsRefusedAndThePortSaysWhy(Request request) throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                Fd file = notMemory()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
            RegionDescription region = region(8 * GIB, MIB, 0);
            byte[] payload = request == Request.SET_MEM_TABLE
                    ? Message.memoryTable(List.of(region))
                    : Message.singleRegion(region);
            assertRefused(a, request, payload, file);

            awaitRefusal(rig, "/status", "no memfd", "tmpfs", "hugetlbfs", "memoryFiles");
            byte[] frame = GuestToGuestTest.frame(2, 1, 100, new Random(1));
            assertThat(a.send(frame)).isTrue();
            assertThat(GuestRig.await(b)).isEqualTo(frame);

            a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of()), List.of());
            assertRefused(a, request, payload, file);
            assertThat(rig.port(0).status().reason()).contains("memory not shared", "no memfd");
        }
    }

    @Test
    void aLogInAFileOfAnotherKindEndsTheConnection() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                Fd file = notMemory()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            assertThatThrownBy(() -> a.client().exchange(Request.SET_LOG_BASE, new byte[16], List.of(file)))
                    .isInstanceOf(IOException.class);
            awaitRefusal(rig, "the dirty log", "no memfd");
        }
    }

    @Test
    void memoryInAnyFileIsTakenWhereThatIsConfigured() throws Exception {
        Path disk = Files.createTempFile(Path.of("target"), "memory", "");
        try (GuestRig rig = rig(Optional.of("any"), Optional.empty());
                Fd file = FileCalls.open(disk.toString(), FileCalls.O_RDWR)) {
            FileCalls.truncate(file, MIB);
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(region(8 * GIB, MIB, 0)), List.of(file));
        } finally {
            Files.delete(disk);
        }
    }

    @Test
    void aPortMapsNoMoreThanItsLimit() throws Exception {
        try (GuestRig rig = rig(Optional.empty(), Optional.of(1));
                Fd file = SharedMemory.createMemfd("large", 2 * GIB)) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            assertRefused(a, Request.ADD_MEM_REG, Message.singleRegion(region(4 * GIB, GIB, 0)), file);
            awaitRefusal(rig, "memoryLimitGiB");

            a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(region(4 * GIB, GIB / 2, 0)), List.of(file));
            assertRefused(a, Request.ADD_MEM_REG, Message.singleRegion(region(5 * GIB, GIB / 2, 0)), file);
        }
    }

    @Test
    void theBeginningOfAFileCountsSinceItIsMappedToo() throws Exception {
        try (GuestRig rig = rig(Optional.empty(), Optional.of(1));
                Fd file = SharedMemory.createMemfd("large", 2 * GIB)) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            assertRefused(a, Request.ADD_MEM_REG, Message.singleRegion(region(4 * GIB, MIB, GIB)), file);
        }
    }

    private static MemorySlots slots(MemoryPool pool) {
        return new MemorySlots(509, new MemoryRules(false, 4 * GIB, pool));
    }

    private static List<Fd> files(int count) {
        List<Fd> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(SharedMemory.createMemfd("part", MIB));
        }
        return files;
    }

    @Test
    void aPortHasNoMoreRegionsThanSlots() throws Exception {
        MemorySlots slots = new MemorySlots(2, new MemoryRules(false, GIB, new MemoryPool(GIB, 100)));
        slots.replace(slots.mapTable(List.of(region(0, MIB, 0), region(GIB, MIB, 0)), files(2)));

        assertThatThrownBy(() -> slots.mapAddition(region(2 * GIB, MIB, 0), files(1).getFirst()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("more than 2 memory regions");
        slots.replace(GuestMemory.EMPTY);
        slots.forget();
        slots.closeUnused();
    }

    @Test
    void theFileOfARegionForWhichThereIsNoSlotIsClosed() {
        MemorySlots slots = new MemorySlots(0, new MemoryRules(false, GIB, new MemoryPool(GIB, 100)));
        Fd file = files(1).getFirst();
        assertThatThrownBy(() -> slots.mapAddition(region(0, MIB, 0), file)).isInstanceOf(RefusedException.class);
        assertThat(file.isOpen()).isFalse();
    }

    @Test
    void theFileOfARegionThatStaysAsItIsIsClosed() throws Exception {
        MemorySlots slots = slots(new MemoryPool(GIB, 100));
        Fd file = files(1).getFirst();
        slots.replace(slots.mapTable(List.of(region(0, MIB, 0)), List.of(file)));
        Fd again = FileCalls.open("/proc/self/fd/" + file.number(), FileCalls.O_RDWR);
        slots.replace(slots.mapTable(List.of(region(0, MIB, 0)), List.of(again)));
        assertThat(again.isOpen()).isFalse();
        assertThat(file.isOpen()).isTrue();
        slots.replace(GuestMemory.EMPTY);
        slots.closeUnused();
    }

    @Test
    void nothingOfATableThatIsRefusedStaysMapped() throws Exception {
        List<Fd> files = List.of(SharedMemory.createMemfd("refused", MIB), SharedMemory.createMemfd("refused", MIB));
        List<RegionDescription> overlapping = List.of(region(0, MIB, 0), region(0, MIB, 0));
        MemorySlots slots = slots(new MemoryPool(GIB, 100));
        assertThatThrownBy(() -> slots.mapTable(overlapping, files)).isInstanceOf(RefusedException.class);
        try (Stream<String> mappings = Files.lines(Path.of("/proc/self/maps"))) {
            assertThat(mappings).noneMatch(mapping -> mapping.contains("memfd:refused"));
        }
    }

    @Test
    void whatIsTakenFromThePoolIsGivenBackHoweverMemoryGoes() throws Exception {
        MemoryPool pool = new MemoryPool(10 * MIB, 100);
        MemorySlots slots = slots(pool);
        slots.replace(slots.mapTable(List.of(region(0, MIB, 0), region(GIB, MIB, 0)), files(2)));
        slots.replace(slots.mapAddition(region(2 * GIB, MIB, 0), files(1).getFirst()));
        assertThat(pool.taken().bytes()).isEqualTo(3 * MIB);

        assertThatThrownBy(() -> slots.mapAddition(region(2 * GIB, MIB, 0), files(1).getFirst()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("overlaps");
        assertThat(pool.taken().bytes()).isEqualTo(3 * MIB);

        slots.replace(slots.without(region(GIB, MIB, 0)));
        assertThat(pool.taken().bytes()).isEqualTo(2 * MIB);

        slots.replace(GuestMemory.EMPTY);
        slots.forget();
        slots.closeUnused();
        assertThat(pool.taken()).isEqualTo(MemoryPool.Share.NONE);
    }

    @Test
    void aPortWithManyRegionsLeavesOthersTheirs() throws Exception {
        MemoryPool pool = new MemoryPool(GIB, 4);
        MemorySlots greedy = slots(pool);
        int had = 0;
        try {
            for (; had < 100; had++) {
                greedy.replace(greedy.mapAddition(region(had * GIB, MIB, 0), files(1).getFirst()));
            }
        } catch (RefusedException e) {
            assertThat(e).hasMessageContaining("all ports together");
        }
        assertThat(had).isEqualTo(20);

        MemorySlots other = slots(pool);
        other.replace(other.mapTable(List.of(region(0, MIB, 0), region(GIB, MIB, 0)), files(2)));
        assertThat(other.memory().regions()).hasSize(2);
        for (MemorySlots each : List.of(greedy, other)) {
            each.replace(GuestMemory.EMPTY);
            each.forget();
            each.closeUnused();
        }
    }
}
