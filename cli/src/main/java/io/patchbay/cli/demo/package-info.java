/**
 * The demo: a switch and a few guests in one process, over real sockets and shared memory, without privileges. Every frame is checked where it
 * arrives.
 */
@NullMarked
package io.patchbay.cli.demo;

import org.jspecify.annotations.NullMarked;
