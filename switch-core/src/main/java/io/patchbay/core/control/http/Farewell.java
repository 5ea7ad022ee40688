package io.patchbay.core.control.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Ends a connection whose client may still be sending. What has come and was not read when a socket is closed has the kernel take back the answer:
 * it is read and thrown away, for a while.
 */
final class Farewell extends ChannelInboundHandlerAdapter {

    private static final int SECONDS = 2;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        if (context.channel() instanceof DuplexChannel connection) {
            connection.shutdownOutput(); // the client closes when it has read that far
        }
        var _ = context.executor().schedule(() -> context.close(), SECONDS, TimeUnit.SECONDS);
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        ReferenceCountUtil.release(bytes);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.read();
    }
}
