/**
 * The command line: one command a class. {@code run} is the daemon; every other command asks a running one over its admin socket and prints what
 * it says, as a table or as the JSON it came as.
 *
 * <p>Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such port, 4 no daemon, 5 not permitted to
 * ask the daemon, 6 wrong configuration. {@code run} ends with 0 on SIGTERM and Ctrl-C, and with 3
 * where memory has run out, which is the virtual machine's own word.
 */
@NullMarked
package io.patchbay.cli;

import org.jspecify.annotations.NullMarked;
