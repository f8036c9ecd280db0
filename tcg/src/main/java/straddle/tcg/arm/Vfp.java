package straddle.tcg.arm;

import static straddle.tcg.arm.ArmCpu.D0;
import static straddle.tcg.arm.ArmCpu.OPERAND;
import static straddle.tcg.arm.ArmCpu.T0;
import static straddle.tcg.arm.ArmCpu.ZERO;

import straddle.tcg.op.Halves;
import straddle.tcg.op.Move;
import straddle.tcg.op.Word;
import straddle.tcg.simd.Constants;

/// Floating point: VFPv4 with 32 double registers (DDI 0406C, A7.5 to A7.9).
final class Vfp {
    private static final long MASK = 0xffff_ffffL;
    private static final long SIGN_S = 0x8000_0000L;
    private static final int PC_NUMBER = 15;
    private static final int FPSCR = 1;

    private final Translator to;

    Vfp(Translator to) {
        this.to = to;
    }

    // ---- operands

    private static int dbl(Insn insn, Field v, Field bit) {
        return D0 + (insn.get(bit) << 4 | insn.get(v));
    }

    private static int single(int number) {
        return D0 + (number >> 1) | ((number & 1) != 0 ? Halves.HIGH : 0);
    }

    private static int single(Insn insn, Field v, Field bit) {
        return single(insn.get(v) << 1 | insn.get(bit));
    }

    private static boolean isWide(Insn insn) {
        return insn.get(Field.SZ) != 0;
    }

    private static int d(Insn insn) {
        return isWide(insn) ? dbl(insn, Field.VD, Field.D) : single(insn, Field.VD, Field.D);
    }

    private static int n(Insn insn) {
        return isWide(insn) ? dbl(insn, Field.VN, Field.N) : single(insn, Field.VN, Field.N);
    }

    private static int m(Insn insn) {
        return isWide(insn) ? dbl(insn, Field.VM, Field.M) : single(insn, Field.VM, Field.M);
    }

    void emit(Insn insn) {
        switch (insn.op) {
            case VADD, VSUB, VMUL, VNMUL, VDIV -> compute(insn, n(insn), m(insn));
            case VSQRT -> compute(insn, m(insn));
            case VMLA, VMLS, VNMLA, VNMLS, VFMA, VFMS, VFNMA, VFNMS ->
                    compute(insn, d(insn), n(insn), m(insn));
            case VMOV -> sign(insn, -1, 0);
            case VABS -> sign(insn, isWide(insn) ? Long.MAX_VALUE : SIGN_S - 1, 0);
            case VNEG -> sign(insn, -1, isWide(insn) ? Long.MIN_VALUE : SIGN_S);
            case VCMP -> compare(insn, m(insn), false);
            case VCMPE -> compare(insn, m(insn), true);
            case VCMP_ZERO -> compare(insn, ZERO, false);
            case VCMPE_ZERO -> compare(insn, ZERO, true);
            case VCVT_DS, VCVT_FROM_INT, VCVT_TO_INT, VCVT_FIXED, VCVTB, VCVTT -> convert(insn);
            case VMOV_IMMEDIATE -> immediate(insn);
            case VMOV_CORE, VMOV_TWO, VMOV_D -> core(insn);
            case VMOV_LANE -> lane(insn);
            case VMRS -> readStatus(insn);
            case VMSR -> {
                if (insn.get(Field.CRN) == FPSCR) {
                    to.append(new VfpOps.WriteFpscr(insn.get(Field.RT)));
                } else {
                    to.undefined();
                }
            }
            case VLDR, VSTR -> access(insn);
            case VLDM, VSTM -> several(insn);
            default -> throw new IllegalStateException(insn.op + " is not floating point");
        }
    }

    private void compute(Insn insn, int... operands) {
        boolean wide = isWide(insn);
        VfpOps.Function function = VfpOps.Function.valueOf(insn.op.name());
        to.append(new VfpOps.Compute(function, wide, !wide, d(insn), operands));
    }

    private void sign(Insn insn, long keep, long flip) {
        to.append(new Halves.Copy(!isWide(insn), d(insn), m(insn), keep, flip));
    }

