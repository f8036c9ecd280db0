package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.tcg.x86.fp.X87Differential.Row;

/// The x87 unit against the host's processor.
@EnabledIf(
        value = "straddle.tcg.x86.fp.HostCpu#available",
        disabledReason = "the oracle is an x86 processor under Linux")
class X87Test {
    private static final String[] ARITHMETIC = {
        "fadd", "fmul", "fcom", "fcomp", "fsub", "fsubr", "fdiv", "fdivr"
    };
    private static final int[] REGISTERS = {0, 1, 3, 7};

    private static final List<Row> ROWS = new ArrayList<>();

    private static void row(String name, String code, X87Differential.Semantics semantics) {
        ROWS.add(new Row(name, code, semantics));
    }

    /// A row with the memory operand.
    private static void memory(
            String name, int opcode, int reg, X87Differential.Semantics semantics) {
        row(name, "%02X%02X80000000".formatted(opcode, 0x87 | reg << 3), semantics);
    }

    static List<Row> arithmetic() {
        ROWS.clear();
        for (int op = 0; op < 8; op++) {
            int reg = op;
            String name = ARITHMETIC[op];
            memory(name + " m32", 0xd8, op, g -> g.x.arithmetic32(reg, (int) g.low));
            memory(name + " m64", 0xdc, op, g -> g.x.arithmetic64(reg, g.low));
            memory(name + " m32int", 0xda, op, g -> g.x.arithmeticInteger(reg, (int) g.low));
            memory(name + " m16int", 0xde, op, g -> g.x.arithmeticInteger(reg, (short) g.low));
            for (int i : REGISTERS) {
                registers(name, reg, i);
            }
        }
        return List.copyOf(ROWS);
    }

    private static void registers(String name, int op, int i) {
        row(
                name + " st, st" + i,
                "D8%02X".formatted(0xc0 | op << 3 | i),
                g -> g.x.arithmetic(op, i));
        if (op != X87.FCOM && op != X87.FCOMP) {
            row(
                    name + " st" + i + ", st",
                    "DC%02X".formatted(0xc0 | op << 3 | i),
                    g -> g.x.arithmeticTo(op, i));
            row(
                    name + "p st" + i + ", st",
                    "DE%02X".formatted(0xc0 | op << 3 | i),
                    g -> g.x.arithmeticPop(op, i));
        }
    }

    static List<Row> compares() {
        ROWS.clear();
        for (int i : REGISTERS) {
            row("fucom st" + i, "DD%02X".formatted(0xe0 | i), g -> g.x.fucom(i));
            row("fucomp st" + i, "DD%02X".formatted(0xe8 | i), g -> g.x.fucomp(i));
            row("fucomi st" + i, "DB%02X".formatted(0xe8 | i), g -> g.compared(g.x.fucomi(i)));
            row("fcomi st" + i, "DB%02X".formatted(0xf0 | i), g -> g.compared(g.x.fcomi(i)));
            row("fucomip st" + i, "DF%02X".formatted(0xe8 | i), g -> g.compared(g.x.fucomip(i)));
            row("fcomip st" + i, "DF%02X".formatted(0xf0 | i), g -> g.compared(g.x.fcomip(i)));
        }
        row("fcompp", "DED9", g -> g.x.fcompp());
        row("fucompp", "DAE9", g -> g.x.fucompp());
        row("ftst", "D9E4", g -> g.x.ftst());
        row("fxam", "D9E5", g -> g.x.fxam());
        return List.copyOf(ROWS);
    }

    static List<Row> moves() {
        ROWS.clear();
        memory("fld m32", 0xd9, 0, g -> g.x.fld32((int) g.low));
        memory("fld m64", 0xdd, 0, g -> g.x.fld64(g.low));
        memory("fld m80", 0xdb, 5, g -> g.x.fld80(g.low, (int) g.high));
        memory("fild m16", 0xdf, 0, g -> g.x.fild((short) g.low));
        memory("fild m32", 0xdb, 0, g -> g.x.fild(g.low << 32 >> 32));
        memory("fild m64", 0xdf, 5, g -> g.x.fild(g.low));
        memory("fst m32", 0xd9, 2, g -> g.finish(g.x.prepareStore32(), 4, false));
        memory("fstp m32", 0xd9, 3, g -> g.finish(g.x.prepareStore32(), 4, true));
        memory("fst m64", 0xdd, 2, g -> g.finish(g.x.prepareStore64(), 8, false));
        memory("fstp m64", 0xdd, 3, g -> g.finish(g.x.prepareStore64(), 8, true));
        memory("fstp m80", 0xdb, 7, g -> g.finish(g.x.prepareStore80(), 10, true));
        memory("fist m16", 0xdf, 2, g -> g.finish(g.x.prepareStoreInteger(16), 2, false));
        memory("fistp m16", 0xdf, 3, g -> g.finish(g.x.prepareStoreInteger(16), 2, true));
        memory("fist m32", 0xdb, 2, g -> g.finish(g.x.prepareStoreInteger(32), 4, false));
        memory("fistp m32", 0xdb, 3, g -> g.finish(g.x.prepareStoreInteger(32), 4, true));
        memory("fistp m64", 0xdf, 7, g -> g.finish(g.x.prepareStoreInteger(64), 8, true));
        memory("fisttp m16", 0xdf, 1, g -> g.finish(g.x.prepareStoreTruncated(16), 2, true));
        memory("fisttp m32", 0xdb, 1, g -> g.finish(g.x.prepareStoreTruncated(32), 4, true));
        memory("fisttp m64", 0xdd, 1, g -> g.finish(g.x.prepareStoreTruncated(64), 8, true));
        memory("fbstp", 0xdf, 6, g -> g.finish(g.x.prepareStoreDecimal(), 10, true));
        for (int i : REGISTERS) {
            row("fld st" + i, "D9%02X".formatted(0xc0 | i), g -> g.x.fld(i));
            row("fxch st" + i, "D9%02X".formatted(0xc8 | i), g -> g.x.fxch(i));
            row("fst st" + i, "DD%02X".formatted(0xd0 | i), g -> g.x.fst(i));
            row("fstp st" + i, "DD%02X".formatted(0xd8 | i), g -> g.x.fstp(i));
            row("ffree st" + i, "DD%02X".formatted(0xc0 | i), g -> g.x.ffree(i));
            row("ffreep st" + i, "DF%02X".formatted(0xc0 | i), g -> g.x.ffreep(i));
            row(
                    "fcmovb st" + i,
                    "DA%02X".formatted(0xc0 | i),
                    g -> g.x.fcmov(i, (g.flags & 1) != 0));
            row(
                    "fcmovne st" + i,
                    "DB%02X".formatted(0xc8 | i),
                    g -> g.x.fcmov(i, (g.flags & 0x40) == 0));
        }
        row("fld1", "D9E8", g -> g.x.fld1());
        row("fldl2t", "D9E9", g -> g.x.fldl2t());
        row("fldl2e", "D9EA", g -> g.x.fldl2e());
        row("fldpi", "D9EB", g -> g.x.fldpi());
        row("fldlg2", "D9EC", g -> g.x.fldlg2());
        row("fldln2", "D9ED", g -> g.x.fldln2());
        row("fldz", "D9EE", g -> g.x.fldz());
        return List.copyOf(ROWS);
    }

