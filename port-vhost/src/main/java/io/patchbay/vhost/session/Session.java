package io.patchbay.vhost.session;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.session.Connection.Incoming;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.Request;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One front end's conversation: checks the form of each message, asks the device, answers. Confined to the session's thread. */
public final class Session {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final PortLog log;
    private final Connection connection;
    private final VhostDevice device;
    /**
     * Until features are negotiated, who asks for an answer gets it: DPDK's driver, connected to anew, says a few things before that, as it
     * negotiated in the conversation before, and waits.
     */
    private boolean replyAck = true;

    private boolean statusKnown;
    private long refused;
    private String lastComplaint = "";

    Session(PortLog log, Connection connection, VhostDevice device) {
        this.log = log;
        this.connection = connection;
        this.device = device;
    }

    /** Requests that were refused or unknown so far. */
    public long refused() {
        return refused;
    }

    /** What was refused last, and why; empty if nothing was. */
    String lastComplaint() {
        return lastComplaint;
    }

    /**
     * Obeys or refuses one message, and answers it. The message's descriptors are closed or given to the device.
     *
     * @throws ConnectionException if the conversation cannot go on
     */
    public void handle(Incoming incoming) throws ConnectionException {
        Message message = incoming.message();
        Optional<Request> request = Request.of(message.request());
        if (request.isEmpty()) {
            incoming.descriptors().forEach(Fd::close);
            complain("unknown request " + Integer.toUnsignedString(message.request()));
            acknowledge(message, false);
            return;
        }
        if (!request.get().served()) {
            incoming.descriptors().forEach(Fd::close);
            decline(request.get(), message);
            return;
        }
        Optional<String> fault = fault(request.get(), incoming);
        if (fault.isPresent()) {
            incoming.descriptors().forEach(Fd::close);
            refuse(request.get(), message, fault.get());
            return;
        }
        try {
            LOG.trace("{} with {} bytes", request.get(), message.payload().length);
            Optional<byte[]> reply = obey(request.get(), message, incoming.descriptors());
            if (reply.isPresent()) {
                connection.send(Message.reply(message.request(), reply.get()));
            } else {
                acknowledge(message, true);
            }
        } catch (RefusedException e) {
            refuse(request.get(), message, String.valueOf(e.getMessage()));
        }
    }

    /** What is wrong with the form of a message, if anything. */
    private static Optional<String> fault(Request request, Incoming incoming) {
        Message message = incoming.message();
        int bytes = message.payload().length;
        int files = incoming.descriptors().size();
        if (!incoming.complete()) {
            // The kernel does not say which of the two it was.
            return Optional.of("more than " + MessageDescriptor.MAX_DESCRIPTORS
                    + " descriptors, or more than this process may have open (LimitNOFILE)");
        }
        if (request == Request.SET_MEM_TABLE) {
            long regions = message.tableCount(); // -1, and so no size, of a table that is too short to say
            if (regions > MessageDescriptor.TABLE_MAX_REGIONS
                    || bytes != MessageDescriptor.TABLE_REGIONS + regions * MessageDescriptor.REGION_BYTES) {
                return Optional.of("a memory table of " + (regions < 0 ? "no" : regions) + " regions in " + bytes
                        + " bytes; allowed: up to " + MessageDescriptor.TABLE_MAX_REGIONS + " regions, in "
                        + MessageDescriptor.TABLE_REGIONS + " bytes and " + MessageDescriptor.REGION_BYTES
                        + " for each");
            }
        } else if (bytes != request.payloadBytes()) {
            return Optional.of(bytes + " bytes of payload instead of " + request.payloadBytes());
        }
        long wanted = wantedFiles(request, message, files);
        return files == wanted ? Optional.empty() : Optional.of(files + " descriptors instead of " + wanted);
    }

    private static long wantedFiles(Request request, Message message, int came) {
        return switch (request.files()) {
            case NONE -> 0;
            case ONE -> 1;
            case AT_MOST_ONE -> Math.min(came, 1);
            case PER_REGION -> message.tableCount();
            case ANY -> came;
            case UNLESS_NONE -> (message.asNumber() & MessageDescriptor.VRING_NO_DESCRIPTOR) != 0 ? 0 : 1;
        };
    }