    private void compare(Insn insn, int with, boolean signals) {
        to.append(new VfpOps.Compare(isWide(insn), d(insn), with, signals));
    }

    private void convert(Insn insn) {
        boolean wide = isWide(insn);
        int singleD = single(insn, Field.VD, Field.D);
        int singleM = single(insn, Field.VM, Field.M);
        switch (insn.op) {
            case VCVT_DS -> {
                if (wide) {
                    function(VfpOps.Function.NARROWED, true, true, singleD, m(insn));
                } else {
                    int d = dbl(insn, Field.VD, Field.D);
                    function(VfpOps.Function.WIDENED, false, false, d, singleM);
                }
            }
            case VCVT_FROM_INT -> {
                boolean signed = insn.get(Field.S) != 0;
                function(
                        signed ? VfpOps.Function.FROM_SIGNED : VfpOps.Function.FROM_UNSIGNED,
                        wide,
                        !wide,
                        d(insn),
                        singleM);
            }
            case VCVT_TO_INT -> {
                boolean signed = insn.get(Field.S) != 0;
                boolean truncates = insn.get(Field.ROUND) != 0;
                if (signed && truncates) {
                    function(VfpOps.Function.TRUNCATED, wide, true, singleD, m(insn));
                } else {
                    int how = (wide ? 1 : 0) | (signed ? 0 : 2) | (truncates ? 4 : 0);
                    int kind = VfpOps.Convert.TO_WORD;
                    to.append(new VfpOps.Convert(kind, how, true, singleD, m(insn)));
                }
            }
            case VCVT_FIXED -> fixed(insn, wide);
            default -> {
                int how = insn.get(Field.OP) | (insn.op == Op.VCVTT ? 2 : 0);
                to.append(new VfpOps.Convert(VfpOps.Convert.HALF, how, true, singleD, singleM));
            }
        }
    }

    private void function(VfpOps.Function function, boolean wide, boolean single, int d, int x) {
        to.append(new VfpOps.Compute(function, wide, single, d, x));
    }

    private void fixed(Insn insn, boolean wide) {
        boolean word = insn.get(Field.X) != 0;
        int imm = insn.get(Field.IMM);
        int fraction = (word ? 32 : 16) - (imm >>> 12 << 1 | imm & 1);
        if (fraction < 0) {
            to.undefined();
            return;
        }
        int how =
                (wide ? 1 : 0)
                        | insn.get(Field.U) << 1
                        | insn.get(Field.OP) << 2
                        | (word ? 8 : 0)
                        | fraction << 4;
        to.append(new VfpOps.Convert(VfpOps.Convert.FIXED, how, !wide, d(insn), d(insn)));
    }

    /// VFPExpandImm (DDI 0406C, A7.5.1).
    private void immediate(Insn insn) {
        int imm8 = insn.get(Field.IMM) >>> 8 & 0xf0 | insn.get(Field.IMM) & 0xf;
        long value = Constants.number(isWide(insn), imm8);
        if (isWide(insn)) {
            to.append(new Move.Constant(d(insn), value));
        } else {
            to.append(new Move.Constant(T0, value));
            to.append(new Halves.Copy(true, d(insn), T0, -1, 0));
        }
    }

    // ---- between core and vector registers

    private void toCore(int register, int operand) {
        int low = (operand & Halves.HIGH) != 0 ? 32 : 0;
        to.append(new Word.Extract(register, operand & ~Halves.HIGH, low, 32, false));
    }

    private void fromCore(int operand, int register) {
        to.append(new Halves.Copy(true, operand, register, -1, 0));
    }

    private void core(Insn insn) {
        boolean reads = insn.get(Field.OP) != 0;
        int t = insn.get(Field.RT);
        int t2 = insn.get(Field.RT2);
        int first;
        int second;
        if (insn.op == Op.VMOV_CORE) {
            first = single(insn, Field.VN, Field.N);
            second = -1;
        } else if (insn.op == Op.VMOV_TWO) {
            int number = insn.get(Field.VM) << 1 | insn.get(Field.M);
            first = single(number);
            second = single(number + 1);
        } else {
            first = dbl(insn, Field.VM, Field.M);
            second = first | Halves.HIGH;
        }
        if (t == PC_NUMBER || second >= 0 && t2 == PC_NUMBER) {
            to.undefined();
            return;
        }
        if (reads) {
            toCore(t, first);
            if (second >= 0) {
                toCore(t2, second);
            }
        } else {
            fromCore(first, t);
            if (second >= 0) {
                fromCore(second, t2);
            }
        }
    }

