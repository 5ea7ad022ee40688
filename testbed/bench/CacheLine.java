import java.util.concurrent.atomic.AtomicLong;

/** Prints how many nanoseconds a cache line takes from one of the two processors it may run on to the other and back. */
final class CacheLine {

    private static final int ROUNDS = 300_000;
    private static final int REPEATS = 5;

    private CacheLine() {}

    public static void main(String[] args) throws InterruptedException {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < REPEATS; i++) {
            best = Math.min(best, measure());
        }
        System.out.println(best);
    }

    private static long measure() throws InterruptedException {
        AtomicLong ball = new AtomicLong();
        Thread other = Thread.ofPlatform().start(() -> play(ball, 1));
        long start = System.nanoTime();
        play(ball, 0);
        other.join();
        return (System.nanoTime() - start) / ROUNDS;
    }

    /** Waits for every second number, and answers with the next. */
    private static void play(AtomicLong ball, int side) {
        for (long n = side; n < 2L * ROUNDS; n += 2) {
            while (ball.get() != n) {
                // a pause would be measured as well
            }
            ball.setRelease(n + 1);
        }
    }
}
