package io.patchbay.core.control.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;

/** Puts requests together. One that is too large ends its connection: nobody reads on for the rest of it. */
final class WholeRequests extends HttpObjectAggregator {

    private static final int MAX_BYTES = 64 * 1024;

    WholeRequests() {
        super(MAX_BYTES, true);
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
        var refusal = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE);
        HttpUtil.setContentLength(refusal, 0);
        HttpUtil.setKeepAlive(refusal, false);
        context.writeAndFlush(refusal).addListener(ChannelFutureListener.CLOSE);
    }
}
