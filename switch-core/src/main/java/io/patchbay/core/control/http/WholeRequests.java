package io.patchbay.core.control.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.TooLongHttpContentException;

/** Puts requests together. One that is too large is passed on as one that could not be decoded, and refused when it is its turn. */
final class WholeRequests extends HttpObjectAggregator {

    private static final int MAX_BYTES = 64 * 1024;

    WholeRequests() {
        super(MAX_BYTES, true);
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
        HttpRequest request = (HttpRequest) oversized;
        var refused = new DefaultFullHttpRequest(request.protocolVersion(), request.method(), request.uri());
        refused.setDecoderResult(DecoderResult.failure(new TooLongHttpContentException()));
        context.fireChannelRead(refused);
    }
}
