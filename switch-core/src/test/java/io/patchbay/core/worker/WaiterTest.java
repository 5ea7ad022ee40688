package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.EventFd;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class WaiterTest {

    private static final long LONG = TimeUnit.SECONDS.toNanos(20);

    private static Waiter open(Waiters kind) {
        return kind.factory().create(Thread.currentThread());
    }

    private static Set<Integer> whoRings(Waiter waiter) {
        Set<Integer> rang = new HashSet<>();
        while (rang.isEmpty()) {
            waiter.sleep(LONG, rang::add);
        }
        return rang;
    }

    private static Duration sleeping(Waiter waiter, long nanos) {
        long begun = System.nanoTime();
        waiter.sleep(nanos, descriptor -> {});
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void aDescriptorThatIsReadableAlreadyEndsTheSleepAtOnce(Waiters kind) {
        try (Waiter waiter = open(kind);
                EventFd bell = EventFd.create()) {
            waiter.watch(List.of(bell.number()));
            bell.signal();
            assertThat(sleeping(waiter, LONG)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void aDescriptorThatBecomesReadableEndsTheSleepEveryTime(Waiters kind) throws InterruptedException {
        try (Waiter waiter = open(kind);
                EventFd bell = EventFd.create()) {
            waiter.watch(List.of(bell.number()));
            for (int i = 0; i < 50; i++) {
                Thread ringer = Thread.ofPlatform().start(bell::signal);
                while (!bell.drain()) {
                    waiter.sleep(LONG, descriptor -> {});
                }
                ringer.join();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void whoSleepsIsToldWhatRang(Waiters kind) {
        try (Waiter waiter = open(kind);
                EventFd quiet = EventFd.create();
                EventFd bell = EventFd.create()) {
            waiter.watch(List.of(quiet.number(), bell.number()));
            bell.signal();
            assertThat(whoRings(waiter)).containsExactly(bell.number());
        }
    }

    @ParameterizedTest
    @CsvSource({"IO_URING, false", "IO_URING, true", "EPOLL, false", "EPOLL, true"})
    void whatIsThrownOnWakingEndsTheSleepAndHarmsNoOther(Waiters kind, boolean error) {
        try (Waiter waiter = open(kind);
                EventFd bell = EventFd.create()) {
            waiter.watch(List.of(bell.number()));
            bell.signal();
            assertThatThrownBy(() -> {
                        while (true) {
                            waiter.sleep(LONG, descriptor -> {
                                if (error) {
                                    throw new InternalError("on purpose");
                                }
                                throw new IllegalStateException("on purpose");
                            });
                        }
                    })
                    .hasMessage("on purpose");
            assertThat(whoRings(waiter)).containsExactly(bell.number());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void aWakeUpThatComesBeforeTheSleepEndsIt(Waiters kind) throws InterruptedException {
        try (Waiter waiter = open(kind)) {
            Thread other = Thread.ofPlatform().start(waiter::wakeUp);
            other.join();
            assertThat(sleeping(waiter, LONG)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void withNothingToWakeItASleepLastsItsTime(Waiters kind) {
        try (Waiter waiter = open(kind);
                EventFd bell = EventFd.create()) {
            waiter.watch(List.of(bell.number()));
            Duration slept = Duration.ZERO;
            for (int i = 0; i < 10 && slept.toMillis() < 100; i++) {
                slept = slept.plus(sleeping(waiter, TimeUnit.MILLISECONDS.toNanos(100)));
            }
            assertThat(slept).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void aWithdrawnDescriptorMayBeClosedAndItsNumberUsedAgain(Waiters kind) {
        try (Waiter waiter = open(kind)) {
            for (int i = 0; i < 1000; i++) {
                try (EventFd bell = EventFd.create()) {
                    waiter.watch(List.of(bell.number()));
                    bell.signal();
                    waiter.sleep(LONG, descriptor -> {});
                    assertThat(bell.drain()).isTrue();
                    waiter.watch(List.of());
                }
            }
        }
    }
}
