package io.patchbay.cli.bench;

import java.util.List;
import org.HdrHistogram.Histogram;

/** What was measured: the form of the line for machines. */
record BenchReport(String version, String layout, int processors, List<Rate> rates, List<RoundTrips> roundTrips) {

    /**
     * A closed loop in both directions.
     *
     * @param framesPerSecond both directions added
     * @param lost frames that did not arrive
     */
    record Rate(int frameBytes, double seconds, long framesPerSecond, double gigabitsPerSecond, long lost) {

        static Rate of(int frameBytes, long frames, long nanos, long lost) {
            double seconds = nanos / 1e9;
            return new Rate(frameBytes, seconds, Math.round(frames / seconds), frames * 8.0 * frameBytes / nanos, lost);
        }
    }

    /**
     * From one guest through the switch to the other and back.
     *
     * @param after what came before each: {@code "another"} or {@code "a pause"} long enough for the switch to fall asleep
     */
    record RoundTrips(
            String after, long count, long lost, long p50Nanos, long p99Nanos, long p999Nanos, long maxNanos) {

        static RoundTrips of(String after, Histogram nanos, long lost) {
            return new RoundTrips(
                    after,
                    nanos.getTotalCount(),
                    lost,
                    nanos.getValueAtPercentile(50),
                    nanos.getValueAtPercentile(99),
                    nanos.getValueAtPercentile(99.9),
                    nanos.getMaxValue());
        }
    }
}
