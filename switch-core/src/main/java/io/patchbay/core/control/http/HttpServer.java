package io.patchbay.core.control.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.patchbay.core.linux.FileIdentity;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.StaleSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves routes at one address. */
public final class HttpServer implements AutoCloseable {

    /** Connections at a time; a client needs one. */
    static final int MAX_CONNECTIONS = 64;

    /** Bytes read at a time. The requests in them wait in memory for their turn, and the codec takes no more than 128 that wait. */
    private static final int READ_BYTES = 1024;

    private static final int IDLE_SECONDS = 60;
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    private final EventLoopGroup group;
    private final Channel channel;
    private final Optional<FileIdentity> file;

    private HttpServer(EventLoopGroup group, Channel channel, Optional<FileIdentity> file) {
        this.group = group;
        this.channel = channel;
        this.file = file;
    }

    private interface Bound {
        HttpServer server(EventLoopGroup group, Channel channel) throws IOException;
    }

    private static HttpServer bind(
            SocketAddress address, Class<? extends ServerChannel> kind, List<Route> routes, Bound bound)
            throws IOException {
        EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("http", true), NioIoHandler.newFactory());
        try {
            return bound.server(
                    group,
                    new ServerBootstrap()
                            .group(group)
                            .channel(kind)
                            .handler(new ConnectionLimit(MAX_CONNECTIONS))
                            .childOption(ChannelOption.AUTO_READ, false)
                            .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
                            .childHandler(initializer(routes))
                            .bind(address)
                            .sync()
                            .channel());
        } catch (InterruptedException e) {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            Thread.currentThread().interrupt();
            throw new IOException("cannot listen on " + text(address) + ": interrupted", e);
        } catch (Exception e) { // Netty throws the IOException of the failed bind without declaring it
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new IOException("cannot listen on " + text(address) + ": " + e.getMessage(), e);
        }
    }

    private static ChannelInitializer<Channel> initializer(List<Route> routes) {
        Seldom failures = new Seldom(System::nanoTime);
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel child) {
                child.pipeline()
                        // Nothing is read before the last answer is gone: this is its time, too.
                        .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                        .addLast(new HttpServerCodec())
                        .addLast(new WholeRequests())
                        .addLast(new FlowControlHandler())
                        .addLast(new ChunkedWriteHandler())
                        .addLast(new RouteHandler(routes, failures));
            }
        };
    }

    /**
     * Listens at a TCP address.
     *
     * @throws IOException if the address cannot be had; the message says why
     */
    public static HttpServer onAddress(InetSocketAddress address, List<Route> routes) throws IOException {
        if (address.isUnresolved()) {
            throw new IOException("cannot listen on " + text(address) + ": the host name is not known");
        }
        return bind(
                address,
                NioServerSocketChannel.class,
                routes,
                (group, channel) -> new HttpServer(group, channel, Optional.empty()));
    }

    /**
     * Listens at a path, with mode 0660. A socket left behind is replaced, one that is in use is not, nor is a file of another kind.
     *
     * @throws IOException if the path cannot be used; the message says why
     */
    public static HttpServer onSocket(Path path, List<Route> routes) throws IOException {
        makeFree(path);
        return bind(UnixDomainSocketAddress.of(path), NioServerDomainSocketChannel.class, routes, (group, channel) -> {
            FileIdentity file = FileIdentity.of(path);
            try {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
            } catch (IOException e) {
                remove(file);
                throw e;
            }
            return new HttpServer(group, channel, Optional.of(file));
        });
    }

    /**
     * Makes a path ready to be listened on: a socket left behind is removed.
     *
     * @throws IOException if the path cannot be used; the message says why
     */
    public static void makeFree(Path path) throws IOException {
        Optional<Path> directory = Optional.ofNullable(path.getParent());
        if (directory.isPresent() && !Files.isDirectory(directory.get())) {
            throw new IOException(
                    "cannot listen on " + path + ": the directory " + directory.get() + " does not exist");
        }
        try {
            StaleSocket.remove(path);
        } catch (IOException | LinuxException e) {
            throw new IOException("cannot listen on " + path + ": " + e.getMessage(), e);
        }
    }

    /** Where the server listens; useful when it was started at port 0. */
    public SocketAddress address() {
        return channel.localAddress();
    }

    /** An address as people write it. */
    public static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? NetUtil.toSocketAddressString(inet) : address.toString();
    }

    private static void remove(FileIdentity file) {
        try {
            file.remove();
        } catch (IOException e) {
            LOG.warn("cannot remove {}: {}", file.path(), e.toString());
        }
    }

    @Override
    public void close() {
        file.ifPresent(HttpServer::remove); // while it is bound, its inode number is not given to another
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
