package io.patchbay.testbed;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A Linux guest in QEMU, without KVM, that is spoken to over its serial console. */
final class QemuGuest implements AutoCloseable {

    private static final Duration BOOT = Duration.ofSeconds(90);

    private final Conversation console;
    private int asked;

    private QemuGuest(Conversation console) {
        this.console = console;
    }

    /** Starts a guest; {@link #awaitBoot} says when it is up. */
    static QemuGuest start(String socket, String mac, String address) throws IOException, InterruptedException {
        return start(socket, mac, address, Options.DEFAULT);
    }

    /**
     * What may be different about a guest.
     *
     * @param chardev options of the socket: {@code reconnect=1}, or {@code server=on,wait=off} for one that listens
     * @param netdev more options of the netdev, each with a comma before it
     * @param device more options of the device, each with a comma before it
     */
    record Options(String chardev, String netdev, String device) {
        static final Options DEFAULT = new Options("reconnect=1", "", "");

        /** As DEFAULT, with packed rings. */
        static final Options PACKED = new Options("reconnect=1", "", ",packed=on");

        /** As DEFAULT, with several queue pairs. */
        static Options queues(int pairs) {
            return new Options("reconnect=1", ",queues=" + pairs, ",mq=on");
        }
    }

    static QemuGuest start(String socket, String mac, String address, Options options)
            throws IOException, InterruptedException {
        return start(socket, mac, address, options, List.of());
    }

    /** What a guest's kernel is told unless {@code -append} is given again, behind this. */
    static String kernelArguments(String address) {
        return "console=ttyS0 panic=-1 quiet address=" + address + "/24";
    }

    /** @param more options of QEMU itself */
    static QemuGuest start(String socket, String mac, String address, Options options, List<String> more)
            throws IOException, InterruptedException {
        Path files = Path.of("target", "guest").toAbsolutePath();
        Shell.run(Path.of("guest", "make-guest").toAbsolutePath() + " " + files);
        List<String> command = new ArrayList<>(List.of(
                "timeout",
                "300",
                "qemu-system-x86_64",
                "-accel",
                "tcg",
                "-cpu",
                "max",
                "-M",
                "q35",
                "-m",
                "256",
                "-nic",
                "none",
                "-nographic",
                "-no-reboot",
                "-kernel",
                files.resolve("vmlinuz").toString(),
                "-initrd",
                files.resolve("initrd.gz").toString(),
                "-append",
                kernelArguments(address),
                "-object",
                "memory-backend-memfd,id=mem,size=256M,share=on",
                "-numa",
                "node,memdev=mem",
                "-chardev",
                "socket,id=c0,path=" + socket + "," + options.chardev(),
                "-netdev",
                "vhost-user,id=n0,chardev=c0" + options.netdev(),
                // Without MSI-X: QEMU 7.2 crashes on it with any vhost-user back end when there is no KVM.
                "-device",
                "virtio-net-pci,netdev=n0,vectors=0,mac=" + mac + options.device()));
        command.addAll(more);
        return new QemuGuest(new Conversation(command));
    }

    void awaitBoot() throws IOException, InterruptedException {
        console.await("GUEST-READY", BOOT);
        console.await("# ", BOOT);
    }

    /** Runs a command and gives what it printed. */
    String run(String command, Duration atMost) throws IOException, InterruptedException {
        String end = "END-" + ++asked + "-";
        // In two pieces, so that the echo of the line is not taken for its end.
        console.say(command + "; echo END-\"" + asked + "-\"$?");
        return console.await(end, atMost);
    }

    void kill() throws InterruptedException {
        console.kill();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        console.close();
    }
}
