package straddle.tcg.x86.fp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Runs one instruction in Java and on the host's processor, and compares every register.
///
/// `-Dstraddle.fp.cases=N` sets the cases an instruction gets, `-Dstraddle.fp.seed=N` repeats a
/// failure.
final class Differential {
    static final int CASES = Integer.getInteger("straddle.fp.cases", 500);
    static final long SEED = Long.getLong("straddle.fp.seed", System.nanoTime());

    private static final int BATCH = 500;
    private static final Guest[] GUESTS = new Guest[BATCH];

    static {
        Arrays.setAll(GUESTS, _ -> new Guest());
    }

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    /// What an instruction's vector elements are.
    enum Kind {
        BINARY32,
        BINARY64,
        INTEGER,

        /// Binary16 elements, and binary32 ones near that range.
        HALF,

        /// Few distinct bytes, zeros among them, and small lengths in RAX and RDX.
        TEXT
    }

    /// A guest's registers: XMM0 to XMM2 at the start of `v`.
    static final class Guest {
        final FpControl c = new FpControl();
        final long[] v = new long[36];
        final long[] mm = new long[2];
        long rax;
        long rcx;
        long rdx;
        int flags;

        /// Whether an unmasked exception was reported: never, here.
        boolean trapped;

        private void fill(Operands operands, Kind kind) {
            int lane = kind == Kind.BINARY32 ? 32 : 64;
            for (int i = 0; i < 8; i++) {
                long x = element(operands, kind, i, lane);
                if (lane == 32) {
                    x = x & 0xffff_ffffL | element(operands, kind, i, lane) << 32;
                }
                if (i < 6) {
                    v[i] = x;
                } else {
                    mm[i - 6] = x;
                }
            }
            rax = operands.integers();
            rcx = operands.integers();
            rdx = operands.integers();
            if (kind == Kind.TEXT) {
                rax = operands.length();
                rdx = operands.length();
            }
            c.mxcsr = operands.mxcsr();
        }

        private long element(Operands operands, Kind kind, int i, int lane) {
            if (i >= 2 && i < 6 && operands.below(6) == 0) {
                return operands.near(v[i - 2], lane);
            }
            return switch (kind) {
                case BINARY32 -> operands.binary32();
                case BINARY64 -> operands.binary64();
                case INTEGER -> operands.integers();
                case HALF -> operands.halves();
                case TEXT -> operands.text();
            };
        }

        private void store(MemorySegment block, long at) {
            for (int i = 0; i < 6; i++) {
                block.set(LONG, at + HostCpu.XMM + 8L * i, v[i]);
            }
            block.set(LONG, at + HostCpu.MM, mm[0]);
            block.set(LONG, at + HostCpu.MM + 8, mm[1]);
            block.set(LONG, at + HostCpu.RAX, rax);
            block.set(LONG, at + HostCpu.RCX, rcx);
            block.set(LONG, at + HostCpu.RDX, rdx);
            block.set(INT, at + HostCpu.MXCSR, c.mxcsr);
        }

        private void load(MemorySegment block, long at, int flagMask) {
            for (int i = 0; i < 6; i++) {
                v[i] = block.get(LONG, at + HostCpu.XMM + 8L * i);
            }
            mm[0] = block.get(LONG, at + HostCpu.MM);
            mm[1] = block.get(LONG, at + HostCpu.MM + 8);
            rax = block.get(LONG, at + HostCpu.RAX);
            rcx = block.get(LONG, at + HostCpu.RCX);
            rdx = block.get(LONG, at + HostCpu.RDX);
            c.mxcsr = block.get(INT, at + HostCpu.MXCSR);
            flags = (int) block.get(LONG, at + HostCpu.RFLAGS) & flagMask;
        }

        private void copyTo(Guest other) {
            System.arraycopy(v, 0, other.v, 0, v.length);
            System.arraycopy(mm, 0, other.mm, 0, mm.length);
            other.rax = rax;
            other.rcx = rcx;
            other.rdx = rdx;
            other.flags = flags;
            other.c.mxcsr = c.mxcsr;
        }

        private boolean agrees(Guest other) {
            return Arrays.equals(v, other.v)
                    && Arrays.equals(mm, other.mm)
                    && rax == other.rax
                    && rcx == other.rcx
                    && rdx == other.rdx
                    && flags == other.flags
                    && c.mxcsr == other.c.mxcsr
                    && !trapped;
        }

        @Override
        public String toString() {
            return "xmm0 %016x_%016x xmm1 %016x_%016x xmm2 %016x_%016x mm %016x %016x rax %x rcx %x rdx %x flags %x mxcsr %x%s"
                    .formatted(
                            v[1],
                            v[0],
                            v[3],
                            v[2],
                            v[5],
                            v[4],
                            mm[0],
                            mm[1],
                            rax,
                            rcx,
                            rdx,
                            flags,
                            c.mxcsr,
                            trapped ? " trapped" : "");
        }
    }

    /// An instruction's semantics on a guest's registers.
    interface Semantics {
        void run(Guest g);
    }

    /// An instruction on XMM0 and XMM1, its machine code in hexadecimal, and the RFLAGS bits it
    /// defines.
    record Row(String name, String code, Kind kind, int flags, Semantics semantics) {
        @Override
        public String toString() {
            return name;
        }
    }

    private Differential() {}

    /// The first case in which Java and the processor differ, or an empty text.
    static String firstDifference(Row row) {
        Operands operands = new Operands(SEED ^ row.name().hashCode());
        Guest[] guests = GUESTS;
        Guest ours = new Guest();
        Guest theirs = new Guest();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocks = arena.allocate((long) BATCH * HostCpu.BLOCK, 64);
            for (int done = 0; done < CASES; done += BATCH) {
                for (int i = 0; i < BATCH; i++) {
                    guests[i].fill(operands, row.kind());
                    guests[i].store(blocks, (long) i * HostCpu.BLOCK);
                }
                HostCpu.run(row.code().replace(" ", ""), blocks);
                for (int i = 0; i < BATCH; i++) {
                    guests[i].copyTo(ours);
                    row.semantics().run(ours);
                    guests[i].copyTo(theirs);
                    theirs.load(blocks, (long) i * HostCpu.BLOCK, row.flags());
                    if (!ours.agrees(theirs)) {
                        return "%s, seed %d\n before %s\n ours   %s\n theirs %s"
                                .formatted(row.name(), SEED, guests[i], ours, theirs);
                    }
                }
            }
        }
        return "";
    }
}
