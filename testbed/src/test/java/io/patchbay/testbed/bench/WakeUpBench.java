package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.ResumeLatency;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a frame takes through a worker that sleeps, from the guest's kick to the other guest's ring, against a thread in the worker's place that
 * waits for the same kind of kick and does nothing but say that it is awake: what the machine takes, and what we add. Run by
 * {@code testbed/bench/in-process WakeUpBench}.
 */
final class WakeUpBench {

    private static final int WORKER = 0;
    private static final int GUESTS = 1;
    private static final int BYTES = 64;
    private static final int WARM_UP = 20_000;
    private static final long GIVE_UP_NANOS = 5_000_000_000L;
    private static final long FIRST = 0x0200_0000_0001L;
    private static final long SECOND = 0x0200_0000_0002L;

    private final BenchSwitch board;
    private final List<Stations> guests = new ArrayList<>();
    private final Stations sender;
    private final Stations receiver;
    private final Waker waker = new Waker();

    private WakeUpBench(BenchSwitch board, int ports) throws IOException {
        this.board = board;
        for (int i = 0; i < ports; i++) {
            guests.add(new Stations(board.socket(i), FrontEndSettings.MODERN, BYTES));
        }
        sender = guests.get(0);
        receiver = guests.get(1);
        Thread.ofPlatform().daemon().start(waker);
    }

    /**
     * @param arguments pairs, wake-ups of a half, microseconds between them, how many guests the worker has, if not 2, and within how many microseconds idle
     *     processors are to go on, if the kernel is to be asked
     */
    public static void main(String[] arguments) throws Exception {
        int pairs = Integer.parseInt(arguments[0]);
        int wakeUps = Integer.parseInt(arguments[1]);
        long pause = Long.parseLong(arguments[2]) * 1000;
        int ports = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 2;
        Affinity.pinCurrentThread(GUESTS);
        Optional<ResumeLatency> asked = arguments.length > 4
                ? Optional.of(ResumeLatency.request(Integer.parseInt(arguments[4])))
                : Optional.empty();
        try (BenchSwitch board = BenchSwitch.start(ports, new MacTable(16, 300), new IdlePolicy.Sleepy(), WORKER)) {
            WakeUpBench bench = new WakeUpBench(board, ports);
            bench.learn();
            bench.frames(WARM_UP, 0);
            bench.kicks(WARM_UP, 0);
            System.out.println("switch_p50_us,switch_p99_us,thread_p50_us,thread_p99_us");
            for (int pair = 0; pair < pairs; pair++) {
                Halves<long[]> took =
                        Halves.measure(pair, () -> bench.frames(wakeUps, pause), () -> bench.kicks(wakeUps, pause));
                System.out.printf(
                        Locale.ROOT,
                        "%.1f,%.1f,%.1f,%.1f%n",
                        part(took.first(), 50),
                        part(took.first(), 99),
                        part(took.second(), 50),
                        part(took.second(), 99));
            }
            if (board.dropped() > 0) {
                throw new IllegalStateException(board.dropped() + " frames were dropped");
            }
            bench.guests.forEach(Stations::close);
        } finally {
            asked.ifPresent(ResumeLatency::close);
        }
    }

    private static double part(long[] sorted, int percent) {
        return sorted[(int) ((long) sorted.length * percent / 100)] / 1e3;
    }

    /** The receiver is known, or its frames would be flooded. */
    private void learn() {
        receiver.put(FIRST, SECOND, BYTES);
        receiver.show();
        await(sender);
    }

    private long[] frames(int count, long pause) {
        long[] nanos = new long[count];
        for (int i = 0; i < count; i++) {
            LockSupport.parkNanos(pause);
            sender.free();
            sender.put(SECOND, FIRST, BYTES);
            long start = System.nanoTime();
            sender.show();
            await(receiver);
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return nanos;
    }

    private void await(Stations guest) {
        long end = System.nanoTime() + GIVE_UP_NANOS;
        while (guest.take() == 0) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("a frame did not come; dropped so far: " + board.dropped());
            }
        }
    }

    private long[] kicks(int count, long pause) {
        long[] nanos = new long[count];
        for (int i = 0; i < count; i++) {
            LockSupport.parkNanos(pause);
            int before = waker.woken;
            long start = System.nanoTime();
            waker.kick.signal();
            while (waker.woken == before) {
                Thread.onSpinWait();
            }
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return nanos;
    }

    /** A thread in the worker's place that only wakes up. */
    private static final class Waker implements Runnable {

        private final EventFd kick = EventFd.create();
        private volatile int woken;

        @Override
        public void run() {
            Affinity.pinCurrentThread(WORKER);
            PollSet waiting = new PollSet(1).add(kick.number(), PollSet.IN);
            int count = 0;
            while (true) {
                waiting.await();
                kick.drain();
                woken = ++count;
            }
        }
    }
}
