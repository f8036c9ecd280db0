package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.MicroOp;

final class X87Ops extends MicroOp {
    private final int opcode;

    X87Ops(Insn insn, Ea ea, long pc) {
        this.opcode = insn.opcode;
    }

    @Override
    public MicroOp exec(Cpu c) {
        c.pc = pc;
        ((X86Cpu) c).exit =
                Events.unhandled(
                        (X86Cpu) c,
                        "x87 opcode " + Integer.toHexString(opcode) + " is not implemented yet.");
        return null;
    }
}
