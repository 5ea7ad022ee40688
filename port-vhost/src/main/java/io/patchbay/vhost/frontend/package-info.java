/**
 * The driver's side: a guest without a virtual machine, for the demo, for benchmarks and for tests.
 *
 * <p>It does over a real socket, with real shared memory, what a virtual machine monitor and the driver in its guest do together. The two sides
 * share the codec and the layouts, so a misreading of the specification may be on both: what a front end of ours shows must be shown by
 * another's, too.
 *
 * <p>Guest-physical and front-end addresses are different numbers on purpose, so that mistaking one for the other does not go unnoticed.
 */
@NullMarked
package io.patchbay.vhost.frontend;

import org.jspecify.annotations.NullMarked;
