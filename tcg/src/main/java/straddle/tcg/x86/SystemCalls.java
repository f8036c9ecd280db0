package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import org.objectweb.asm.Opcodes;
import straddle.core.arch.x86.Segment;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;

/// SYSCALL and SYSRET between 64-bit code of levels 3 and 0 (SDM volume 2): the pair that a system call costs.
///
/// Machine code changes the level by itself, as [X86Cpu#otherMode()] says, and has the segment registers follow when
/// it comes back to Java. What is unusual about flags or target is left to Java.
final class SystemCalls {
    /// Has [X86Cpu#levelChanged] do what SYSCALL does to the segments, ...
    static final int CALLED = 1;

    /// ... or what SYSRET does.
    static final int RETURNED = 2;

    /// System flags that need a closer look before the level changes.
    private static final int UNUSUAL =
            RFLAGS_TF
                    | RFLAGS_IOPL
                    | RFLAGS_NT
                    | RFLAGS_RF
                    | RFLAGS_VM
                    | RFLAGS_AC
                    | RFLAGS_VIF
                    | RFLAGS_VIP;

    /// What SYSRET takes from R11.
    static final int RETURNED_FLAGS = 0x3c_7fd7;

    private SystemCalls() {}

    /// CS and SS after SYSCALL.
    static void enterSegments(X86Cpu c, boolean is64) {
        int cs = (int) (c.msrs.get(MSR_STAR, 0L) >>> 32) & 0xfffc;
        Descriptors.setFlat(c.segments[CS], cs, true, 0, is64);
        Descriptors.setFlat(c.segments[SS], cs + 8, false, 0, false);
    }

    /// CS and SS after SYSRET.
    static void returnSegments(X86Cpu c, boolean to64) {
        int base = (int) (c.msrs.get(MSR_STAR, 0L) >>> 48) & 0xffff;
        Segment cs = c.segments[CS];
        Descriptors.setFlat(cs, (to64 ? base + 16 : base) | 3, true, 3, to64);
        Descriptors.setFlat(c.segments[SS], base + 8 | 3, false, 3, false);
    }

    /// SYSCALL in 64-bit code.
    static final class Call extends MicroOp {
        private final long nextPc;
        private final boolean isUser;

        /// @param isUser whether it is at level 3
        Call(long nextPc, boolean isUser) {
            this.nextPc = nextPc;
            this.isUser = isUser;
        }

        @Override
        public MicroOp exec(Cpu cpu) {
            X86Cpu c = (X86Cpu) cpu;
            if ((c.efer & EFER_SCE) == 0) {
                throw c.fault(UD);
            }
            long flags = c.rflags() & ~(long) RFLAGS_RF;
            c.r[RCX] = nextPc;
            c.r[11] = flags;
            c.pc = c.msrs.get(MSR_LSTAR, 0L);
            c.setRflags(flags & ~c.msrs.get(MSR_SFMASK, 0L));
            c.cpl = 0;
            enterSegments(c, true);
            c.updateMode();
            return c.lookup();
        }

        @Override
        public void emit(Emitter e) {
            if (!isUser || !e.canChangeLevel(this)) {
                e.leave(this);
                return;
            }
            e.get(X86Cpu.SYSTEM_FLAGS);
            e.leaveIfAny(UNUSUAL, this);
            e.get(X86Cpu.SYSCALL_TARGET);
            e.keep(Emitter.R);
            e.jumpToOtherLevel(CALLED, this, () -> emitEntry(e));
        }

        private void emitEntry(Emitter e) {
            e.flagBits();
            e.get(X86Cpu.SYSTEM_FLAGS);
            e.op(Opcodes.LOR);
            e.constant(RFLAGS_FIXED);
            e.op(Opcodes.LOR);
            e.keep(Emitter.A);
            e.get(X86Cpu.SYSCALL_MASK);
            e.constant(-1);
            e.op(Opcodes.LXOR);
            e.take(Emitter.A);
            e.op(Opcodes.LAND);
            e.keep(Emitter.B);
            emitFlags(e);
            e.take(Emitter.A);
            e.set(11);
            e.constant(nextPc);
            e.set(RCX);
        }
    }

    /// Flags and system flags become what is in B.
    private static void emitFlags(Emitter e) {
        e.take(Emitter.B);
        e.constant(Flags.ALL);
        e.op(Opcodes.LAND);
        e.eagerFlags();
        e.take(Emitter.B);
        e.constant(~(long) (Flags.ALL | RFLAGS_FIXED) & X86Cpu.SYSTEM_FLAG_BITS);
        e.op(Opcodes.LAND);
        e.set(X86Cpu.SYSTEM_FLAGS);
    }

    /// SYSRET to 64-bit code.
    static final class Return extends MicroOp {
        private final boolean isKernel;

        /// @param isKernel whether it is at level 0
        Return(boolean isKernel) {
            this.isKernel = isKernel;
        }

        @Override
        public MicroOp exec(Cpu cpu) {
            X86Cpu c = (X86Cpu) cpu;
            if ((c.efer & EFER_SCE) == 0) {
                throw c.fault(UD);
            }
            long target = c.r[RCX];
            if (c.cpl != 0 || !c.isCanonical(target)) {
                throw c.gp();
            }
            c.setRflags(c.r[11] & RETURNED_FLAGS | RFLAGS_FIXED);
            c.pc = target;
            c.cpl = 3;
            returnSegments(c, true);
            c.updateMode();
            c.interruptsEnabled();
            return c.lookup();
        }

        @Override
        public void emit(Emitter e) {
            if (!isKernel || !e.canChangeLevel(this)) {
                e.leave(this);
                return;
            }
            e.get(11);
            e.leaveIfAny(UNUSUAL & RETURNED_FLAGS, this);
            e.get(X86Cpu.SYSTEM_FLAGS);
            e.leaveIfAny(RFLAGS_AC, this); // the TLB that is exchanged is the one without
            e.get(RCX);
            e.keep(Emitter.R);
            e.jumpToOtherLevel(RETURNED, this, () -> emitReturn(e));
        }

        private static void emitReturn(Emitter e) {
            e.get(11);
            e.constant(RETURNED_FLAGS);
            e.op(Opcodes.LAND);
            e.keep(Emitter.B);
            emitFlags(e);
        }
    }
}
