package io.patchbay.vhost.ring;

/** What became of reading a descriptor chain. */
public enum ChainResult {
    /** The chain's buffers were added. */
    OK,
    /** A descriptor of the chain is not what it must be; the head is known, so the chain can be given back. */
    BAD,
    /** The chain, or the chains together, have more pieces than a frame may have; the head is known. */
    TOO_LONG,
    /** The ring itself cannot be trusted; nothing was added. */
    BROKEN
}