    /** Asks the device; the answer of a request that has one. */
    private Optional<byte[]> obey(Request request, Message m, List<Fd> files) throws RefusedException {
        switch (request) {
            case GET_FEATURES -> {
                return number(device.offeredFeatures());
            }
            case GET_PROTOCOL_FEATURES -> {
                return number(device.offeredProtocolFeatures());
            }
            case GET_QUEUE_NUM -> {
                return number(device.queueNumber());
            }
            case GET_MAX_MEM_SLOTS -> {
                return number(device.maxMemorySlots());
            }
            case GET_STATUS -> {
                return number(device.status());
            }
            case GET_VRING_BASE -> {
                return Optional.of(Message.state((int) m.stateIndex(), (int) device.stopVring(m.stateIndex())));
            }
            case SET_LOG_BASE -> {
                device.setLogBase(m.asLog(), files.getFirst());
                return Optional.of(m.payload());
            }
            case SET_LOG_FD -> device.setLogSignal(files.getFirst());
            case SET_FEATURES -> device.setFeatures(m.asNumber());
            case SET_PROTOCOL_FEATURES -> {
                device.setProtocolFeatures(m.asNumber());
                replyAck = ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.in(m.asNumber());
                statusKnown = ProtocolFeature.VHOST_USER_PROTOCOL_F_STATUS.in(m.asNumber());
            }
            case SET_OWNER -> device.setOwner();
            case RESET_OWNER -> device.resetOwner();
            case RESET_DEVICE -> device.resetDevice();
            case SET_MEM_TABLE -> device.setMemoryTable(m.asTable(), files);
            case ADD_MEM_REG -> device.addMemoryRegion(m.asSingleRegion(), files.getFirst());
            case REM_MEM_REG -> {
                files.forEach(Fd::close);
                device.removeMemoryRegion(m.asSingleRegion());
            }
            case SET_VRING_NUM -> device.setVringSize(m.stateIndex(), m.stateNumber());
            case SET_VRING_ADDR -> device.setVringAddresses(m.asAddresses());
            case SET_VRING_BASE -> device.setVringBase(m.stateIndex(), m.stateNumber());
            case SET_VRING_ENABLE -> device.setVringEnabled(m.stateIndex(), enabled(m.stateNumber()));
            case SET_VRING_KICK -> device.setVringKick(vring(m), files.stream().findFirst());
            case SET_VRING_CALL -> device.setVringCall(vring(m), files.stream().findFirst());
            case SET_VRING_ERR -> device.setVringError(vring(m), files.stream().findFirst());
            case SEND_RARP -> device.announce(m.asNumber());
            case NET_SET_MTU -> device.setMtu(m.asNumber());
            case SET_STATUS -> device.setStatus((int) m.asNumber() & 0xff);
            default -> throw new IllegalStateException(request + " is served by nothing");
        }
        return Optional.empty();
    }

    private static boolean enabled(long number) throws RefusedException {
        if (number > 1) {
            throw new RefusedException("enable is " + number + "; allowed: 0 or 1");
        }
        return number == 1;
    }

    private static int vring(Message message) {
        return (int) message.asNumber() & MessageDescriptor.VRING_INDEX_MASK;
    }

    private static Optional<byte[]> number(long value) {
        return Optional.of(Message.number(value));
    }

    private void refuse(Request request, Message message, String why) throws ConnectionException {
        complain("refused " + request + ": " + why);
        if (request.reply() == Request.Reply.ALWAYS) {
            connection.send(Message.reply(message.request(), request.failure()));
        } else if (request.reply() == Request.Reply.IF_OBEYED) {
            throw new ConnectionException(request + " was refused, and its reply cannot say so: " + why);
        } else if (!acknowledge(message, false) && !(request == Request.SET_FEATURES && statusKnown)) {
            throw new ConnectionException(
                    request + " was refused, and the front end did not ask for an answer: " + why);
        }
    }

    /** Answers a request that is part of something which was not offered. */
    private void decline(Request request, Message message) throws ConnectionException {
        complain("declined " + request + ": it is part of a feature that is not offered");
        if (request.reply() == Request.Reply.ALWAYS) {
            connection.send(Message.reply(message.request(), request.failure()));
        } else {
            acknowledge(message, false);
        }
    }

    /** Sends success or failure, if the front end wants it; says whether it did. */
    private boolean acknowledge(Message message, boolean success) throws ConnectionException {
        if (!replyAck || !message.needsReply()) {
            return false;
        }
        connection.send(Message.reply(message.request(), Message.number(success ? 0 : 1)));
        return true;
    }

    private void complain(String what) {
        refused++;
        lastComplaint = what;
        log.warn(what);
    }
}
