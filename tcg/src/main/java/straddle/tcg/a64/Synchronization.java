package straddle.tcg.a64;

import java.lang.invoke.VarHandle;
import straddle.tcg.Cpu;
import straddle.tcg.op.Atomic;
import straddle.tcg.op.MicroOp;

/// Exclusive and ordered accesses, and barriers.
///
/// The exclusive monitor is the address and what was loaded from it: a store succeeds if that is still there (Arm ARM
/// DDI 0487, B2.10 lets an implementation lose the monitor, never keep it after a change that can be seen).
final class Synchronization {
    private Synchronization() {}

    /// LDXR, LDAXR, LDXP and LDAXP.
    static final class LoadExclusive extends MicroOp {
        private final boolean acquire;
        private final boolean pair;
        private final int width;
        private final int t;
        private final int t2;
        private final int n;

        /// @param width of one register
        LoadExclusive(boolean acquire, boolean pair, int width, int t, int t2, int n) {
            this.acquire = acquire;
            this.pair = pair;
            this.width = width;
            this.t = t;
            this.t2 = t2;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            A64Cpu cpu = (A64Cpu) c;
            long at = c.r[n];
            int bytes = pair ? 2 * width : width;
            if ((at & bytes - 1) != 0) {
                throw cpu.misaligned(at, false);
            }
            long low;
            long high = 0;
            if (pair && width == 8) {
                low = c.load64(at);
                high = c.load64(at + 8);
                while (c.isShared() && !Atomic.compareAndSetWide(c, at, low, high, low, high)) {
                    low = c.load64(at);
                    high = c.load64(at + 8);
                }
            } else {
                low = c.load(at, bytes);
            }
            if (acquire) {
                VarHandle.acquireFence();
            }
            cpu.exclusiveAddress = at;
            cpu.exclusiveLow = low;
            cpu.exclusiveHigh = high;
            if (pair) {
                c.r[t] = width == 8 ? low : low & 0xffff_ffffL;
                c.r[t2] = width == 8 ? high : low >>> 32;
            } else {
                c.r[t] = low;
            }
            return next;
        }
    }

    /// STXR, STLXR, STXP and STLXP.
    static final class StoreExclusive extends MicroOp {
        private final boolean pair;
        private final int width;
        private final int s;
        private final int t;
        private final int t2;
        private final int n;

        /// @param s gets 0 if the store was done, else 1
        StoreExclusive(boolean pair, int width, int s, int t, int t2, int n) {
            this.pair = pair;
            this.width = width;
            this.s = s;
            this.t = t;
            this.t2 = t2;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            A64Cpu cpu = (A64Cpu) c;
            long[] r = c.r;
            long at = r[n];
            int bytes = pair ? 2 * width : width;
            if ((at & bytes - 1) != 0) {
                throw cpu.misaligned(at, true);
            }
            boolean done = false;
            if (at == cpu.exclusiveAddress) {
                long low = cpu.exclusiveLow;
                if (bytes == 16) {
                    done = Atomic.compareAndSetWide(c, at, low, cpu.exclusiveHigh, r[t], r[t2]);
                } else {
                    long value = pair ? r[t] & 0xffff_ffffL | r[t2] << 32 : r[t];
                    done = Atomic.compareAndSet(c, at, bytes, low, value);
                }
            }
            cpu.exclusiveAddress = A64Cpu.NOTHING_EXCLUSIVE;
            r[s] = done ? 0 : 1;
            return next;
        }
    }

    /// CLREX.
    static final class Clear extends MicroOp {
        Clear() {}

        @Override
        public MicroOp exec(Cpu c) {
            ((A64Cpu) c).exclusiveAddress = A64Cpu.NOTHING_EXCLUSIVE;
            return next;
        }
    }

    /// LDAR.
    static final class LoadAcquire extends MicroOp {
        private final int kind;
        private final int t;
        private final int n;

        LoadAcquire(int kind, int t, int n) {
            this.kind = kind;
            this.t = t;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long at = c.r[n];
            if ((at & Access.width(kind) - 1) != 0) {
                throw ((A64Cpu) c).misaligned(at, false);
            }
            long value = Access.load(c, kind, at);
            VarHandle.acquireFence();
            c.r[t] = value;
            return next;
        }
    }

    /// STLR, which no later LDAR passes.
    static final class StoreRelease extends MicroOp {
        private final int width;
        private final int t;
        private final int n;

        StoreRelease(int width, int t, int n) {
            this.width = width;
            this.t = t;
            this.n = n;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long at = c.r[n];
            if ((at & width - 1) != 0) {
                throw ((A64Cpu) c).misaligned(at, true);
            }
            VarHandle.releaseFence();
            c.store(at, width, c.r[t]);
            VarHandle.fullFence();
            return next;
        }
    }
}
