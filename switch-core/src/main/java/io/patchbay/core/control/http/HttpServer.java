package io.patchbay.core.control.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Serves routes at one address. */
public final class HttpServer implements AutoCloseable {

    private static final int MAX_REQUEST_BYTES = 64 * 1024;
    private static final int IDLE_SECONDS = 60;

    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("http", true), NioIoHandler.newFactory());
    private final Channel channel;
    private final Optional<Path> file;

    private HttpServer(
            SocketAddress address, Class<? extends ServerChannel> kind, List<Route> routes, Optional<Path> file)
            throws IOException {
        this.file = file;
        try {
            channel = new ServerBootstrap()
                    .group(group)
                    .channel(kind)
                    .childHandler(initializer(routes))
                    .bind(address)
                    .sync()
                    .channel();
        } catch (InterruptedException e) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while binding " + address, e);
        } catch (Exception e) { // Netty throws the IOException of the failed bind without declaring it
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    private static ChannelInitializer<Channel> initializer(List<Route> routes) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel child) {
                child.pipeline()
                        .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                        .addLast(new HttpServerCodec())
                        .addLast(new HttpObjectAggregator(MAX_REQUEST_BYTES))
                        .addLast(new RouteHandler(routes));
            }
        };
    }

    /**
     * Listens at a TCP address.
     *
     * @throws IOException if the address cannot be had; the message says why
     */
    public static HttpServer onAddress(InetSocketAddress address, List<Route> routes) throws IOException {
        return new HttpServer(address, NioServerSocketChannel.class, routes, Optional.empty());
    }

    /**
     * Listens at a path, with mode 0660. A socket left behind is replaced, one that is in use is not.
     *
     * @throws IOException if the path cannot be used; the message says why
     */
    public static HttpServer onSocket(Path path, List<Route> routes) throws IOException {
        if (Files.exists(path)) {
            if (answers(path)) {
                throw new IOException("cannot listen on " + path + ": another process is listening there");
            }
            Files.delete(path);
        }
        HttpServer server = new HttpServer(
                UnixDomainSocketAddress.of(path), NioServerDomainSocketChannel.class, routes, Optional.of(path));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
        return server;
    }

    private static boolean answers(Path path) {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            return false;
        }
    }

    /** Where the server listens; useful when it was started at port 0. */
    public SocketAddress address() {
        return channel.localAddress();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        file.ifPresent(path -> {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                org.slf4j.LoggerFactory.getLogger(HttpServer.class).warn("cannot remove {}: {}", path, e.toString());
            }
        });
    }
}
