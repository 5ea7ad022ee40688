package io.patchbay.core.forward;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FairSharesTest {

    @Test
    void itKnowsTheLargestPortAndItsOldestEntryWhateverComesAndGoes() {
        long seed = 30;
        Random random = new Random(seed);
        int entries = 60;
        int ports = 7;
        FairShares shares = new FairShares(entries);
        List<Deque<Integer>> model = new ArrayList<>();
        for (int p = 0; p < ports; p++) {
            model.add(new ArrayDeque<>());
        }
        int[] owner = new int[entries];
        java.util.Arrays.fill(owner, -1);
        for (int step = 0; step < 100_000; step++) {
            int entry = random.nextInt(entries);
            if (owner[entry] < 0) {
                int port = random.nextInt(ports) * random.nextInt(2); // port 0 gets most
                shares.add(port, entry);
                model.get(port).addLast(entry);
                owner[entry] = port;
            } else {
                shares.remove(owner[entry], entry);
                model.get(owner[entry]).remove(entry);
                owner[entry] = -1;
            }
            int most = model.stream().mapToInt(Deque::size).max().orElseThrow();
            assertThat(shares.count(shares.largest()))
                    .as("seed %d, step %d", seed, step)
                    .isEqualTo(most);
            for (int p = 0; p < ports; p++) {
                assertThat(shares.count(p)).isEqualTo(model.get(p).size());
                if (!model.get(p).isEmpty()) {
                    assertThat(shares.oldest(p)).isEqualTo(model.get(p).getFirst());
                }
            }
        }
    }
}
