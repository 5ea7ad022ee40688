package io.patchbay.core.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeliveryTest {

    private static final int C = Burst.CAPACITY;

    private final Delivery delivery = new Delivery(3);

    private void start(int... numbers) {
        delivery.start(numbers, numbers.length);
    }

    private int numberOf(Burst burst) {
        for (int b = 0; b < 3; b++) {
            if (delivery.burst(b) == burst) {
                return b;
            }
        }
        throw new AssertionError("a burst of nobody's");
    }

    private String rest() {
        List<String> runs = new ArrayList<>();
        while (delivery.nextRun()) {
            runs.add(numberOf(delivery.burst()) + Arrays.toString(Arrays.copyOf(delivery.frames(), delivery.count())));
        }
        return String.join(" ", runs);
    }

    @Test
    void framesComeOneByOneWithTheirBursts() {
        start(1, C + 5, 2 * C + C - 1);
        List<String> frames = new ArrayList<>();
        while (delivery.next()) {
            frames.add(numberOf(delivery.burst()) + ":" + delivery.frame());
        }
        assertThat(frames).containsExactly("0:1", "1:5", "2:63");
    }

    @Test
    void framesOfOneBurstComeTogether() {
        start(0, 3, 4, C, 2 * C + 7, 2 * C + 9);
        assertThat(rest()).isEqualTo("0[0, 3, 4] 1[0] 2[7, 9]");
    }

    @Test
    void theNextFramesOfSeveralBurstsAreCopiedEachToItsPlace() {
        byte[] first = add(0, 60);
        byte[] second = add(1, 100);
        byte[] third = add(2, 80);
        start(0, C, 2 * C);
        MemorySegment to = Arena.ofAuto().allocate(400);
        assertThat(delivery.length(1)).isEqualTo(100);
        delivery.copyNext(2, to, new long[] {200, 50}, 7);
        assertThat(to.asSlice(207, 60).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(first);
        assertThat(to.asSlice(57, 100).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(second);
        assertThat(delivery.left()).isEqualTo(1);
        delivery.copyNext(1, to, new long[] {0}, 0);
        assertThat(to.asSlice(0, 80).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(third);
    }

    @Test
    void ifAFrameCannotBeCopiedItIsTheLastThatWasComeTo() {
        byte[] first = add(0, 60);
        add(1, 100);
        add(2, 60);
        start(0, C, 2 * C);
        MemorySegment to = Arena.ofAuto().allocate(120);
        assertThatThrownBy(() -> delivery.copyNext(3, to, new long[] {0, 60, 60}, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(to.asSlice(0, 60).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(first);
        assertThat(delivery.left()).isEqualTo(1);
    }

    /** Adds a frame to a burst. */
    private byte[] add(int burst, int length) {
        Random random = new Random(burst);
        byte[] frame = TestFrames.frame(1, 2, length, random);
        TestFrames.add(delivery.burst(burst), frame, random);
        return frame;
    }

    @Test
    void itSaysWhetherAllThatIsLeftIsOfOneBurst() {
        start(1, C + 1, C + 3);
        assertThat(delivery.isOfOneBurst()).isFalse();
        assertThat(delivery.next()).isTrue();
        assertThat(delivery.isOfOneBurst()).isTrue();
    }

    @Test
    void whoGoesOnFindsWhatIsLeft() {
        start(1, 2, C + 1, C + 2);
        assertThat(delivery.next()).isTrue();
        assertThat(delivery.left()).isEqualTo(3);
        assertThat(rest()).isEqualTo("0[2] 1[1, 2]");
        assertThat(delivery.left()).isZero();
        assertThat(delivery.next()).isFalse();
    }

    @Test
    void anotherBurstTakesThePlaceOfOne() {
        Burst other = new Burst();
        delivery.exchange(1, other);
        start(C);
        assertThat(delivery.next()).isTrue();
        assertThat(delivery.burst()).isSameAs(other);
    }

    @Test
    void effortIsAskedForOnce() {
        delivery.charge(3);
        delivery.charge(4);
        assertThat(delivery.takeEffort()).isEqualTo(7);
        assertThat(delivery.takeEffort()).isZero();
    }

    private void choose(int... ways) {
        delivery.beginChoice();
        for (int way : ways) {
            assertThat(delivery.next()).isTrue();
            delivery.choose(way);
        }
    }

    @Test
    void framesComeAgainOrderedByTheirWays() {
        start(0, 1, C, C + 1, 2 * C);
        choose(2, 0, 2, 63, 0);
        delivery.order();
        assertThat(IntStream.of(0, 1, 2, 63).map(delivery::chosen)).containsExactly(2, 0, 2, 1);
        assertThat(delivery.left()).isEqualTo(5);
        assertThat(rest()).isEqualTo("0[1] 2[0] 0[0] 1[0, 1]");
    }

    @Test
    void aFrameOfNoWayIsLeftOutAndWhatWasNotComeToIsLeft() {
        start(0, 1, C, C + 1, 2 * C);
        assertThat(delivery.next()).isTrue();
        choose(1, 0);
        assertThat(delivery.next()).isTrue();
        delivery.order();
        assertThat(rest()).isEqualTo("1[0] 0[1] 2[0]");
    }

    @Test
    void waysMayBeChosenAnewForWhatIsLeft() {
        start(0, 1, C, C + 1);
        choose(1, 0, 0, 1);
        delivery.order();
        assertThat(delivery.next()).isTrue();
        choose(5, 4, 5);
        delivery.order();
        assertThat(rest()).isEqualTo("0[0] 1[0, 1]");
    }
}
