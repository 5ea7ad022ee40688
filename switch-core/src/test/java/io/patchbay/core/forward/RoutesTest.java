package io.patchbay.core.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoutesTest {

    private static final int C = Burst.CAPACITY;

    private final Routes routes = new Routes(3);

    @BeforeEach
    void twoBurstsForTwoPorts() {
        routes.resize(4);
        routes.begin(0);
        routes.add(3, 0);
        routes.add(1, 1);
        routes.begin(1);
        routes.add(3, 0);
        routes.add(3, 2);
    }

    private int[] frames(int port) {
        return Arrays.copyOf(routes.frames(port), routes.count(port));
    }

    @Test
    void framesOfSeveralBurstsAreListedByPortInOrder() {
        assertThat(frames(3)).containsExactly(0, C, C + 2);
        assertThat(frames(1)).containsExactly(1);
        assertThat(new int[] {routes.output(0), routes.output(1)}).containsExactly(3, 1);
    }

    @Test
    void whatWasAddedOfTheLastBurstCanBeForgotten() {
        routes.forgetLast();
        assertThat(frames(3)).containsExactly(0);
        assertThat(frames(1)).containsExactly(1);
    }

    @Test
    void theLastBurstsFramesOfAPortCanBeTakenOut() {
        int[] taken = new int[C];
        assertThat(routes.takeLast(3, taken)).isEqualTo(2);
        assertThat(Arrays.copyOf(taken, 2)).containsExactly(0, 2);
        assertThat(frames(3)).containsExactly(0);
        assertThat(routes.takeLast(1, taken)).isZero();
    }

    @Test
    void aPortOfWhichAllFramesWereTakenOutIsListedOnce() {
        routes.begin(2);
        routes.add(0, 1);
        routes.takeLast(0, new int[C]);
        routes.add(0, 2);
        assertThat(routes.outputs()).isEqualTo(3);
        assertThat(frames(0)).containsExactly(2 * C + 2);
    }

    @Test
    void aRunOfFramesIsAddedToWhatAPortHas() {
        routes.addRun(3, 5, 8);
        routes.addRun(0, 1, 1);
        routes.addRun(0, 9, 11);
        assertThat(frames(3)).containsExactly(0, C, C + 2, C + 5, C + 6, C + 7);
        assertThat(frames(0)).containsExactly(C + 9, C + 10);
        assertThat(routes.outputs()).isEqualTo(3);
    }

    @Test
    void floodsAreThoseOfTheLastBurst() {
        routes.setFlooded(2);
        assertThat(routes.isFlooded(2)).isTrue();
        routes.begin(2);
        assertThat(routes.anyFlooded()).isFalse();
    }

    @Test
    void nothingIsLeftWhenCleared() {
        routes.clear();
        assertThat(routes.outputs()).isZero();
        routes.add(3, 5);
        assertThat(frames(3)).containsExactly(5);
    }

    @Test
    void thereIsRoomForAllFramesOfAllBursts() {
        routes.clear();
        for (int b = 0; b < 3; b++) {
            routes.begin(b);
            for (int i = 0; i < C; i++) {
                routes.add(2, i);
            }
        }
        assertThat(routes.count(2)).isEqualTo(3 * C);
    }
}