    /// VMOV between a core register and a byte, halfword or word of a vector.
    private void lane(Insn insn) {
        boolean reads = insn.get(Field.OP) != 0;
        int opc1 = insn.get(Field.OPC1);
        int opc2 = insn.get(Field.OPC2);
        int slot = dbl(insn, Field.VN, Field.N);
        int t = insn.get(Field.RT);
        boolean signed = (opc1 & 4) == 0;
        int bits = (opc1 & 2) != 0 ? 8 : (opc2 & 1) != 0 ? 16 : 32;
        int index = (opc1 & 1) << 2 | opc2;
        int low = bits == 8 ? 8 * index : bits == 16 ? 16 * (index >>> 1) : 32 * (index >>> 2);
        boolean none = bits == 32 && (opc2 != 0 || reads && !signed) || !reads && !signed;
        if (none || t == PC_NUMBER) {
            to.undefined();
        } else if (reads) {
            to.append(new Word.Extract(t, slot, low, bits, signed && bits < 32));
        } else {
            to.append(new Word.Insert(slot, t, low, bits));
        }
    }

    private void readStatus(Insn insn) {
        if (insn.get(Field.CRN) != FPSCR) {
            to.undefined();
        } else if (insn.get(Field.RT) == PC_NUMBER) {
            to.append(new VfpOps.CopyFlags());
        } else {
            to.append(new VfpOps.ReadFpscr(insn.get(Field.RT)));
        }
    }

    // ---- loads and stores

    private void access(Insn insn) {
        int n = insn.get(Field.RN);
        long offset = 4L * insn.get(Field.IMM);
        long displacement = (insn.get(Field.U) != 0 ? offset : -offset) & MASK;
        int base = n;
        if (n == PC_NUMBER) {
            base = ZERO;
            displacement = (to.pcValue() & -4) + displacement & MASK;
        }
        move(insn.op == Op.VLDR, d(insn), isWide(insn), base, displacement);
    }

    private void move(boolean loads, int operand, boolean wide, int base, long displacement) {
        if (wide) {
            to.append(
                    loads
                            ? new Word.Load(operand, base, displacement, 8, Word.WORD_ALIGNED)
                            : new Word.Store(operand, base, displacement, 8, Word.WORD_ALIGNED));
        } else if (loads) {
            to.append(new Word.Load(OPERAND, base, displacement, 4, Word.WORD_ALIGNED));
            fromCore(operand, OPERAND);
        } else {
            toCore(OPERAND, operand);
            to.append(new Word.Store(OPERAND, base, displacement, 4, Word.WORD_ALIGNED));
        }
    }

    private void several(Insn insn) {
        boolean wide = isWide(insn);
        boolean up = insn.get(Field.U) != 0;
        boolean before = insn.get(Field.P) != 0;
        boolean writeback = insn.get(Field.W) != 0;
        int words = insn.get(Field.IMM);
        int count = wide ? words >> 1 : words;
        int first =
                wide
                        ? insn.get(Field.D) << 4 | insn.get(Field.VD)
                        : insn.get(Field.VD) << 1 | insn.get(Field.D);
        if (before == up || before && !writeback || count == 0 || first + count > 32) {
            to.undefined();
            return;
        }
        int n = to.reg(insn.get(Field.RN));
        long bytes = 4L * words;
        long at = before ? -bytes & MASK : 0;
        for (int i = 0; i < count; i++) {
            int operand = wide ? D0 + first + i : single(first + i);
            move(insn.op == Op.VLDM, operand, wide, n, at);
            at = at + (wide ? 8 : 4) & MASK;
        }
        if (writeback) {
            to.append(Word.constant(Word.ADD, n, n, up ? bytes : -bytes & MASK));
        }
    }
}
