package io.patchbay.core.port;

/** What ports need for threads of their own. */
public final class Threads {

    private Threads() {}

    /** Waits for the end of a thread that ends by itself; an interrupt meanwhile is passed on afterwards. */
    public static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
