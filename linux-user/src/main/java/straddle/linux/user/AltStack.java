package straddle.linux.user;

import java.nio.ByteBuffer;

/// sigaltstack(2)'s stack of one thread.
final class AltStack {
    static final int SS_ONSTACK = 1;
    static final int SS_DISABLE = 2;

    private long start;
    private long size;
    private int flags = SS_DISABLE;

    AltStack() {}

    long start() {
        return start;
    }

    long size() {
        return size;
    }

    void set(long newStart, long newSize, int newFlags) {
        start = newStart;
        size = newSize;
        flags = newFlags;
    }

    boolean contains(long sp) {
        return (flags & SS_DISABLE) == 0 && sp > start && sp - start <= size;
    }

    /// Whether a handler that begins now starts at its top.
    boolean usable(long sp) {
        return (flags & SS_DISABLE) == 0 && !contains(sp);
    }

    int flags(long sp) {
        return (flags & SS_DISABLE) != 0 ? SS_DISABLE : contains(sp) ? SS_ONSTACK : 0;
    }

    /// stack_t; MIPS has its last two the other way round.
    void write(GuestAbi abi, ByteBuffer to, int at) {
        int w = abi.wordBytes();
        boolean mips = abi instanceof MipsAbi;
        abi.putWord(to, at, start);
        to.putInt(at + (mips ? 2 * w : w), flags & SS_DISABLE);
        abi.putWord(to, at + (mips ? w : 2 * w), size);
    }

    void read(GuestAbi abi, ByteBuffer from, int at) {
        int w = abi.wordBytes();
        boolean mips = abi instanceof MipsAbi;
        set(
                abi.getWord(from, at),
                abi.getWord(from, at + (mips ? w : 2 * w)),
                from.getInt(at + (mips ? 2 * w : w)) & SS_DISABLE);
    }

    AltStack copy() {
        AltStack copy = new AltStack();
        copy.set(start, size, flags);
        return copy;
    }
}
