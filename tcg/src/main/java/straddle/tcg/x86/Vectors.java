package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;

final class Vectors extends MicroOp {
    private final Op op;

    Vectors(Insn insn, Ea ea, boolean is64) {
        this.op = insn.op;
    }

    @Override
    public MicroOp exec(Cpu c) {
        c.pc = pc;
        ((X86Cpu) c).exit = Events.unhandled((X86Cpu) c, op + " is not implemented yet.");
        return null;
    }
}
