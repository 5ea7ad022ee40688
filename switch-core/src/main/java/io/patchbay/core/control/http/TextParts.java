package io.patchbay.core.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.stream.ChunkedInput;
import java.util.Iterator;

/** Texts, encoded each when the connection has room for it. */
final class TextParts implements ChunkedInput<ByteBuf> {

    private final Iterator<String> texts;
    private long progress;

    TextParts(Iterator<String> texts) {
        this.texts = texts;
    }

    @Override
    public boolean isEndOfInput() {
        return !texts.hasNext();
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    public ByteBuf readChunk(ChannelHandlerContext context) {
        return readChunk(context.alloc());
    }

    @Override
    public ByteBuf readChunk(ByteBufAllocator allocator) {
        ByteBuf bytes = ByteBufUtil.writeUtf8(allocator, texts.next());
        progress += bytes.readableBytes();
        return bytes;
    }

    @Override
    public long length() {
        return -1; // not known
    }

    @Override
    public long progress() {
        return progress;
    }

    @Override
    public void close() {}
}
