package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.frame.SoftwareOffload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checksums and segmentation in software, with scapy as judge: it makes the packets, and it says what must come of them. */
class OffloadOracleIT {

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final String SCRIPT = "src/test/resources/offload-oracle.py";
    private static final String PYTHON = "/usr/bin/python3";
    private static final String ORACLES_FRAGMENT_ID = "01020304";
    private static final int CASES = 400;

    private final Burst burst = new Burst();
    private final OffloadCheck check = OffloadCheck.ofKernel();
    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 16);

    @BeforeEach
    void peers() throws Exception {
        Peers.needPython(PYTHON, "scapy");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 20_261_124})
    void packetsAreThoseThatScapyMakes(long seed) throws Exception {
        List<String> cases = Shell.run(PYTHON + " " + Path.of(SCRIPT) + " " + seed + " " + CASES)
                .lines()
                .toList();
        assertThat(cases).hasSize(CASES);
        for (String line : cases) {
            String[] words = line.split(" ");
            long offload = Offload.of(
                    Offload.FLAG_NEEDS_CSUM,
                    Integer.parseInt(words[0]),
                    Integer.parseInt(words[1]),
                    Integer.parseInt(words[2]),
                    Integer.parseInt(words[3]));
            assertThat(finished(HexFormat.of().parseHex(words[4]), offload))
                    .as(line)
                    .containsExactly(words[5].split(","));
        }
    }

    private List<String> finished(byte[] frame, long offload) {
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 0, frame.length);
        burst.clear();
        burst.addSegment(memory, Burst.HEAD_BYTES, frame.length - Burst.HEAD_BYTES);
        burst.endFrame(memory.get(WORD, 0), memory.get(WORD, Long.BYTES), frame.length);
        assertThat(check.accept(burst, offload)).isTrue();
        SoftwareOffload software = burst.offloads().software();
        software.start(burst, 0);
        List<String> frames = new ArrayList<>();
        while (software.next()) {
            int length = software.out().length(0);
            MemorySegment copy = Arena.ofAuto().allocate(length);
            software.out().copyFrame(0, copy, 0);
            frames.add(HexFormat.of().formatHex(copy.toArray(ValueLayout.JAVA_BYTE)));
        }
        boolean fragments = Offload.gsoKind(offload) == Offload.GSO_UDP;
        return fragments ? withTheOraclesId(frames) : frames;
    }

    /** An IPv6 fragment's identification is random; in IPv4 it is the packet's own. */
    private static List<String> withTheOraclesId(List<String> frames) {
        List<String> same = new ArrayList<>();
        String id = "";
        for (String frame : frames) {
            int header = fragmentHeader(frame);
            if (header < 0) {
                same.add(frame);
                continue;
            }
            String its = frame.substring(header + 8, header + 16);
            assertThat(its).isEqualTo(id.isEmpty() ? its : id);
            id = its;
            same.add(frame.substring(0, header + 8) + ORACLES_FRAGMENT_ID + frame.substring(header + 16));
        }
        return same;
    }

    /** Where in the hex digits an IPv6 fragment header begins, after tags and the two extensions that may stand before it; -1 if none does. */
    private static int fragmentHeader(String frame) {
        int at = 24;
        while (frame.startsWith("8100", at) || frame.startsWith("88a8", at)) {
            at += 8;
        }
        if (!frame.startsWith("86dd", at)) {
            return -1;
        }
        String next = frame.substring(at + 4 + 12, at + 4 + 14);
        at += 4 + 80;
        while (next.equals("00") || next.equals("2b")) {
            next = frame.substring(at, at + 2);
            at += (Integer.parseInt(frame.substring(at + 2, at + 4), 16) + 1) * 16;
        }
        return next.equals("2c") ? at : -1;
    }
}
