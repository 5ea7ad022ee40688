package io.patchbay.core.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpContentException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the route for a request and sends its answer. Asks for the next request when the answer is gone: a client that does not read is not
 * read from, either.
 */
final class RouteHandler extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final Logger LOG = LoggerFactory.getLogger(RouteHandler.class);

    private final List<Route> routes;
    private final Seldom failures;
    private boolean answering;

    /** @param failures of all connections of the server, so that none can fill the log */
    RouteHandler(List<Route> routes, Seldom failures) {
        this.routes = routes;
        this.failures = failures;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.read();
    }

    /** Something was read. If it was no whole request, there is more to read. */
    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!answering) {
            context.read();
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        boolean understood = request.decoderResult().isSuccess();
        Reply reply = reply(request);
        boolean chunked = reply.parts().isPresent() && request.protocolVersion().isKeepAliveDefault();
        // To HTTP 1.0 an answer whose length is not known ends with its connection.
        boolean keepAlive = understood
                && HttpUtil.isKeepAlive(request)
                && (chunked || reply.parts().isEmpty());
        HttpUtil.setTransferEncodingChunked(reply.head(), chunked);
        HttpUtil.setKeepAlive(reply.head(), keepAlive);
        answering = true;
        ChannelFuture head = context.write(reply.head());
        ChannelFuture last = reply.parts()
                .map(parts -> context.write(new HttpChunkedInput(parts)))
                .orElse(head);
        context.flush();
        last.addListener(sent -> {
            if (keepAlive && sent.isSuccess()) {
                answering = false;
                context.read();
            } else {
                Optional.ofNullable(sent.cause()).ifPresent(this::ended);
                leave(context, understood);
            }
        });
    }

    /** @param head with all of the answer, or without what follows in parts */
    private record Reply(HttpResponse head, Optional<TextParts> parts) {}

    private Reply reply(FullHttpRequest request) {
        try {
            return encoded(request.decoderResult().isSuccess() ? answer(request) : refusal(request));
        } catch (RuntimeException | Error e) { // memory that was too short for this answer may do for others
            failed("answering " + request.method() + " " + request.uri(), e);
            return encoded(Answer.problem(500, "internal error: " + e));
        }
    }

    private static Reply encoded(Answer answer) {
        HttpResponseStatus status = HttpResponseStatus.valueOf(answer.status());
        Reply reply = switch (answer.body()) {
            case Answer.Whole whole -> {
                ByteBuf text = Unpooled.copiedBuffer(whole.text(), StandardCharsets.UTF_8);
                FullHttpResponse all = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, text);
                HttpUtil.setContentLength(all, text.readableBytes());
                yield new Reply(all, Optional.empty());
            }
            case Answer.Parts parts ->
                new Reply(
                        new DefaultHttpResponse(HttpVersion.HTTP_1_1, status),
                        Optional.of(new TextParts(parts.texts())));
        };
        reply.head().headers().set(HttpHeaderNames.CONTENT_TYPE, answer.type());
        answer.headers().forEach((name, value) -> reply.head().headers().set(name, value));
        return reply;
    }

    private Answer answer(FullHttpRequest request) {
        try {
            QueryStringDecoder uri = target(request.uri());
            String path = uri.path();
            List<Route> there =
                    routes.stream().filter(route -> route.matches(path)).toList();
            if (there.isEmpty()) {
                return Answer.problem(404, "nothing is at " + path);
            }
            // A question for the head alone is that for all, of which the codec sends the head.
            HttpMethod asked = request.method().equals(HttpMethod.HEAD) ? HttpMethod.GET : request.method();
            String method = asked.name();
            return there.stream()
                    .filter(route -> route.method().equals(method))
                    .findFirst()
                    .map(route -> route.action().apply(asked(request, uri, route)))
                    .orElseGet(() -> notPossible(method, path, there));
        } catch (IllegalArgumentException e) {
            return Answer.problem(400, String.valueOf(e.getMessage()));
        }
    }

    /** What is asked for: by its path, or, as of a proxy (RFC 9112, 3.2.2), with scheme and host before it. */
    private static QueryStringDecoder target(String text) {
        return text.startsWith("/") ? new QueryStringDecoder(text) : new QueryStringDecoder(URI.create(text));
    }

    private static Answer refusal(FullHttpRequest request) {
        return request.decoderResult().cause() instanceof TooLongHttpContentException
                ? Answer.problem(413, "the request is too large")
                : Answer.problem(400, "not HTTP");
    }

    private static void leave(ChannelHandlerContext context, boolean atEndOfRequest) {
        if (atEndOfRequest) {
            context.close();
        } else {
            context.pipeline().addFirst(new Farewell());
        }
    }

    private static Answer notPossible(String method, String path, List<Route> there) {
        String possible = there.stream().map(Route::method).sorted().distinct().collect(Collectors.joining(", "));
        return Answer.problem(
                405,
                method + " is not possible at " + path + "; possible: " + possible,
                Map.of(HttpHeaderNames.ALLOW.toString(), possible));
    }

    /** @throws IllegalArgumentException if a parameter is not known, or given twice: nothing may be done on a misunderstanding */
    private static Asked asked(FullHttpRequest request, QueryStringDecoder uri, Route route) {
        Map<String, String> query = new HashMap<>();
        uri.parameters().forEach((name, values) -> {
            if (!route.parameters().contains(name)) {
                throw new IllegalArgumentException("unknown parameter " + name + "; known: "
                        + String.join(", ", new TreeSet<>(route.parameters())));
            }
            if (values.size() > 1) {
                throw new IllegalArgumentException("the parameter " + name + " is given " + values.size() + " times");
            }
            query.put(name, values.getFirst());
        });
        String rest = route.prefix() ? uri.path().substring(route.path().length() + 1) : "";
        return new Asked(rest, query, request.headers().get(HttpHeaderNames.ACCEPT, ""));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        ended(cause);
        context.close();
    }

    private void ended(Throwable cause) {
        // Timeouts are channel exceptions.
        if (cause instanceof IOException || cause instanceof ChannelException || cause instanceof CodecException) {
            LOG.debug("a client's connection ends: {}", cause.toString());
        } else {
            failed("a client's connection", cause);
        }
    }

    private void failed(String what, Throwable cause) {
        OptionalLong times = failures.say();
        if (times.isPresent()) {
            LOG.error("{} failed ({} failures since the last such line)", what, times.getAsLong(), cause);
        }
    }
}
