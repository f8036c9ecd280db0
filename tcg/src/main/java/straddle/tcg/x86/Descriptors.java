package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;

/// Segment descriptors: reading them from the tables and loading segment registers (SDM volume 3, chapters 3 and 6).
final class Descriptors {
    /// Of a code or data segment.
    static final long ACCESSED = 1L << 40;

    private Descriptors() {}

    /// The 8 bytes of a descriptor; an error names the selector.
    static long read(X86Cpu c, int selector, int vector) {
        return read(c, selector, vector, selector & 0xfffc);
    }

    static long read(X86Cpu c, int selector, int vector, int error) {
        long base;
        long limit;
        if ((selector & 4) != 0) {
            if (c.ldtr.has(Segment.UNUSABLE) || !c.ldtr.has(Segment.P)) {
                throw c.fault(vector, error);
            }
            base = c.ldtr.base;
            limit = c.ldtr.limit & 0xffff_ffffL;
        } else {
            base = c.gdtBase;
            limit = c.gdtLimit;
        }
        if ((selector | 7) > limit) {
            throw c.fault(vector, error);
        }
        return c.systemLoad(base + (selector & 0xfff8), 8);
    }

    /// The upper 8 bytes of a descriptor of 16, whose bits for a type must be clear.
    static long readUpper(X86Cpu c, int selector) {
        long upper = read(c, selector + 8 | selector & 7, GP, selector & 0xfffc);
        if ((upper & 0x1f00L << 32) != 0) {
            throw c.fault(GP, selector & 0xfffc);
        }
        return upper;
    }

    static long address(X86Cpu c, int selector) {
        return ((selector & 4) != 0 ? c.ldtr.base : c.gdtBase) + (selector & 0xfff8);
    }

    static int type(long descriptor) {
        return (int) (descriptor >>> 40) & 15;
    }

    static boolean isCodeOrData(long descriptor) {
        return (descriptor & 1L << 44) != 0;
    }

    static boolean isCode(long descriptor) {
        return isCodeOrData(descriptor) && (type(descriptor) & 8) != 0;
    }

    static boolean isConforming(long descriptor) {
        return (type(descriptor) & 4) != 0;
    }

    /// Whether it is 64-bit code: L set, and D clear.
    static boolean is64(long code) {
        return (code & 3L << 53) == 1L << 53;
    }

    static int dpl(long descriptor) {
        return (int) (descriptor >>> 45) & 3;
    }

    static boolean isPresent(long descriptor) {
        return (descriptor & 1L << 47) != 0;
    }

    /// Where control goes in a code segment: within its limit, or canonical; #GP(0) otherwise.
    static long target(X86Cpu c, long code, long offset) {
        boolean is64 = c.isLongMode() && (code & 1L << 53) != 0;
        boolean fits = is64 ? c.isCanonical(offset) : isWithin(Segment.limit(code), offset);
        if (!fits) {
            throw c.gp();
        }
        return offset;
    }

    /// The same for the present code segment of real or virtual-8086 mode.
    static long target(X86Cpu c, long offset) {
        if (!isWithin(c.segments[CS].limit, offset)) {
            throw c.gp();
        }
        return offset;
    }

    private static boolean isWithin(int limit, long offset) {
        return offset >>> 32 == 0 && offset <= (limit & 0xffff_ffffL);
    }

    /// Sets a code or data descriptor's accessed bit in memory.
    static long markAccessed(X86Cpu c, int selector, long descriptor) {
        if ((descriptor & ACCESSED) == 0) {
            long marked = descriptor | ACCESSED;
            c.systemStore(address(c, selector) + 5, 1, marked >>> 40);
            return marked;
        }
        return descriptor;
    }

