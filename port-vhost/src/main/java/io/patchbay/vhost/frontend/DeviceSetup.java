package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** What a device has to be told of a guest before frames pass, and while its memory is copied elsewhere. */
record DeviceSetup(VhostClient client, FrontEndSettings settings, GuestLayout guest) {

    /** Agrees on features, and shows the guest's memory. */
    void negotiate() throws IOException {
        long wanted = settings.negotiated();
        long missing = wanted & ~client.ask(Request.GET_FEATURES);
        if (missing != 0) {
            throw new IOException("the device does not offer " + Feature.names(missing));
        }
        long protocol = client.ask(Request.GET_PROTOCOL_FEATURES)
                & ProtocolFeature.mask(
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_MQ,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD);
        client.tell(Request.SET_PROTOCOL_FEATURES, Message.number(protocol), List.of());
        if (ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.in(protocol)) {
            client.negotiatedReplyAck();
        }
        if (settings.queuePairs() > 1 && client.ask(Request.GET_QUEUE_NUM) < settings.queuePairs()) {
            throw new IOException("the device has fewer than " + settings.queuePairs() + " queue pairs");
        }
        client.tell(Request.SET_OWNER, new byte[0], List.of());
        client.tell(Request.SET_FEATURES, Message.number(wanted), List.of());
        client.tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(guest.region())), List.of(guest.file()));
    }

    /** Starts a queue that stands at {@code base}. */
    void start(int index, long base, Fd kick, Fd call) throws IOException {
        client.tell(Request.SET_VRING_NUM, Message.state(index, settings.queueSize()), List.of());
        client.tell(Request.SET_VRING_BASE, Message.state(index, (int) base), List.of());
        tellAddresses(index, false);
        client.tell(Request.SET_VRING_KICK, Message.number(index), List.of(kick));
        client.tell(Request.SET_VRING_CALL, Message.number(index), List.of(call));
        enable(index, true);
    }

    /** Lets the device use a queue that was started, or forbids it for the time being. */
    void enable(int index, boolean on) throws IOException {
        client.tell(Request.SET_VRING_ENABLE, Message.state(index, on ? 1 : 0), List.of());
    }

    /** Stops a queue, and gives where it stands, in the form of its layout. */
    long stop(int index) throws IOException {
        byte[] reply = client.exchange(Request.GET_VRING_BASE, Message.state(index, 0), List.of());
        return Message.reply(Request.GET_VRING_BASE.number(), reply).stateNumber();
    }

    private void tellAddresses(int index, boolean logged) throws IOException {
        client.tell(Request.SET_VRING_ADDR, Message.addresses(guest.addresses(index, logged)), List.of());
    }

    /** Gives the device a log, instead of one before. */
    void useLog(DirtyLogReader log) throws IOException {
        byte[] description = Message.log(log.description());
        if (!Arrays.equals(client.exchange(Request.SET_LOG_BASE, description, List.of(log.file())), description)) {
            throw new IOException("the device does not confirm the log");
        }
    }

    /** Says what is to be logged: writes to the guest's buffers, and to the used rings. */
    void logWrites(boolean buffers, boolean rings) throws IOException {
        long base = settings.negotiated();
        client.tell(
                Request.SET_FEATURES,
                Message.number(buffers ? base | Feature.VHOST_F_LOG_ALL.mask() : base),
                List.of());
        for (int index = 0; index < 2 * settings.queuePairs(); index++) {
            tellAddresses(index, rings);
        }
    }
}
