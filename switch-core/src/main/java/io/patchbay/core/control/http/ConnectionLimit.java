package io.patchbay.core.control.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the oldest connection of a listener that has as many as it may have, for a new one to take its place. The new one may be a probe, and whoever keeps
 * all places taken would have the daemon restarted for not answering it.
 *
 * <p>Connections and listener have one event loop, which all of this belongs to.
 */
final class ConnectionLimit extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

    private final int most;
    private final Deque<Channel> open = new ArrayDeque<>();
    private final Seldom seldom = new Seldom(System::nanoTime);

    /** @param most connections at a time */
    ConnectionLimit(int most) {
        this.most = most;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
        if (open.size() >= most) {
            open.removeFirst().close();
            sayThatItIsFull(context);
        }
        Channel connection = (Channel) accepted;
        open.addLast(connection);
        connection.closeFuture().addListener(closed -> open.remove(connection));
        context.fireChannelRead(connection);
    }

    private void sayThatItIsFull(ChannelHandlerContext context) {
        OptionalLong times = seldom.say();
        if (times.isPresent()) {
            LOG.warn(
                    "{}: {} connections are open; each that comes closes the oldest ({} closed since the last such line)",
                    HttpServer.text(context.channel().localAddress()),
                    most,
                    times.getAsLong());
        }
    }
}