    /// MOV, POP or Lxx to a data or stack segment register.
    static void load(X86Cpu c, int register, int selector) {
        Segment segment = c.segments[register];
        if (c.isRealLike()) {
            segment.selector = selector;
            segment.base = (long) selector << 4;
            if (c.isVm86()) {
                segment.limit = 0xffff;
                segment.attributes = Segment.P | Segment.S | 3 | 3 << Segment.DPL_SHIFT;
            }
            c.updateMode();
            return;
        }
        if ((selector & 0xfffc) == 0) {
            loadNull(c, register, selector);
            return;
        }
        long descriptor = read(c, selector, GP);
        int error = selector & 0xfffc;
        int rpl = selector & 3;
        int type = type(descriptor);
        boolean code = (type & 8) != 0;
        if (register == SS) {
            boolean writableData = isCodeOrData(descriptor) && !code && (type & 2) != 0;
            if (rpl != c.cpl || !writableData || dpl(descriptor) != c.cpl) {
                throw c.fault(GP, error);
            }
            if (!isPresent(descriptor)) {
                throw c.fault(STACK_FAULT, error);
            }
        } else {
            if (!isCodeOrData(descriptor) || code && (type & 2) == 0) {
                throw c.fault(GP, error);
            }
            boolean conforming = code && (type & 4) != 0;
            if (!conforming && (rpl > dpl(descriptor) || c.cpl > dpl(descriptor))) {
                throw c.fault(GP, error);
            }
            if (!isPresent(descriptor)) {
                throw c.fault(NP, error);
            }
        }
        segment.load(selector, markAccessed(c, selector, descriptor));
        c.updateMode();
    }

    private static void loadNull(X86Cpu c, int register, int selector) {
        if (register == SS && !(c.is64() && c.cpl < 3 && (selector & 3) == c.cpl)) {
            throw c.gp();
        }
        Segment segment = c.segments[register];
        int dpl = register == SS ? c.cpl << Segment.DPL_SHIFT : 0;
        segment.set(selector, 0, 0, Segment.UNUSABLE | dpl);
        if (c.program != null && !c.is64()) {
            // So that blocks need no check of segments: nobody uses this one.
            setFlat(segment, selector, false, 3, false);
        }
        c.updateMode();
    }

    /// Data segments that a less privileged level may not keep become null (SDM volume 2, RET and IRET).
    static void dropPrivilegedData(X86Cpu c) {
        for (int register : new int[] {ES, FS, GS, DS}) {
            Segment segment = c.segments[register];
            int type = segment.attributes & Segment.TYPE;
            boolean conforming = (type & 12) == 12;
            if (!conforming && !segment.has(Segment.UNUSABLE) && segment.dpl() < c.cpl) {
                segment.set(0, 0, 0, Segment.UNUSABLE);
            }
        }
    }

    /// A flat segment as SYSCALL and SYSENTER make them.
    static void setFlat(Segment segment, int selector, boolean code, int dpl, boolean is64) {
        int type = code ? 0xb : 3;
        int size = code && is64 ? Segment.L : Segment.DB;
        segment.set(
                selector & 0xffff,
                0,
                -1,
                Segment.P | Segment.S | Segment.G | size | dpl << Segment.DPL_SHIFT | type);
    }

    /// LLDT and LTR.
    static void loadSystem(X86Cpu c, Segment segment, int selector, boolean task) {
        if ((selector & 0xfffc) == 0) {
            if (task) {
                throw c.gp();
            }
            segment.set(selector, 0, 0, Segment.UNUSABLE);
            return;
        }
        int error = selector & 0xfffc;
        if ((selector & 4) != 0) {
            throw c.fault(GP, error);
        }
        long descriptor = read(c, selector, GP);
        int type = type(descriptor);
        boolean fits = task ? type == 9 || type == 1 && !c.isLongMode() : type == 2;
        if (isCodeOrData(descriptor) || !fits) {
            throw c.fault(GP, error);
        }
        if (!isPresent(descriptor)) {
            throw c.fault(NP, error);
        }
        long base = Segment.base(descriptor);
        if (c.is64()) {
            base |= readUpper(c, selector) << 32;
            if (!c.isCanonical(base)) {
                throw c.fault(GP, error);
            }
        }
        int attributes = Segment.attributes(descriptor);
        if (task) {
            attributes |= 2;
            c.systemStore(address(c, selector) + 5, 1, descriptor >>> 40 & 0xff | 2);
        }
        segment.set(selector, base, Segment.limit(descriptor), attributes);
    }
}
