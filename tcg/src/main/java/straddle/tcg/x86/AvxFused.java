package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.Fma;
import straddle.tcg.x86.fp.FpControl;

/// FMA: d = a product of two of d, a and b, plus or minus the third, by opcode as in [Fma].
final class AvxFused extends MicroOp {
    private static final int SPARE = AvxIntegers.SPARE;

    private final int opcode;
    private final int d;
    private final int a;
    private final int b;
    private final boolean binary64;
    private final boolean scalar;
    private final boolean wide;

    AvxFused(int opcode, int d, int a, int b, boolean binary64, boolean wide) {
        this.opcode = opcode;
        this.d = d;
        this.a = a;
        this.b = b;
        this.binary64 = binary64;
        int kind = opcode & 15;
        this.scalar = kind > 8 && (kind & 1) != 0;
        this.wide = wide && !scalar;
    }

    private boolean apply(FpControl c, long[] v) {
        if (scalar) {
            return binary64 ? Fma.sd(c, v, SPARE, a, b, opcode) : Fma.ss(c, v, SPARE, a, b, opcode);
        }
        return binary64 ? Fma.pd(c, v, SPARE, a, b, opcode) : Fma.ps(c, v, SPARE, a, b, opcode);
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        VectorRuntime.copy256(c, SPARE, d);
        VectorRuntime.gather(c);
        boolean _ = apply(cpu.fp, cpu.v);
        if (wide) {
            boolean _ = apply(cpu.fp, cpu.w);
        }
        VectorRuntime.settle(c);
        VectorRuntime.copy(c, d, SPARE);
        if (wide) {
            VectorRuntime.copyUpper(c, d, SPARE);
        } else {
            VectorRuntime.clearUpper(c, d);
        }
        return next;
    }

    @Override
    public void emit(Emitter e) {
        String name = (scalar ? "s" : "p") + (binary64 ? "d" : "s");
        VectorCode.call(e, this, wide ? "copy256" : "copy", "V", SPARE, d);
        VectorCode.call(e, this, "gather", "V");
        VectorCode.gathered(e, false, "Fma", name, SPARE, a, b, opcode);
        if (wide) {
            VectorCode.gathered(e, true, "Fma", name, SPARE, a, b, opcode);
        }
        VectorCode.call(e, this, "settle", "V");
        AvxFloats.commit(e, this, d, wide, false);
    }

    @Override
    public int emittedBytes() {
        return 4 * VectorCode.BYTES;
    }

    @Override
    public String toString() {
        return "FMA %x %s[%d], [%d], [%d]".formatted(opcode, wide ? "ymm" : "xmm", d, a, b);
    }
}
