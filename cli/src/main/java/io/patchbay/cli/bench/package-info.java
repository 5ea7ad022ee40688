/**
 * The benchmark for users: two built-in guests and a switch, over real sockets and shared memory, without privileges.
 *
 * <p>One thread is both guests, so that with two processors the switch has one and they the other. Frames are written once and sent over and
 * over: what is measured is the switch, not the writing of frames. Rates are closed loops, with fewer frames on the way than the receiver has
 * buffers, so that a frame that does not arrive is a loss of the switch's.
 */
@NullMarked
package io.patchbay.cli.bench;

import org.jspecify.annotations.NullMarked;
