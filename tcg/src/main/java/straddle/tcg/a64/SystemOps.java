package straddle.tcg.a64;

import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Move;

/// System calls, system registers that a program may use, and cache maintenance (Arm ARM DDI 0487, C5 and D17).
///
/// The identification registers are those that Linux lets programs read by emulating the instruction
/// (Documentation/arch/arm64/cpu-feature-registers.rst).
final class SystemOps {
    /// HINT's number.
    static final int YIELD = 1;

    /// What needs no micro-op.
    static final MicroOp NOTHING = new Nothing();

    /// Registers and instructions as bits 20:5: o0 (and the bit before it), op1, CRn, CRm, op2.
    private static final int NZCV = register(3, 3, 4, 2, 0);

    private static final int FPCR = register(3, 3, 4, 4, 0);
    private static final int FPSR = register(3, 3, 4, 4, 1);
    private static final int TPIDR_EL0 = register(3, 3, 13, 0, 2);
    private static final int TPIDRRO_EL0 = register(3, 3, 13, 0, 3);
    private static final int CNTFRQ_EL0 = register(3, 3, 14, 0, 0);
    private static final int CNTVCT_EL0 = register(3, 3, 14, 0, 2);
    private static final int CTR_EL0 = register(3, 3, 0, 0, 1);
    private static final int DCZID_EL0 = register(3, 3, 0, 0, 7);
    private static final int MIDR_EL1 = register(3, 0, 0, 0, 0);
    private static final int MPIDR_EL1 = register(3, 0, 0, 0, 5);
    private static final int REVIDR_EL1 = register(3, 0, 0, 0, 6);
    private static final int ID_AA64PFR0_EL1 = register(3, 0, 0, 4, 0);
    private static final int ID_AA64DFR0_EL1 = register(3, 0, 0, 5, 0);
    private static final int ID_AA64ISAR0_EL1 = register(3, 0, 0, 6, 0);
    private static final int ID_AA64MMFR0_EL1 = register(3, 0, 0, 7, 0);

    /// The first and last of the block that identification registers lie in; unused ones read as 0.
    private static final int ID_FIRST = register(3, 0, 0, 4, 0);

    private static final int ID_LAST = register(3, 0, 0, 7, 7);

    private static final int DC_ZVA = register(1, 3, 7, 4, 1);
    private static final int DC_CVAC = register(1, 3, 7, 10, 1);
    private static final int DC_CVAU = register(1, 3, 7, 11, 1);
    private static final int DC_CIVAC = register(1, 3, 7, 14, 1);
    private static final int IC_IVAU = register(1, 3, 7, 5, 1);

    /// DC ZVA clears 64 bytes: DCZID_EL0.BS is their logarithm in words.
    private static final int ZERO_BYTES = 64;

    /// Lines of 64 bytes; neither kind of maintenance is needed for code to be seen (IDC, DIC).
    private static final long CTR = 0x8444_c004L | 1L << 28 | 1L << 29;

    /// Cortex-A57 r1p3: a processor of ARMv8.0 with CRC32 and cryptography.
    private static final long MIDR = 0x411f_d073L;

    /// AES with PMULL, SHA1, SHA256, CRC32.
    private static final long ISAR0 = 2 << 4 | 1 << 8 | 1 << 12 | 1 << 16;

    /// 62.5 MHz, as boards often have it.
    private static final long COUNTER_HZ = 62_500_000;

    private static final int NANOS_A_TICK = 16;

    private SystemOps() {}

    private static int register(int op0, int op1, int crn, int crm, int op2) {
        return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
    }

    /// A micro-op, [#NOTHING], or null where a program may not use it.
    static MicroOp of(Control row, int word, long pc) {
        int number = word >>> 5 & 0xffff;
        int t = word & 31;
        return switch (row) {
            case MRS -> read(number, Slots.target(t));
            case MSR -> write(number, Slots.source(t));
            case SYS -> {
                if (number == DC_ZVA) {
                    yield new Zero(Slots.source(t));
                }
                boolean known =
                        number == DC_CVAC
                                || number == DC_CVAU
                                || number == DC_CIVAC
                                || number == IC_IVAU;
                yield known ? NOTHING : null;
            }
            default -> null;
        };
    }

