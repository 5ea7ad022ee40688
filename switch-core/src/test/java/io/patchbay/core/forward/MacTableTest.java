package io.patchbay.core.forward;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MacTableTest {

    private final MacTable macs = new MacTable(100, 300);

    private void learn(long address, int port) {
        macs.learn(address, port);
    }

    private int lookup(long address) {
        return macs.lookup(address);
    }

    @Test
    void anAddressIsWhereItWasLastSeen() {
        learn(7, 1);
        learn(7, 2);
        assertThat(lookup(7)).isEqualTo(2);
        assertThat(macs.statistics().moved()).isEqualTo(1);
    }

    @Test
    void theEntriesAreThoseOfTheWholeTable() {
        MacTable large = new MacTable(5000, 300);
        for (int address = 1; address <= 5000; address++) {
            large.learn(address, address % 7);
        }
        large.tick(1);
        large.tick(5);
        large.learn(99, 99 % 7);
        assertThat(large.entries())
                .hasSize(5000)
                .doesNotHaveDuplicates()
                .allSatisfy(entry -> assertThat(large.entryOf(entry.address())).contains(entry));
        assertThat(large.entryOf(99)).contains(new MacTable.Entry(99, 1, 0, false));
        assertThat(large.entryOf(5001)).isEmpty();
    }

    @Test
    void anAddressNeverSeenIsUnknownEvenIfItIsZero() {
        assertThat(lookup(0)).isEqualTo(MacTable.UNKNOWN);
        assertThat(lookup(9)).isEqualTo(MacTable.UNKNOWN);
    }

    @Test
    void anAddressIsForgottenAfterTheAgeingTimeAndNotBefore() {
        learn(7, 1);
        macs.tick(300);
        assertThat(lookup(7)).isEqualTo(1);
        macs.tick(301);
        assertThat(lookup(7)).isEqualTo(MacTable.UNKNOWN);
        assertThat(macs.statistics().aged()).isEqualTo(1);
    }

    @Test
    void anAddressSeenAgainStartsToAgeAnew() {
        learn(7, 1);
        macs.tick(200);
        learn(7, 1);
        macs.tick(450);
        assertThat(lookup(7)).isEqualTo(1);
    }

    @Test
    void anAddressIsAsOldAsTheSecondInWhichItWasHeardOfLast() {
        macs.tick(10);
        learn(7, 1);
        assertThat(ageOfTheOnlyAddress()).isZero();
        macs.tick(11);
        assertThat(ageOfTheOnlyAddress()).isEqualTo(1);
        macs.tick(25);
        assertThat(ageOfTheOnlyAddress()).isEqualTo(15);
        learn(7, 1);
        assertThat(ageOfTheOnlyAddress()).isZero();
    }

    private int ageOfTheOnlyAddress() {
        assertThat(macs.entries()).hasSize(1);
        return macs.entries().findFirst().orElseThrow().ageSeconds();
    }

    @Test
    void anAddressThatMovesIsHeardOfWhereItHasMovedTo() {
        learn(7, 1);
        macs.tick(299);
        learn(7, 2);
        macs.tick(301);
        assertThat(lookup(7)).isEqualTo(2);
        macs.tick(600);
        assertThat(lookup(7)).isEqualTo(MacTable.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64, 1000})
    void aTableHoldsAsManyAddressesAsItsLimitSays(int limit) {
        MacTable table = new MacTable(limit, 300);
        for (int n = 0; n < limit; n++) {
            table.learn(address(n), n % 16);
        }
        for (int n = 0; n < limit; n++) {
            assertThat(table.lookup(address(n)))
                    .as("address %d of %d", n, limit)
                    .isEqualTo(n % 16);
        }
        assertThat(table.lookup(address(limit))).isEqualTo(MacTable.UNKNOWN);
        assertThat(table.statistics().evicted()).isZero();
    }

    private static long address(int n) {
        return 0x0200_0000_0000L | n * 0x9e37_79b1L & 0xff_ffff_ffffL;
    }

    @Test
    void beyondTheLimitTheOldestAddressesOfThePortThatOwnsMostMakeRoom() {
        for (int i = 1; i <= 150; i++) {
            macs.tick(i);
            learn(i, 1);
        }
        assertThat(macs.statistics().entries()).isEqualTo(100);
        assertThat(macs.statistics().evicted()).isEqualTo(50);
        assertThat(lookup(50)).isEqualTo(MacTable.UNKNOWN);
        assertThat(lookup(51)).isEqualTo(1);
    }

    @Test
    void allOfManyOldAddressesAreForgottenAndNoneThatWasSeen() {
        MacTable large = new MacTable(20_000, 300);
        Random random = new Random(20);
        long[] addresses = random.longs(20_000, 1, 1L << 40).distinct().toArray();
        for (long address : addresses) {
            large.learn(address, 1);
        }
        large.tick(200);
        for (int i = 0; i < addresses.length; i += 4) {
            large.learn(addresses[i], 1);
        }
        large.tick(350);
        large.tick(351); // what had moved up to where it had been looked at already
        for (int i = 0; i < addresses.length; i++) {
            assertThat(large.lookup(addresses[i])).isEqualTo(i % 4 == 0 ? 1 : MacTable.UNKNOWN);
        }
    }

    @Test
    @DisplayName("S30 OVS mac-learning fairness: random source addresses from one port cost the others none of theirs")
    void aPortThatMakesUpAddressesLosesOnlyItsOwn() {
        Random random = new Random(30);
        for (int port = 1; port <= 10; port++) {
            for (int i = 0; i < 4; i++) {
                learn(100L * port + i, port);
            }
        }
        for (int i = 0; i < 1_000_000; i++) {
            learn(random.nextLong(1L << 40, 1L << 47), 0);
        }
        for (int port = 1; port <= 10; port++) {
            for (int i = 0; i < 4; i++) {
                assertThat(lookup(100L * port + i)).isEqualTo(port);
            }
        }
        learn(5, 11);
        assertThat(lookup(5)).as("others are learnt all the same").isEqualTo(11);
        assertThat(macs.statistics().entries()).isEqualTo(100);
    }

    @Test
    @DisplayName("S30: of two greedy ports each ends with half")
    void twoGreedyPortsShareTheTable() {
        Random random = new Random(31);
        for (int i = 0; i < 200; i++) {
            learn(random.nextLong(1L << 40), 1);
        }
        for (int i = 0; i < 100_000; i++) {
            learn(random.nextLong(1L << 40), 2);
        }
        assertThat(macs.entries().filter(entry -> entry.port() == 1)).hasSize(50);
    }

    @Test
    void anAddressInUseIsKeptBeforeAnOlderOneThatIsNot() {
        for (int i = 1; i <= 100; i++) {
            learn(i, 1);
        }
        macs.tick(10);
        learn(1, 1);
        learn(101, 1);
        assertThat(lookup(1)).isEqualTo(1);
        assertThat(lookup(2)).isEqualTo(MacTable.UNKNOWN);
    }

    @Test
    void itAnswersLikeAMapWhileAddressesMakeRoomForOthers() {
        long seed = 20_261_125;
        Random random = new Random(seed);
        Map<Long, Integer> last = new HashMap<>();
        for (int step = 0; step < 200_000; step++) {
            long address = random.nextInt(400);
            int port = random.nextInt(8);
            learn(address, port);
            last.put(address, port);
            assertThat(lookup(address)).as("seed %d, step %d", seed, step).isEqualTo(port);
            long other = random.nextInt(400);
            assertThat(lookup(other))
                    .as("seed %d, step %d", seed, step)
                    .isIn(MacTable.UNKNOWN, last.getOrDefault(other, MacTable.UNKNOWN));
            assertThat(macs.statistics().entries()).isLessThanOrEqualTo(100);
        }
        assertThat(macs.entries())
                .hasSize(100)
                .allSatisfy(entry -> assertThat(lookup(entry.address())).isEqualTo(entry.port()));
    }

    @Test
    void flushingAPortForgetsItsAddressesOnly() {
        learn(1, 1);
        learn(2, 2);
        assertThat(macs.flushPort(1)).isEqualTo(1);
        assertThat(lookup(1)).isEqualTo(MacTable.UNKNOWN);
        assertThat(lookup(2)).isEqualTo(2);
    }

    @Test
    void whatIsForgottenWithAPortIsCounted() {
        learn(7, 1);
        learn(8, 1);
        macs.flushPort(1);
        assertThat(macs.statistics().flushed()).isEqualTo(2);
    }

    /** The hash has a secret of its own in each table: among so many small ones there are all the ways in which addresses can stand round the end. */
    @Test
    void noAddressIsLostWhenOneBeforeTheEndOfTheTableMakesRoom() {
        for (int tables = 0; tables < 300; tables++) {
            MacTable small = new MacTable(4, 300);
            for (int address = 1; address <= 4; address++) {
                small.learn(address, address);
            }
            small.flushPort(1);
            for (int address = 2; address <= 4; address++) {
                assertThat(small.lookup(address)).isEqualTo(address);
            }
        }
    }

    @Test
    void itAnswersLikeAMapWhateverHappensToIt() {
        long seed = 20_261_124;
        Random random = new Random(seed);
        Map<Long, Integer> model = new HashMap<>();
        for (int step = 0; step < 100_000; step++) {
            long address = random.nextInt(90);
            if (random.nextInt(1000) == 0) {
                int port = random.nextInt(8);
                macs.flushPort(port);
                model.values().removeIf(p -> p == port);
            } else if (random.nextBoolean()) {
                int port = random.nextInt(8);
                learn(address, port);
                model.put(address, port);
            } else {
                assertThat(lookup(address))
                        .as("seed %d, step %d", seed, step)
                        .isEqualTo(model.getOrDefault(address, -1));
            }
        }
    }

    @Test
    void readersAreNeverMisledWhileTheTableIsFlushed() throws InterruptedException {
        Thread flusher = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 20_000; i++) {
                macs.flush();
            }
        });
        int wrong = 0;
        while (flusher.isAlive()) {
            for (long address = 1; address < 50; address++) {
                learn(address, (int) address);
                int found = lookup(address);
                wrong += found == MacTable.UNKNOWN || found == address ? 0 : 1;
            }
        }
        flusher.join();
        assertThat(wrong).isZero();
    }

    private static MacTable damped() {
        MacTable table = new MacTable(100, 300, 3, 60);
        table.tick(10);
        return table;
    }

    /** Frames of two ports that have the same address, by turns; the first port had it before. */
    private static void dispute(MacTable table, long address, int first, int second, int frames) {
        for (int i = 0; i < frames; i++) {
            table.learn(address, i % 2 == 0 ? second : first);
        }
    }

    @Test
    @DisplayName("S31: an address that moves too often stays where it was first, for a while")
    void anAddressThatMovesTooOftenIsHeldWhereItWas() {
        MacTable table = damped();
        table.learn(7, 1);
        dispute(table, 7, 1, 2, 3);
        assertThat(table.lookup(7)).isEqualTo(2);
        assertThat(table.statistics().held()).isZero();

        table.learn(7, 3);
        assertThat(table.lookup(7)).as("the port it had before the first move").isEqualTo(1);
        dispute(table, 7, 1, 2, 101);
        assertThat(table.lookup(7)).isEqualTo(1);
        assertThat(table.statistics().held()).isEqualTo(1);
        assertThat(table.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.held()).isTrue());

        table.tick(70);
        assertThat(table.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.held()).isFalse());
        table.learn(7, 2);
        assertThat(table.lookup(7)).isEqualTo(2);
    }

    @Test
    void anAddressIsNotHeldOnAPortThatHasGoneSince() {
        MacTable table = damped();
        table.learn(7, 1);
        dispute(table, 7, 1, 2, 3);
        assertThat(table.flushPort(1)).isZero();
        table.learn(7, 3);
        assertThat(table.statistics().held()).isEqualTo(1);
        assertThat(table.lookup(7)).as("where it was seen last before that").isEqualTo(2);
    }

    @Test
    void anAddressThatMovesSeldomIsNeverHeld() {
        MacTable table = damped();
        table.learn(7, 1);
        for (int i = 0; i < 30; i++) {
            table.tick(10 + 61 * i);
            dispute(table, 7, 1, 2, 3);
        }
        assertThat(table.statistics().held()).isZero();
    }

    @Test
    void theAgeOfAHeldAddressIsThatOfItsOwnFrames() {
        MacTable table = damped();
        table.learn(7, 1);
        dispute(table, 7, 1, 2, 20);
        for (int second = 11; second < 70; second++) {
            table.learn(7, 2);
            table.tick(second);
        }
        assertThat(table.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.ageSeconds()).isEqualTo(59));
    }

    @Test
    void whatIsKnownOfMovesGoesWithTheEntry() {
        MacTable table = damped();
        table.learn(7, 1);
        dispute(table, 7, 1, 2, 20);
        table.flush();
        table.learn(7, 2);
        table.learn(7, 1);
        assertThat(table.lookup(7)).isEqualTo(1);
    }

    @Test
    void withoutALimitAnAddressMovesAsOftenAsItLikes() {
        learn(7, 1);
        dispute(macs, 7, 1, 2, 1001);
        assertThat(lookup(7)).isEqualTo(2);
        assertThat(macs.statistics().moved()).isEqualTo(1001);
    }
}
