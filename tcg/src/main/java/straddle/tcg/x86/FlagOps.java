package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;

/// Flag control (SDM volume 1, 7.3.14).
final class FlagOps extends MicroOp {
    private static final int AH_FLAGS = Flags.CF | Flags.PF | Flags.AF | Flags.ZF | Flags.SF;

    private final Op op;

    FlagOps(Op op) {
        this.op = op;
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        int flags = Arith.eager(c);
        switch (op) {
            case CLC -> set(c, flags & ~Flags.CF);
            case STC -> set(c, flags | Flags.CF);
            case CMC -> set(c, flags ^ Flags.CF);
            case CLD -> cpu.clearSystemFlags(RFLAGS_DF);
            case STD -> cpu.addSystemFlags(RFLAGS_DF);
            case LAHF -> c.r[RAX] = c.r[RAX] & ~0xff00L | (flags & AH_FLAGS | RFLAGS_FIXED) << 8;
            default -> set(c, flags & Flags.OF | (int) (c.r[RAX] >>> 8) & AH_FLAGS);
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        if (op != Op.CLD && op != Op.STD || !e.hasSystemState()) {
            super.emit(e);
            return;
        }
        e.get(X86Cpu.SYSTEM_FLAGS);
        if (op == Op.CLD) {
            e.constant(~(long) RFLAGS_DF);
            e.op(Opcodes.LAND);
        } else {
            e.constant(RFLAGS_DF);
            e.op(Opcodes.LOR);
        }
        e.set(X86Cpu.SYSTEM_FLAGS);
    }

    private static void set(Cpu c, int flags) {
        c.setFlags(Flags.EAGER, flags, 0, 0);
    }
}
