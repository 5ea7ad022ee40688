package io.patchbay.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Views.FdbLine;
import io.patchbay.core.forward.MacTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which addresses are listed, and in what order. */
class FdbLinesTest {

    private static final Map<Integer, String> NAMES = Map.of(0, "vm9", 1, "Vm1", 2, "vm1");

    private final MacTable macs = new MacTable(10_000, 300);

    private List<FdbLine> lines(Optional<String> wanted) {
        List<FdbLine> lines = new ArrayList<>();
        FdbLines.of(macs, NAMES, wanted).forEachRemaining(lines::add);
        return lines;
    }

    @Test
    void linesComeByPortAndAddress() {
        for (int i = 1; i <= 10_000; i++) {
            macs.learn(i * 0x0123_4567_89L & 0xfeff_ffff_ffffL, i % 4); // nothing is known of port 3
        }

        List<FdbLine> lines = lines(Optional.empty());

        assertThat(lines).hasSize(macs.statistics().entries()).doesNotHaveDuplicates();
        assertThat(lines).extracting(FdbLine::port).containsOnly("?", "Vm1", "vm1", "vm9");
        assertThat(lines)
                .isSortedAccordingTo(Comparator.comparing(FdbLine::port).thenComparing(FdbLine::address));
    }

    @Test
    void onlyThePortAskedForIsShown() {
        macs.learn(0x0200_0000_0001L, 0);
        macs.learn(0x0200_0000_0002L, 2);

        assertThat(lines(Optional.of("vm1"))).containsExactly(new FdbLine("02:00:00:00:00:02", "vm1", 0, false));
        assertThat(lines(Optional.of("Vm1"))).isEmpty();
    }

    @Test
    void anAddressThatIsForgottenMeanwhileIsLeftOut() {
        macs.learn(0x0200_0000_0001L, 0);
        Iterator<FdbLine> lines = FdbLines.of(macs, NAMES, Optional.empty());
        macs.flush();

        assertThat(lines).isExhausted();
    }
}
