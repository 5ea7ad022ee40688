package io.patchbay.core.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoutesTest {

    private static final int C = Burst.CAPACITY;
    private static final int PORTS = 4096;

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
    void aFloodThatIsForgottenIsNone() {
        routes.setFlooded(2);
        routes.forgetLast();
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

    @Test
    void aListThatGrowsKeepsItsOrder() {
        Routes many = new Routes(64);
        many.resize(1);
        for (int b = 0; b < 64; b++) {
            many.begin(b);
            many.add(0, 0);
            many.addRun(0, 1, C - 1);
            many.add(0, C - 1);
        }
        assertThat(Arrays.copyOf(many.frames(0), many.count(0)))
                .isEqualTo(IntStream.range(0, 64 * C).toArray());
    }

    @Test
    void portsThatComeLeaveTheListsOfOthersAsTheyAre() {
        int[] list = routes.frames(3);
        routes.resize(100);
        assertThat(routes.frames(3)).isSameAs(list);
        routes.add(99, 5);
        assertThat(frames(99)).containsExactly(5);
    }

    @Test
    void asManyPortsAsThereMayBeNeedLittleMemory() {
        Routes many = new Routes(64);
        for (int ports = 1; ports <= PORTS; ports++) {
            many.resize(ports);
        }
        assertThat(numbers(many)).isEqualTo(PORTS * C);
    }

    /** For how many numbers there is room in the lists of all ports. */
    private static int numbers(Routes routes) {
        return IntStream.range(0, PORTS).map(port -> routes.frames(port).length).sum();
    }

    private static void flood(Routes routes, int burst) {
        routes.begin(burst);
        for (int frame = 0; frame < C; frame++) {
            for (int port = 0; port < PORTS; port++) {
                routes.add(port, frame);
            }
            routes.setFlooded(frame);
        }
    }

    @Test
    void itIsFullOfTheCopiesOfFloodsBeforeListsForManyPortsGrow() {
        Routes many = new Routes(64);
        many.resize(PORTS);
        for (int storm = 0; storm < 3; storm++) {
            assertThat(many.isFull()).isFalse();
            flood(many, 0);
            assertThat(many.isFull()).isTrue();
            many.clear();
        }
        assertThat(numbers(many)).isEqualTo(PORTS * C);
    }

    @Test
    void fewPortsAreNeverFull() {
        Routes few = new Routes(64);
        few.resize(64);
        for (int b = 0; b < 64; b++) {
            assertThat(few.isFull()).isFalse();
            few.begin(b);
            for (int frame = 0; frame < C; frame++) {
                for (int port = 1; port < 64; port++) {
                    few.add(port, frame);
                }
                few.setFlooded(frame);
            }
        }
    }

    @Test
    void listsThatHaveBecomeLongDoNotStayWithPortsThatWereBusyOnce() {
        Routes many = new Routes(64);
        many.resize(PORTS);
        for (int port = 0; port < PORTS; port++) {
            for (int b = 0; b < 64; b++) {
                many.begin(b);
                many.addRun(port, 0, C);
            }
            many.clear();
        }
        assertThat(numbers(many)).isLessThan(2 << 20);
    }
}
