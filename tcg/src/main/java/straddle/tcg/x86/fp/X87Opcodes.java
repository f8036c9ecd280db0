package straddle.tcg.x86.fp;

/// Opcodes D8 to DF by opcode byte and ModRM (SDM volume 2, tables ), for callers that
/// don't choose [X87]'s methods themselves.
///
/// Not here: FNSTSW AX (DF E0), and the memory forms of 14 bytes and more, which are [FpImages]'.
public final class X87Opcodes {
    /// No such instruction: #UD.
    public static final int UNDEFINED = -1;

    /// What [#memoryBytes(int, int)] answers for FLDENV, FNSTENV, FRSTOR and FNSAVE.
    public static final int IMAGE = 1000;

    private static final int CF = 1, PF = 4, ZF = 0x40;

    /// CF, PF, AF, ZF, SF and OF.
    private static final int ARITHMETIC = 0x8d5;

    private X87Opcodes() {}

    /// Whether the instruction raises a pending #MF; FNINIT, FNCLEX, FNSTCW, FNSTSW, FNSTENV and
    /// FNSAVE don't.
    public static boolean waits(int opcode, int modrm) {
        int reg = modrm >> 3 & 7;
        if (modrm >= 0xc0) {
            return !(opcode == 0xdb && reg == 4 || opcode == 0xdf && modrm == 0xe0);
        }
        return !(opcode == 0xd9 && reg >= 6 || opcode == 0xdd && reg >= 6);
    }

    /// The memory operand: positive when it is loaded, negative when it is stored, 0 for #UD, or
    /// [#IMAGE].
    public static int memoryBytes(int opcode, int reg) {
        return switch (opcode) {
            case 0xd8, 0xda -> 4;
            case 0xdc -> 8;
            case 0xde -> 2;
            case 0xd9 ->
                    switch (reg) {
                        case 0 -> 4;
                        case 1 -> 0;
                        case 2, 3 -> -4;
                        case 5 -> 2;
                        case 7 -> -2;
                        default -> IMAGE;
                    };
            case 0xdb ->
                    switch (reg) {
                        case 0 -> 4;
                        case 1, 2, 3 -> -4;
                        case 5 -> 10;
                        case 7 -> -10;
                        default -> 0;
                    };
            case 0xdd ->
                    switch (reg) {
                        case 0 -> 8;
                        case 1, 2, 3 -> -8;
                        case 5 -> 0;
                        case 7 -> -2;
                        default -> IMAGE;
                    };
            default ->
                    switch (reg) {
                        case 0 -> 2;
                        case 1, 2, 3 -> -2;
                        case 4 -> 10;
                        case 5 -> 8;
                        case 6 -> -10;
                        default -> -8;
                    };
        };
    }

    /// A form that loads its operand, zero-extended: `low`, and for ten bytes `high`.
    public static void load(X87 x, int opcode, int reg, long low, int high) {
        switch (opcode) {
            case 0xd8 -> x.arithmetic32(reg, (int) low);
            case 0xda -> x.arithmeticInteger(reg, (int) low);
            case 0xdc -> x.arithmetic64(reg, low);
            case 0xde -> x.arithmeticInteger(reg, (short) low);
            case 0xd9 -> {
                if (reg == 0) {
                    x.fld32((int) low);
                } else {
                    x.fldcw((int) low);
                }
            }
            case 0xdb -> {
                if (reg == 0) {
                    x.fild(low << 32 >> 32);
                } else {
                    x.fld80(low, high);
                }
            }
            case 0xdd -> x.fld64(low);
            default -> {
                switch (reg) {
                    case 0 -> x.fild((short) low);
                    case 4 -> x.fbld(low, high);
                    default -> x.fild(low);
                }
            }
        }
    }

    /// Prepares a form that stores: returns whether to write [X87#storeLow] (and [X87#storeHigh])
    /// to memory and then call [#finishStore(X87, int, int)].
    public static boolean prepareStore(X87 x, int opcode, int reg) {
        return switch (opcode) {
            case 0xd9 -> reg == 7 ? prepareWord(x, x.fnstcw()) : x.prepareStore32();
            case 0xdb ->
                    switch (reg) {
                        case 1 -> x.prepareStoreTruncated(32);
                        case 7 -> x.prepareStore80();
                        default -> x.prepareStoreInteger(32);
                    };
            case 0xdd ->
                    switch (reg) {
                        case 1 -> x.prepareStoreTruncated(64);
                        case 7 -> prepareWord(x, x.fnstsw());
                        default -> x.prepareStore64();
                    };
            default ->
                    switch (reg) {
                        case 1 -> x.prepareStoreTruncated(16);
                        case 6 -> x.prepareStoreDecimal();
                        case 7 -> x.prepareStoreInteger(64);
                        default -> x.prepareStoreInteger(16);
                    };
        };
    }

    private static boolean prepareWord(X87 x, int word) {
        x.storeLow = word;
        return true;
    }

    /// After the write.
    public static void finishStore(X87 x, int opcode, int reg) {
        boolean word = reg == 7 && (opcode == 0xd9 || opcode == 0xdd);
        if (!word) {
            x.finishStore(reg != 2);
        }
    }

