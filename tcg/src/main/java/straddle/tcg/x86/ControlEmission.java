package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import org.objectweb.asm.Opcodes;
import straddle.tcg.op.Emitter;

/// Machine code of those [Control] instructions that a 64-bit kernel uses much: all that they change is in slots.
final class ControlEmission {
    private final Control insn;
    private final Emitter e;

    private ControlEmission(Control insn, Emitter e) {
        this.insn = insn;
        this.e = e;
    }

    /// Returns false, having written nothing, where there is no code for it.
    static boolean emit(Control insn, Emitter e) {
        return e.hasSystemState() && new ControlEmission(insn, e).emit();
    }

    private boolean emit() {
        return switch (insn.op) {
            case RDTSC, RDTSCP -> insn.mayCount && e.hasCounter() && readCounter();
            case PUSHF -> insn.is64 && insn.width == 8 && pushFlags();
            default -> insn.isKernel && emitOfKernel();
        };
    }

    private boolean emitOfKernel() {
        switch (insn.op) {
            case CLI -> clear(RFLAGS_IF);
            case STI -> {
                if (!insn.coversNext) {
                    return false;
                }
                e.leaveIfInterrupted(insn);
                add(RFLAGS_IF);
            }
            case CLAC -> {
                clear(RFLAGS_AC);
                e.get(X86Cpu.TLB_WITHOUT_AC);
                e.useTlb();
            }
            case STAC -> {
                add(RFLAGS_AC);
                e.get(X86Cpu.TLB_WITH_AC);
                e.useTlb();
            }
            case SWAPGS -> {
                e.get(X86Cpu.SEGMENT_BASE + GS);
                e.get(X86Cpu.KERNEL_GS_BASE);
                e.set(X86Cpu.SEGMENT_BASE + GS);
                e.set(X86Cpu.KERNEL_GS_BASE);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void clear(int flag) {
        e.get(X86Cpu.SYSTEM_FLAGS);
        e.constant(~(long) flag);
        e.op(Opcodes.LAND);
        e.set(X86Cpu.SYSTEM_FLAGS);
    }

    private void add(int flag) {
        e.get(X86Cpu.SYSTEM_FLAGS);
        e.constant(flag);
        e.op(Opcodes.LOR);
        e.set(X86Cpu.SYSTEM_FLAGS);
    }

    private boolean pushFlags() {
        e.flagBits();
        e.get(X86Cpu.SYSTEM_FLAGS);
        e.constant(~(long) (RFLAGS_VM | RFLAGS_RF));
        e.op(Opcodes.LAND);
        e.op(Opcodes.LOR);
        e.constant(RFLAGS_FIXED);
        e.op(Opcodes.LOR);
        e.keep(Emitter.A);
        e.get(RSP);
        e.constant(8);
        e.op(Opcodes.LSUB);
        e.keep(Emitter.ADDRESS);
        e.take(Emitter.ADDRESS);
        e.take(Emitter.A);
        e.store(insn, 8);
        e.take(Emitter.ADDRESS);
        e.set(RSP);
        return true;
    }

    private boolean readCounter() {
        e.counter();
        e.keep(Emitter.A);
        e.take(Emitter.A);
        e.zeroExtend(4);
        e.set(RAX);
        e.take(Emitter.A);
        e.shift(Opcodes.LUSHR, 32);
        e.set(RDX);
        if (insn.op == Op.RDTSCP) {
            e.get(X86Cpu.TSC_AUX);
            e.set(RCX);
        }
        return true;
    }
}
