package io.patchbay.cli;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks a daemon over its admin socket, one question a time. */
final class AdminClient {

    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final int SECONDS = 10;

    private final String socket;

    AdminClient(String socket) {
        this.socket = socket;
    }

    private record Response(int status, String body) {}

    /** A good answer; any other is a failure of the command. */
    JsonNode ask(String method, String path) {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            Response response = exchange(group, method, path);
            JsonNode answer = JsonMapper.shared().readTree(response.body());
            if (!answer.isContainer()) {
                throw notPatchbay();
            }
            if (response.status() == 200) {
                return answer;
            }
            String detail = answer.path("detail").asString(response.body());
            throw new CommandFailure(
                    response.status() == 404 ? CommandFailure.NOT_FOUND : CommandFailure.FAILED, detail);
        } catch (JacksonException _) {
            throw notPatchbay();
        } finally {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }
    }

    private Response exchange(EventLoopGroup group, String method, String path) {
        CompletableFuture<Response> answer = new CompletableFuture<>();
        var connecting = new Bootstrap()
                .group(group)
                .channel(NioDomainSocketChannel.class)
                .handler(initializer(answer))
                .connect(UnixDomainSocketAddress.of(socket));
        try {
            connecting.get(SECONDS, TimeUnit.SECONDS);
            var request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), path);
            request.headers().set(HttpHeaderNames.HOST, "localhost");
            request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            connecting.channel().writeAndFlush(request).get(SECONDS, TimeUnit.SECONDS);
            return answer.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw mayConnect()
                    ? noDaemon(String.valueOf(
                            e.getCause() == null ? e : e.getCause().getMessage()))
                    : denied();
        } catch (TimeoutException e) {
            throw noDaemon("no answer within " + SECONDS + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw noDaemon("interrupted");
        }
    }

    /** Whether it is not permissions that keep us from the socket. Netty has only words for the reason, in the user's language. */
    private boolean mayConnect() {
        try (UnixSocket _ = UnixSocket.connect(socket)) {
            return true;
        } catch (LinuxException e) {
            return e.errno() != Errno.EACCES;
        } catch (IllegalArgumentException _) {
            return true; // no path of a socket
        }
    }

    private CommandFailure notPatchbay() {
        return new CommandFailure(CommandFailure.NO_DAEMON, "what answers at " + socket + " is not patchbay");
    }

    private CommandFailure denied() {
        return new CommandFailure(
                CommandFailure.DENIED, "permission denied at " + socket + ": only its owner and its group may use it");
    }

    private CommandFailure noDaemon(String why) {
        return new CommandFailure(CommandFailure.NO_DAEMON, "no daemon answers at " + socket + ": " + why);
    }

    private static ChannelInitializer<Channel> initializer(CompletableFuture<Response> answer) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(new HttpClientCodec())
                        .addLast(new HttpObjectAggregator(MAX_ANSWER_BYTES))
                        .addLast(new Receiver(answer));
            }
        };
    }

    private static final class Receiver extends SimpleChannelInboundHandler<FullHttpResponse> {

        private final CompletableFuture<Response> answer;

        Receiver(CompletableFuture<Response> answer) {
            this.answer = answer;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            answer.complete(
                    new Response(response.status().code(), response.content().toString(StandardCharsets.UTF_8)));
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            answer.completeExceptionally(new java.io.EOFException("the daemon closed the connection"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
        }
    }
}
