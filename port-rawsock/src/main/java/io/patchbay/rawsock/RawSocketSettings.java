package io.patchbay.rawsock;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.patchbay.core.linux.PacketSocket;
import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.SettingException;
import io.patchbay.core.port.WhenFull;
import java.util.List;
import java.util.Optional;

/**
 * Settings of a {@code raw-socket} port. The key of the first is {@code interface}, which no record component can be called.
 *
 * @param networkInterface name of an existing interface
 * @param namespace file of the network namespace the interface is in, such as {@code /run/netns/blue}; default the daemon's own
 * @param mode {@code packet} (default): AF_PACKET sockets, beside the host's stack; {@code xdp}: AF_XDP sockets, instead of it
 * @param queues sockets among which the kernel divides the flows, 1 to 256; default one per worker; not with {@code xdp}, where there is one for each of
 *     the interface's receive queues
 * @param promiscuous whether to receive frames that are not addressed to the interface; default true
 * @param receiveBufferBytes memory for frames that wait to be read, 4096 to 1073741824; default 4194304; with
 *     {@code xdp} of each queue, at least 256 KiB and at most 128 MiB
 * @param qdiscBypass whether frames sent pass the interface's queueing discipline by, unseen by tcpdump; default false; not with
 *     {@code xdp}, where they always do
 * @param whenFull what becomes of frames for one port while the interface takes no more: {@code hold} or {@code drop} (default)
 * @param holdAtMostMs how long frames are held at most, 1 to 60000; default 1000; only with {@code hold}
 * @param sendBufferBytes memory for frames that wait to be sent, 4096 to 1073741824; default what the system gives a socket; with
 *     {@code xdp} of each queue, default 2097152, at least 256 KiB and at most 128 MiB
 */
public record RawSocketSettings(
        @JsonProperty("interface") String networkInterface,
        Optional<String> namespace,
        Optional<String> mode,
        Optional<Integer> queues,
        Optional<Boolean> promiscuous,
        Optional<Integer> receiveBufferBytes,
        Optional<Boolean> qdiscBypass,
        Optional<String> whenFull,
        Optional<Integer> holdAtMostMs,
        Optional<Integer> sendBufferBytes) {

    private static final int MAX_QUEUES = 256;
    private static final String PACKET = "packet";
    private static final String XDP = "xdp";
    private static final int XDP_SEND_BYTES = 2 << 20;

    public RawSocketSettings {
        SettingChecks.deviceName("interface", networkInterface);
        SettingChecks.namespace("namespace", namespace);
        SettingChecks.oneOf("mode", mode, List.of(PACKET, XDP));
        if (mode.equals(Optional.of(XDP))) {
            queues.ifPresent(n -> {
                throw SettingException.of(
                        "queues",
                        n,
                        "nothing with mode xdp: each receive queue of the interface has a socket (ethtool -L)");
            });
            qdiscBypass.filter(bypass -> !bypass).ifPresent(bypass -> {
                throw SettingException.of("qdiscBypass", bypass, "true, or nothing, with mode xdp");
            });
        }
        SettingChecks.range("queues", queues, 1, MAX_QUEUES);
        SettingChecks.bufferBytes("receiveBufferBytes", receiveBufferBytes);
        WhenFull.of(whenFull, holdAtMostMs);
        SettingChecks.bufferBytes("sendBufferBytes", sendBufferBytes);
    }

    /** An interface of that name, with every default. */
    public static RawSocketSettings of(String networkInterface) {
        return new RawSocketSettings(
                networkInterface,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    boolean isXdp() {
        return mode.equals(Optional.of(XDP));
    }

    int xdpReceiveBytes() {
        return receiveBufferBytes.orElse(PacketSocket.Options.DEFAULT.receiveBufferBytes());
    }

    int xdpSendBytes() {
        return sendBufferBytes.orElse(XDP_SEND_BYTES);
    }

    WhenFull full() {
        return WhenFull.of(whenFull, holdAtMostMs);
    }

    PacketSocket.Options socketOptions() {
        PacketSocket.Options usual = PacketSocket.Options.DEFAULT;
        return new PacketSocket.Options(
                promiscuous.orElse(usual.promiscuous()),
                receiveBufferBytes.orElse(usual.receiveBufferBytes()),
                sendBufferBytes,
                qdiscBypass.orElse(usual.qdiscBypass()));
    }
}
