package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;

/// Words pushed to a stack, the present one or that of an inner level, none of which moves the stack pointer before
/// [#pointer] is taken: whatever faults leaves the processor as it was.
final class StackFrame {
    private final X86Cpu c;
    private final Segment segment;
    private final int level;
    private final long mask;
    private final int width;
    private final int error;
    private long pointer;
    private boolean ofEvent;

    /// @param segment the stack's
    /// @param level at which it is written to
    /// @param pointer where it begins
    /// @param width of a word, in bytes
    /// @param error of the #SS that says that there is no room
    StackFrame(X86Cpu c, Segment segment, int level, long pointer, int width, int error) {
        this.c = c;
        this.segment = segment;
        this.level = level;
        this.pointer = pointer;
        this.width = width;
        this.error = error;
        mask =
                c.isLongMode() && segment == FLAT
                        ? -1
                        : segment.has(Segment.DB) ? 0xffff_ffffL : 0xffff;
    }

    /// The stack segment of 64-bit mode, which has neither base nor limit.
    static final Segment FLAT = new Segment();

    /// On the present stack, as the present level.
    static StackFrame present(X86Cpu c, int width) {
        Segment segment = c.is64() ? FLAT : c.segments[SS];
        return new StackFrame(c, segment, c.cpl, c.r[RSP], width, 0);
    }

    /// The frame is an exception's or interrupt's: it is not checked for alignment. A processor that does, at level 3,
    /// delivers one #AC after the other for ever.
    StackFrame ofEvent() {
        ofEvent = true;
        return this;
    }

    /// #SS unless so many words fit.
    StackFrame require(int words) {
        long at = pointer;
        for (int i = 0; i < words; i++) {
            at = at - width & mask;
            boolean fits =
                    segment == FLAT
                            ? c.isCanonical(at) && c.isCanonical(at + width - 1)
                            : isWithin(at);
            if (!fits) {
                throw c.fault(STACK_FAULT, error);
            }
        }
        return this;
    }

    private boolean isWithin(long at) {
        long limit = segment.limit & 0xffff_ffffL;
        boolean expandsDown = (segment.attributes & 0xc) == 4;
        long top = segment.has(Segment.DB) ? 0xffff_ffffL : 0xffff;
        return expandsDown && c.isProtected() && !c.isVm86()
                ? at > limit && at + width - 1 <= top
                : at + width - 1 <= limit;
    }

    /// Writes words, each below the one before.
    void push(long... words) {
        int present = c.cpl;
        c.accessAs(level, !ofEvent);
        try {
            for (long word : words) {
                pointer = pointer - width & mask;
                long linear = segment == FLAT ? pointer : segment.base + pointer & 0xffff_ffffL;
                c.store(linear, width, word);
            }
        } finally {
            c.cpl = present;
            c.updateMmuIndex();
        }
    }

    /// The stack pointer behind all that was pushed.
    long pointer() {
        return pointer;
    }
}
