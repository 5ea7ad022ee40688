package io.patchbay.cli;

import java.io.PrintWriter;

/** The end of what a command prints. */
final class Printing {

    private Printing() {}

    /**
     * Has everything written.
     *
     * @throws CommandFailure if something could not be, which no writer says by itself
     */
    static void finish(PrintWriter out) {
        // Standard output swallows the error too, and behind it the writer does not see it.
        boolean failed = out.checkError();
        if (failed || System.out.checkError()) {
            throw new CommandFailure(CommandFailure.FAILED, "the output cannot be written");
        }
    }
}
