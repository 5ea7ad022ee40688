/**
 * Frames as the data path sees them: borrowed, in bursts, described by arrays instead of objects.
 *
 * <p>A frame is its first {@value io.patchbay.core.frame.Burst#HEAD_BYTES} bytes, read once into worker-owned memory, and the
 * segments of somebody else's memory that hold the rest. Whatever the switch decides, it decides on the head that was read, and
 * it is that head which is sent: a guest that rewrites its buffer between the check and the copy changes nothing but its own
 * payload.
 */
@NullMarked
package io.patchbay.core.frame;

import org.jspecify.annotations.NullMarked;
