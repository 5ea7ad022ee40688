/**
 * Ports to the host by way of a tap device: what the switch sends the host receives, and the other way round.
 *
 * <p>The device is opened, or created, without any header of its own before the frames (IFF_NO_PI) and without offloads. It lasts as long as the
 * port, unless it was made persistent before.
 */
@NullMarked
package io.patchbay.tap;

import org.jspecify.annotations.NullMarked;