    static List<Row> unary() {
        ROWS.clear();
        row("fchs", "D9E0", g -> g.x.fchs());
        row("fabs", "D9E1", g -> g.x.fabs());
        row("fsqrt", "D9FA", g -> g.x.fsqrt());
        row("frndint", "D9FC", g -> g.x.frndint());
        row("fxtract", "D9F4", g -> g.x.fxtract());
        row("fscale", "D9FD", g -> g.x.fscale());
        row("fprem", "D9F8", g -> g.x.fprem());
        row("fprem1", "D9F5", g -> g.x.fprem1());
        row("fincstp", "D9F7", g -> g.x.fincstp());
        row("fdecstp", "D9F6", g -> g.x.fdecstp());
        row("fninit", "DBE3", g -> g.x.fninit());
        row("fnclex", "DBE2", g -> g.x.fnclex());
        return List.copyOf(ROWS);
    }

    /// Every register form through the opcode table, and through it again what has a memory
    /// operand.
    static List<Row> opcodes() {
        ROWS.clear();
        X87 probe = new X87();
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int modrm = 0xc0; modrm <= 0xff; modrm++) {
                if (X87Opcodes.registers(probe, opcode, modrm, 0) != X87Opcodes.UNDEFINED
                        && !isTranscendental(opcode, modrm)) {
                    byRegisters(opcode, modrm);
                }
            }
            for (int reg = 0; reg < 8; reg++) {
                byMemory(opcode, reg);
            }
        }
        return List.copyOf(ROWS);
    }

    /// The processor's own error is up to one unit in the last place, so C1 is no guide.
    private static void transcendental(
            String name, String code, X87Differential.Semantics semantics) {
        ROWS.add(new Row(name, code, ~X87.C1 & 0xffff, 1, semantics));
    }

    static List<Row> transcendental() {
        ROWS.clear();
        transcendental("f2xm1", "D9F0", g -> g.x.f2xm1());
        transcendental("fyl2x", "D9F1", g -> g.x.fyl2x());
        transcendental("fptan", "D9F2", g -> g.x.fptan());
        transcendental("fpatan", "D9F3", g -> g.x.fpatan());
        transcendental("fyl2xp1", "D9F9", g -> g.x.fyl2xp1());
        transcendental("fsincos", "D9FB", g -> g.x.fsincos());
        transcendental("fsin", "D9FE", g -> g.x.fsin());
        transcendental("fcos", "D9FF", g -> g.x.fcos());
        return List.copyOf(ROWS);
    }

    private static boolean isTranscendental(int opcode, int modrm) {
        return opcode == 0xd9
                && switch (modrm) {
                    case 0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff -> true;
                    default -> false;
                };
    }

    private static void byRegisters(int opcode, int modrm) {
        String code = "%02X%02X".formatted(opcode, modrm);
        row(code, code, g -> g.flags = X87Opcodes.registers(g.x, opcode, modrm, g.flags));
    }

    private static void byMemory(int opcode, int reg) {
        int bytes = X87Opcodes.memoryBytes(opcode, reg);
        String name = "%02X /%d".formatted(opcode, reg);
        boolean loadsControl = opcode == 0xd9 && reg == 5;
        if (bytes < 0) {
            memory(
                    name,
                    opcode,
                    reg,
                    g -> {
                        boolean writes = X87Opcodes.prepareStore(g.x, opcode, reg);
                        g.write(writes, -bytes);
                        if (writes) {
                            X87Opcodes.finishStore(g.x, opcode, reg);
                        }
                    });
        } else if (bytes > 0
                && bytes != X87Opcodes.IMAGE
                && !loadsControl
                && !name.equals("DF /4")) {
            long mask = bytes >= 8 ? -1 : (1L << 8 * bytes) - 1;
            memory(
                    name,
                    opcode,
                    reg,
                    g -> X87Opcodes.load(g.x, opcode, reg, g.low & mask, (int) g.high & 0xffff));
        }
    }

    @ParameterizedTest
    @MethodSource({"arithmetic", "compares", "moves", "unary", "transcendental", "opcodes"})
    void agreesWithTheProcessor(Row row) {
        assertEquals("", X87Differential.firstDifference(row));
    }
}