    private static MicroOp read(int number, int t) {
        if (number == TPIDR_EL0) {
            return new Move.Reg64(t, Slots.TPIDR_EL0);
        }
        if (number == NZCV || number == FPCR || number == FPSR || number == CNTVCT_EL0) {
            return new Read(number, t);
        }
        long value;
        if (number == CTR_EL0) {
            value = CTR;
        } else if (number == DCZID_EL0) {
            value = 4;
        } else if (number == CNTFRQ_EL0) {
            value = COUNTER_HZ;
        } else if (number == MIDR_EL1) {
            value = MIDR;
        } else if (number == MPIDR_EL1) {
            value = 1L << 31;
        } else if (number == ID_AA64PFR0_EL1) {
            value = 0x11; // EL0 and EL1 in AArch64, FP and Advanced SIMD
        } else if (number == ID_AA64DFR0_EL1) {
            value = 6;
        } else if (number == ID_AA64ISAR0_EL1) {
            value = ISAR0;
        } else if (number == ID_AA64MMFR0_EL1) {
            value = 0xff00_0000L;
        } else if (number == TPIDRRO_EL0
                || number == REVIDR_EL1
                || number >= ID_FIRST && number <= ID_LAST) {
            value = 0;
        } else {
            return null;
        }
        return new Move.Constant(t, value);
    }

    private static MicroOp write(int number, int t) {
        if (number == TPIDR_EL0) {
            return new Move.Reg64(Slots.TPIDR_EL0, t);
        }
        return number == NZCV || number == FPCR || number == FPSR ? new Write(number, t) : null;
    }

    private static final class Nothing extends MicroOp {
        @Override
        public MicroOp exec(Cpu c) {
            return next;
        }
    }

    static final class Yield extends MicroOp {
        Yield() {}

        @Override
        public MicroOp exec(Cpu c) {
            Thread.onSpinWait();
            return next;
        }
    }

    private static final class Read extends MicroOp {
        private final int number;
        private final int t;

        Read(int number, int t) {
            this.number = number;
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            A64Cpu cpu = (A64Cpu) c;
            if (number == NZCV) {
                c.r[t] = (long) Conditions.nzcv(c) << 28;
            } else if (number == FPCR) {
                c.r[t] = cpu.fp.control();
            } else if (number == FPSR) {
                c.r[t] = cpu.fp.status();
            } else {
                c.r[t] = System.nanoTime() / NANOS_A_TICK;
            }
            return next;
        }
    }

    private static final class Write extends MicroOp {
        private final int number;
        private final int t;

        Write(int number, int t) {
            this.number = number;
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            A64Cpu cpu = (A64Cpu) c;
            int value = (int) c.r[t];
            if (number == NZCV) {
                Conditions.set(c, value >>> 28);
            } else if (number == FPCR) {
                cpu.fp.setControl(value);
            } else {
                cpu.fp.setStatus(value);
            }
            return next;
        }
    }

    /// DC ZVA.
    private static final class Zero extends MicroOp {
        private final int t;

        Zero(int t) {
            this.t = t;
        }

        @Override
        public MicroOp exec(Cpu c) {
            long at = c.r[t] & -ZERO_BYTES;
            for (int i = 0; i < ZERO_BYTES; i += 8) {
                c.store64(at + i, 0);
            }
            return next;
        }

        @Override
        public void emit(Emitter e) {
            e.get(t);
            e.constant(-ZERO_BYTES);
            e.op(Opcodes.LAND);
            e.keep(Emitter.ADDRESS);
            for (int i = 0; i < ZERO_BYTES; i += 8) {
                e.take(Emitter.ADDRESS);
                e.constant(i);
                e.op(Opcodes.LADD);
                e.constant(0);
                e.store(this, 8);
            }
        }

        @Override
        public int emittedBytes() {
            return 16 + ZERO_BYTES / 8 * (8 + Emitter.ACCESS_BYTES);
        }
    }
}
