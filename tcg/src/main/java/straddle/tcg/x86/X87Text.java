package straddle.tcg.x86;

import java.util.function.IntFunction;

/// The text of opcodes D8 to DF (SDM volume 2, tables ).
///
/// @param rm ModR/M.rm, for register forms
record X87Text(int opcode, int reg, int rm) {
    private static final String[] ARITHMETIC = {
        "fadd", "fmul", "fcom", "fcomp", "fsub", "fsubr", "fdiv", "fdivr"
    };
    private static final String[] CONSTANTS = {
        "fld1", "fldl2t", "fldl2e", "fldpi", "fldlg2", "fldln2", "fldz", Disassembler.BAD
    };
    private static final String[] F0 = {
        "f2xm1", "fyl2x", "fptan", "fpatan", "fxtract", "fprem1", "fdecstp", "fincstp"
    };
    private static final String[] F8 = {
        "fprem", "fyl2xp1", "fsqrt", "fsincos", "frndint", "fscale", "fsin", "fcos"
    };

    /// @param memory gives the memory operand of a width in bytes, or is not called
    String of(IntFunction<String> memory, boolean isMemory) {
        return isMemory ? memoryForm(memory) : registerForm();
    }

    private String memoryForm(IntFunction<String> memory) {
        return switch (opcode) {
            case 0xd8 -> ARITHMETIC[reg] + " " + memory.apply(4);
            case 0xdc -> ARITHMETIC[reg] + " " + memory.apply(8);
            case 0xda -> integer() + " " + memory.apply(4);
            case 0xde -> integer() + " " + memory.apply(2);
            case 0xd9 ->
                    named(
                            memory,
                            "fld 4",
                            "",
                            "fst 4",
                            "fstp 4",
                            "fldenv 0",
                            "fldcw 2",
                            "fnstenv 0",
                            "fnstcw 2");
            case 0xdb ->
                    named(
                            memory,
                            "fild 4",
                            "fisttp 4",
                            "fist 4",
                            "fistp 4",
                            "",
                            "fld 10",
                            "",
                            "fstp 10");
            case 0xdd ->
                    named(
                            memory,
                            "fld 8",
                            "fisttp 8",
                            "fst 8",
                            "fstp 8",
                            "frstor 0",
                            "",
                            "fnsave 0",
                            "fnstsw 2");
            default ->
                    named(
                            memory,
                            "fild 2",
                            "fisttp 2",
                            "fist 2",
                            "fistp 2",
                            "fbld 10",
                            "fild 8",
                            "fbstp 10",
                            "fistp 8");
        };
    }

    private String integer() {
        return "fi" + ARITHMETIC[reg].substring(1);
    }

    private String named(IntFunction<String> memory, String... byReg) {
        String entry = byReg[reg];
        if (entry.isEmpty()) {
            return Disassembler.BAD;
        }
        int space = entry.indexOf(' ');
        return entry.substring(0, space + 1)
                + memory.apply(Integer.parseInt(entry.substring(space + 1)));
    }

    private String registerForm() {
        String i = "st(" + rm + ")";
        return switch (opcode) {
            case 0xd8 -> compare(ARITHMETIC[reg], i) + (isCompare() ? "" : " st," + i);
            case 0xd9 -> d9(i);
            case 0xda ->
                    reg == 5 && rm == 1
                            ? "fucompp"
                            : reg < 4
                                    ? "fcmov" + new String[] {"b", "e", "be", "u"}[reg] + " st," + i
                                    : Disassembler.BAD;
            case 0xdb -> db(i);
            case 0xdc -> isCompare() ? ARITHMETIC[reg] + "2 " + i : reversed() + " " + i + ",st";
            case 0xdd ->
                    switch (reg) {
                        case 0 -> "ffree " + i;
                        case 2 -> "fst " + i;
                        case 3 -> "fstp " + i;
                        case 4 -> "fucom " + i;
                        case 5 -> "fucomp " + i;
                        default -> Disassembler.BAD;
                    };
            case 0xde ->
                    reg == 3
                            ? rm == 1 ? "fcompp" : Disassembler.BAD
                            : reg == 2 ? Disassembler.BAD : reversed() + "p " + i + ",st";
            default ->
                    switch (reg) {
                        case 0 -> "ffreep " + i;
                        case 4 -> rm == 0 ? "fnstsw ax" : Disassembler.BAD;
                        case 5 -> "fucomip st," + i;
                        case 6 -> "fcomip st," + i;
                        default -> Disassembler.BAD;
                    };
        };
    }

    private boolean isCompare() {
        return reg == 2 || reg == 3;
    }

    private String compare(String name, String i) {
        return isCompare() ? name + " " + i : name;
    }

    /// DC and DE swap the meanings of reversed and not (SDM volume 2, tables ).
    private String reversed() {
        return switch (reg) {
            case 4 -> "fsubr";
            case 5 -> "fsub";
            case 6 -> "fdivr";
            case 7 -> "fdiv";
            default -> ARITHMETIC[reg];
        };
    }

    private String d9(String i) {
        return switch (reg) {
            case 0 -> "fld " + i;
            case 1 -> "fxch " + i;
            case 2 -> rm == 0 ? "fnop" : Disassembler.BAD;
            case 4 ->
                    switch (rm) {
                        case 0 -> "fchs";
                        case 1 -> "fabs";
                        case 4 -> "ftst";
                        case 5 -> "fxam";
                        default -> Disassembler.BAD;
                    };
            case 5 -> CONSTANTS[rm];
            case 6 -> F0[rm];
            case 7 -> F8[rm];
            default -> Disassembler.BAD;
        };
    }

    private String db(String i) {
        return switch (reg) {
            case 0, 1, 2, 3 -> "fcmovn" + new String[] {"b", "e", "be", "u"}[reg] + " st," + i;
            case 4 -> rm == 2 ? "fnclex" : rm == 3 ? "fninit" : Disassembler.BAD;
            case 5 -> "fucomi st," + i;
            case 6 -> "fcomi st," + i;
            default -> Disassembler.BAD;
        };
    }
}
