package io.patchbay.core.control.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes what is accepted by a listener that has as many connections as it may have. */
final class ConnectionLimit extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

    private final int most;
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Seldom seldom = new Seldom(System::nanoTime);

    /** @param most connections at a time */
    ConnectionLimit(int most) {
        this.most = most;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
        Channel connection = (Channel) accepted;
        if (open.size() < most) {
            open.add(connection); // which forgets it when it is closed
            context.fireChannelRead(connection);
            return;
        }
        connection.unsafe().closeForcibly();
        OptionalLong times = seldom.say();
        if (times.isPresent()) {
            LOG.warn(
                    "{}: {} connections are open, no more are accepted ({} turned away since the last such line)",
                    HttpServer.text(context.channel().localAddress()),
                    most,
                    times.getAsLong());
        }
    }
}