    /// A form on registers alone. Returns RFLAGS, changed by FCOMI and its kin, or [#UNDEFINED].
    public static int registers(X87 x, int opcode, int modrm, int rflags) {
        int reg = modrm >> 3 & 7;
        int i = modrm & 7;
        switch (opcode) {
            case 0xd8 -> x.arithmetic(reg, i);
            case 0xdc -> {
                if (reg == X87.FCOM || reg == X87.FCOMP) {
                    x.arithmetic(reg, i);
                } else {
                    x.arithmeticTo(reg, i);
                }
            }
            case 0xd9 -> {
                return d9(x, modrm) ? rflags : UNDEFINED;
            }
            case 0xda -> {
                if (modrm == 0xe9) {
                    x.fucompp();
                } else if (reg < 4) {
                    x.fcmov(i, holds(reg, rflags));
                } else {
                    return UNDEFINED;
                }
            }
            case 0xdb -> {
                return db(x, modrm, rflags);
            }
            case 0xdd -> {
                return dd(x, reg, i) ? rflags : UNDEFINED;
            }
            case 0xde -> {
                if (modrm == 0xd9) {
                    x.fcompp();
                } else if (reg == X87.FCOM) {
                    x.fcomp(i);
                } else if (reg == X87.FCOMP) {
                    return UNDEFINED;
                } else {
                    x.arithmeticPop(reg, i);
                }
            }
            default -> {
                return df(x, reg, i, rflags);
            }
        }
        return rflags;
    }

    /// FCMOV's conditions: B, E, BE and U.
    private static boolean holds(int condition, int rflags) {
        return (rflags
                        & switch (condition) {
                            case 0 -> CF;
                            case 1 -> ZF;
                            case 2 -> CF | ZF;
                            default -> PF;
                        })
                != 0;
    }

    private static boolean d9(X87 x, int modrm) {
        int i = modrm & 7;
        switch (modrm >> 3 & 7) {
            case 0 -> x.fld(i);
            case 1 -> x.fxch(i);
            case 2 -> {
                return modrm == 0xd0;
            }
            case 3 -> x.fstpnce(i);
            default -> {
                return d9Above(x, modrm);
            }
        }
        return true;
    }

    private static boolean d9Above(X87 x, int modrm) {
        switch (modrm) {
            case 0xe0 -> x.fchs();
            case 0xe1 -> x.fabs();
            case 0xe4 -> x.ftst();
            case 0xe5 -> x.fxam();
            case 0xe8 -> x.fld1();
            case 0xe9 -> x.fldl2t();
            case 0xea -> x.fldl2e();
            case 0xeb -> x.fldpi();
            case 0xec -> x.fldlg2();
            case 0xed -> x.fldln2();
            case 0xee -> x.fldz();
            case 0xf0 -> x.f2xm1();
            case 0xf1 -> x.fyl2x();
            case 0xf2 -> x.fptan();
            case 0xf3 -> x.fpatan();
            case 0xf4 -> x.fxtract();
            case 0xf5 -> x.fprem1();
            case 0xf6 -> x.fdecstp();
            case 0xf7 -> x.fincstp();
            case 0xf8 -> x.fprem();
            case 0xf9 -> x.fyl2xp1();
            case 0xfa -> x.fsqrt();
            case 0xfb -> x.fsincos();
            case 0xfc -> x.frndint();
            case 0xfd -> x.fscale();
            case 0xfe -> x.fsin();
            case 0xff -> x.fcos();
            default -> {
                return false;
            }
        }
        return true;
    }

    private static int db(X87 x, int modrm, int rflags) {
        int reg = modrm >> 3 & 7;
        int i = modrm & 7;
        switch (reg) {
            case 4 -> {
                switch (i) {
                    case 2 -> x.fnclex();
                    case 3 -> x.fninit();
                    // FENI, FDISI and FSETPM of old do nothing.
                    case 0, 1, 4 -> {}
                    default -> {
                        return UNDEFINED;
                    }
                }
                return rflags;
            }
            case 5 -> {
                return rflags & ~ARITHMETIC | x.fucomi(i);
            }
            case 6 -> {
                return rflags & ~ARITHMETIC | x.fcomi(i);
            }
            case 7 -> {
                return UNDEFINED;
            }
            default -> {
                x.fcmov(i, !holds(reg, rflags));
                return rflags;
            }
        }
    }

    private static boolean dd(X87 x, int reg, int i) {
        switch (reg) {
            case 0 -> x.ffree(i);
            case 1 -> x.fxch(i);
            case 2 -> x.fst(i);
            case 3 -> x.fstp(i);
            case 4 -> x.fucom(i);
            case 5 -> x.fucomp(i);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static int df(X87 x, int reg, int i, int rflags) {
        switch (reg) {
            case 0 -> x.ffreep(i);
            case 1 -> x.fxch(i);
            case 2, 3 -> x.fstp(i);
            case 5 -> {
                return rflags & ~ARITHMETIC | x.fucomip(i);
            }
            case 6 -> {
                return rflags & ~ARITHMETIC | x.fcomip(i);
            }
            default -> {
                return UNDEFINED;
            }
        }
        return rflags;
    }
}
