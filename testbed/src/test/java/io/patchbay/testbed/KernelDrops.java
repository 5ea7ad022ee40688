package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/** An uplink to which more frames come than its worker reads. */
final class KernelDrops {

    private static final int ENOUGH = 100;
    private static final int AT_A_TIME = 1000;

    private KernelDrops() {}

    /**
     * Sends frames until the port has counted that the kernel dropped some.
     *
     * @param atMost how many frames that may take
     * @return how many frames it took
     */
    static int provoke(SwitchUnderTest patchbay, String port, PacketSockets sockets, String device, int atMost)
            throws IOException {
        byte[] frame = new byte[1000];
        frame[0] = 2;
        frame[6] = 4;
        int frames = 0;
        while (patchbay.dropped(port, "kernel_drop") < ENOUGH) {
            assertThat(frames).as("frames sent without a drop").isLessThan(atMost);
            sockets.send(device, frame, AT_A_TIME);
            frames += AT_A_TIME;
        }
        return frames;
    }
}
