/**
 * Benchmarks with built-in guests and a switch in one process, so that both sides can be looked into. Scripts in testbed/bench run them.
 *
 * <p>A round begins with frames written into all transmit rings and not shown yet. Then they are shown at once, and the time is taken until the last
 * has arrived. So it is the worker that is measured: the guests, which share one thread, have nothing to do meanwhile but take.
 */
@NullMarked
package io.patchbay.testbed.bench;

import org.jspecify.annotations.NullMarked;
