package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.Locale;
import java.util.StringJoiner;

/// Instructions as text, from the decoder's tables, in Intel's syntax (SDM volume 1, 1.3.2) as the GNU
/// tools write it: `mov eax,DWORD PTR [rbx+rcx*4+0x10]`.
///
/// Not thread-safe; for listings, traces and reports.
public final class Disassembler {
    /// What stands for bytes that are no instruction.
    public static final String BAD = "(bad)";

    private static final String[] CONDITIONS = {
        "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
    };
    private static final String[] WORDS = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    private static final String[] BYTES = {"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
    private static final String[] REX_BYTES = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String[] COMPARISONS = {
        "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"
    };

    private final Decoder decoder = new Decoder();
    private Insn insn;
    private long address;

    /// An instruction's length in bytes and its text.
    public record Line(int length, String text) {}

    public Disassembler() {}

    /// Disassembles the instruction at an offset; missing bytes make it bad.
    ///
    /// @param mode 16, 32 or 64
    /// @param at its address
    public Line at(byte[] code, int offset, int mode, long at) {
        boolean[] beyond = new boolean[1];
        Insn decoded =
                decoder.decode(
                        distance -> {
                            if (offset + distance >= code.length) {
                                beyond[0] = true;
                                return 0;
                            }
                            return code[offset + distance];
                        },
                        mode);
        if (beyond[0] || decoded.row == null) {
            return new Line(1, BAD);
        }
        return new Line(decoded.length, text(decoded, at));
    }

    /// A decoded instruction's text.
    String text(Insn decoded, long at) {
        insn = decoded;
        address = at;
        if (insn.op == Op.X87) {
            return prefixes()
                    + new X87Text(insn.opcode, insn.reg & 7, insn.rm & 7)
                            .of(this::memory, insn.isMemory());
        }
        StringJoiner operands = new StringJoiner(",");
        for (Operand operand : insn.row.operands()) {
            String text = operand(operand);
            if (!text.isEmpty()) {
                operands.add(text);
            }
        }
        if (hasImplicitXmm0()) {
            operands.add("xmm0");
        }
        String mnemonic = mnemonic();
        String text = prefixes() + mnemonic + (operands.length() == 0 ? "" : " " + operands);
        return isRipRelative()
                ? text + "        # 0x" + Long.toHexString(at + insn.length + insn.displacement)
                : text;
    }

    private boolean isRipRelative() {
        return insn.hasModRm && insn.isMemory() && insn.base == Insn.RIP;
    }

    private boolean hasImplicitXmm0() {
        return switch (insn.op) {
            case PBLENDVB, BLENDVPS, BLENDVPD, SHA256RNDS2 -> !insn.vex;
            default -> false;
        };
    }

    // ---- mnemonics

    private String prefixes() {
        String text = insn.lock ? "lock " : "";
        if (insn.repeat == 0 || insn.row.prefix() != Row.ANY || isBranchProtection()) {
            return text;
        }
        boolean compares =
                switch (insn.op) {
                    case CMPSB, CMPSW, SCASB, SCASW -> true;
                    default -> false;
                };
        return text + (insn.repeat == 0xf2 ? "repnz " : compares ? "repz " : "rep ");
    }

    private boolean isBranchProtection() {
        return insn.op == Op.NOP
                && insn.opcode == 0x1e
                && insn.repeat == 0xf3
                && insn.isRegister()
                && (insn.reg & 7) == 7
                && ((insn.rm & 7) == 2 || (insn.rm & 7) == 3);
    }

    private static String sized(int bytes, String two, String four, String eight) {
        return bytes == 2 ? two : bytes == 4 ? four : eight;
    }

    private String mnemonic() {
        int size = insn.operandSize;
        String condition = CONDITIONS[insn.opcode & 15];
        return switch (insn.op) {
            case JCC -> "j" + condition;
            case SETCC -> "set" + condition;
            case CMOVCC -> "cmov" + condition;
            case CALLI -> "call";
            case JMPI -> "jmp";
            case CALLF -> "call far";
            case JMPF -> "jmp far";
            case MOVFROMCR, MOVTOCR, MOVFROMDR, MOVTODR, MOVFROMSEG, MOVTOSEG -> "mov";
            case JCXZ -> sized(insn.addressSize, "jcxz", "jecxz", "jrcxz");
            case CBW -> sized(size, "cbw", "cwde", "cdqe");
            case CWD -> sized(size, "cwd", "cdq", "cqo");
            case INSW -> sized(size, "insw", "insd", "insd");
            case OUTSW -> sized(size, "outsw", "outsd", "outsd");
            case MOVSW, CMPSW, STOSW, LODSW, SCASW -> {
                String name = insn.op.name().toLowerCase(Locale.ROOT);
                yield name.substring(0, name.length() - 1) + sized(size, "w", "d", "q");
            }
            case IRET -> sized(size, "iretw", "iret", "iretq");
            case CMPXCHG8B -> insn.rexW ? "cmpxchg16b" : "cmpxchg8b";
            case FXSAVE, FXRSTOR, XSAVE, XRSTOR, XSAVEOPT, XSAVEC, XSAVES, XRSTORS ->
                    insn.op.name().toLowerCase(Locale.ROOT) + (insn.rexW ? "64" : "");
            case XCHG -> isNop() ? "nop" : "xchg";
            case NOP -> isBranchProtection() ? (insn.rm & 7) == 2 ? "endbr64" : "endbr32" : "nop";
            case PREFETCH -> prefetch();
            case CLFLUSH ->
                    insn.operandPrefix ? (insn.reg & 7) == 6 ? "clwb" : "clflushopt" : "clflush";
            case MOVD, PEXTRD, PINSRD -> {
                String name = plain();
                yield insn.rexW ? name.substring(0, name.length() - 1) + "q" : name;
            }
            case CMPPS, CMPPD, CMPSS, CMPSD -> {
                String name = plain();
                yield isNamedComparison()
                        ? "cmp" + COMPARISONS[(int) insn.immediate] + name.substring(3)
                        : name;
            }
            case XLAT -> "xlatb";
            case MOV -> hasLongImmediate() ? "movabs" : "mov";
            default -> plain();
        };
    }

    /// Eight bytes of immediate or of address.
    private boolean hasLongImmediate() {
        for (Operand operand : insn.row.operands()) {
            boolean isLong =
                    switch (operand) {
                        case Iv -> insn.operandSize == 8;
                        case Ob, Ov -> insn.addressSize == 8;
                        default -> false;
                    };
            if (isLong) {
                return true;
            }
        }
        return false;
    }

    private boolean isNop() {
        return insn.opcode == 0x90 && !insn.rexB && insn.operandSize != 2 && insn.row.map() == 0;
    }

    private boolean isNamedComparison() {
        return !insn.vex && (insn.immediate & 0xff) < COMPARISONS.length;
    }

    private String prefetch() {
        if (insn.opcode == 0x0d) {
            return (insn.reg & 7) == 1 ? "prefetchw" : "prefetch";
        }
        return switch (insn.reg & 7) {
            case 0 -> "prefetchnta";
            case 1 -> "prefetcht0";
            case 2 -> "prefetcht1";
            case 3 -> "prefetcht2";
            default -> "nop";
        };
    }

    private String plain() {
        return insn.row.mnemonic().toLowerCase(Locale.ROOT);
    }

    // ---- operands

    private String operand(Operand operand) {
        return switch (operand) {
            case Eb -> registerOrMemory(1);
            case Ew -> registerOrMemory(2);
            case Ed -> controlWidth() ? register(insn.rm, 8) : extracted(4);
            case Eq -> registerOrMemory(8);
            case Ev -> isBranchProtection() ? "" : evOperand();
            case Ey -> registerOrMemory(insn.rexW ? 8 : 4);
            case Gb -> register(insn.reg, 1);
            case Gw -> register(insn.reg, 2);
            case Gd -> register(insn.reg, 4);
            case Gv -> register(insn.reg, insn.operandSize);
            case Gy -> register(insn.reg, gyWidth());
            case Ib -> isComparisonNamed() ? "" : immediate(insn.op == Op.ENTER, 1);
            case Is -> hex(insn.immediate, insn.operandSize);
            case Iw -> hex(insn.immediate, 2);
            case Iz, Iv -> hex(insn.immediate, insn.operandSize);
            case Jb, Jz -> "0x" + Long.toHexString(branchTarget());
            case M -> memory(plainWidth());
            case Mb -> memory(1);
            case Mw -> memory(2);
            case Md -> memory(4);
            case Mq -> memory(8);
            case Mt -> memory(10);
            case Mdq -> memory(16);
            case Mp -> memory(insn.operandSize + 2);
            case Ap -> "0x%x:0x%x".formatted(insn.immediate2, insn.immediate);
            case Ob -> memory(1);
            case Ov -> memory(insn.operandSize);
            case Sw -> (insn.reg & 7) < SEGMENTS.length ? SEGMENTS[insn.reg & 7] : "?";
            case Cd -> "cr" + insn.reg;
            case Dd -> "dr" + insn.reg;
            case Zb -> isNop() ? "" : register(low(), 1);
            case Zv -> isNop() ? "" : register(low(), insn.operandSize);
            case AL -> "al";
            case AX -> "ax";
            case rAX -> isNop() ? "" : register(RAX, accumulatorWidth());
            case CL -> "cl";
            case DX -> "dx";
            case One -> "1";
            case ES, CS, SS, DS, FS, GS -> operand.name().toLowerCase(Locale.ROOT);
            case Vdq -> "xmm" + insn.reg;
            case Wb -> vectorOrMemory(1);
            case Ww -> vectorOrMemory(2);
            case Wd -> vectorOrMemory(4);
            case Wq -> vectorOrMemory(8);
            case Wdq -> vectorOrMemory(16);
            case Udq -> "xmm" + insn.rm;
            case Vx -> vector(insn.reg);
            case Hx -> vector(insn.vvvv);
            case Ux -> vector(insn.rm);
            case Lx -> vector((int) insn.immediate >> 4 & (insn.mode == 64 ? 15 : 7));
            case Wx -> insn.isRegister() ? vector(insn.rm) : memory(vectorBytes());
            case Mx -> memory(vectorBytes());
            case Wxh -> vectorOrMemory(vectorBytes() / 2);
            case Wxq -> vectorOrMemory(vectorBytes() / 4);
            case Wxo -> vectorOrMemory(vectorBytes() / 8);
            case Mvs -> memory(insn.rexW ? 8 : 4);
            case Hdq -> "xmm" + insn.vvvv;
            case Vqq -> "ymm" + insn.reg;
            case Hqq -> "ymm" + insn.vvvv;
            case Wqq -> insn.isRegister() ? "ymm" + insn.rm : memory(32);
            case By -> register(insn.vvvv, insn.operandSize);
            case Pq -> "mm" + (insn.reg & 7);
            case Qd -> mmxOrMemory(4);
            case Qq -> mmxOrMemory(8);
            case Nq -> "mm" + (insn.rm & 7);
        };
    }

    private int low() {
        return insn.opcode & 7 | (insn.rexB ? 8 : 0);
    }

    private int gyWidth() {
        return switch (insn.op) {
            case MOVMSKPS, MOVMSKPD -> 4;
            case INVPCID -> insn.mode == 64 ? 8 : 4;
            default -> insn.rexW ? 8 : 4;
        };
    }

    private int accumulatorWidth() {
        return switch (insn.op) {
            case IN, OUT -> Math.min(insn.operandSize, 4);
            default -> insn.operandSize;
        };
    }

    private boolean controlWidth() {
        return switch (insn.op) {
            case MOVFROMCR, MOVTOCR, MOVFROMDR, MOVTODR -> insn.mode == 64;
            default -> false;
        };
    }

    private boolean isComparisonNamed() {
        return switch (insn.op) {
            case CMPPS, CMPPD, CMPSS, CMPSD -> isNamedComparison();
            default -> false;
        };
    }

    /// A 32-bit register, or the memory that a vector's element takes.
    private String extracted(int width) {
        if (insn.isRegister()) {
            return register(insn.rm, width);
        }
        return memory(
                switch (insn.op) {
                    case PEXTRB, PINSRB -> 1;
                    case PEXTRW -> 2;
                    default -> width;
                });
    }

    /// Ev where memory is narrower than a register would be.
    private String evOperand() {
        return switch (insn.op) {
            case MOVFROMSEG, SLDT, STR, SMSW ->
                    insn.isMemory() ? memory(2) : register(insn.rm, insn.operandSize);
            case PREFETCH -> insn.isMemory() ? memory(1) : register(insn.rm, insn.operandSize);
            default -> registerOrMemory(insn.operandSize);
        };
    }

    private int plainWidth() {
        return switch (insn.op) {
            case CMPXCHG8B -> insn.rexW ? 16 : 8;
            case MOVBE -> insn.operandSize;
            case MOVNTI -> insn.rexW ? 8 : 4;
            case INVLPG, CLFLUSH, PREFETCH -> 1;
            default -> 0;
        };
    }

    private long branchTarget() {
        long target = address + insn.length + insn.immediate;
        return insn.mode == 64
                ? target
                : insn.operandSize == 2 ? target & 0xffff : target & 0xffff_ffffL;
    }

    private String immediate(boolean second, int width) {
        if (second) {
            return hex(insn.immediate2, width);
        }
        return hex(insn.immediate, width);
    }

    private static String hex(long value, int width) {
        return "0x" + Long.toHexString(width >= 8 ? value : value & (1L << 8 * width) - 1);
    }

    private String registerOrMemory(int width) {
        return insn.isRegister() ? register(insn.rm, width) : memory(width);
    }

    private String vectorOrMemory(int width) {
        return insn.isRegister() ? "xmm" + insn.rm : memory(width);
    }

    private String vector(int number) {
        return (insn.wide ? "ymm" : "xmm") + number;
    }

    private int vectorBytes() {
        return insn.wide ? 32 : 16;
    }

    private String mmxOrMemory(int width) {
        return insn.isRegister() ? "mm" + (insn.rm & 7) : memory(width);
    }

    private String register(int number, int width) {
        if (width == 1 && number < 8) {
            return (insn.hasRex ? REX_BYTES : BYTES)[number];
        }
        return name(number, width);
    }

    /// A general register's name.
    public static String name(int number, int width) {
        if (number >= 8) {
            return "r"
                    + number
                    + switch (width) {
                        case 1 -> "b";
                        case 2 -> "w";
                        case 4 -> "d";
                        default -> "";
                    };
        }
        return switch (width) {
            case 1 -> REX_BYTES[number];
            case 2 -> WORDS[number];
            case 4 -> "e" + WORDS[number];
            default -> "r" + WORDS[number];
        };
    }

    private static String pointer(int width) {
        return switch (width) {
            case 0 -> "";
            case 1 -> "BYTE PTR ";
            case 2 -> "WORD PTR ";
            case 4 -> "DWORD PTR ";
            case 6 -> "FWORD PTR ";
            case 8 -> "QWORD PTR ";
            case 10 -> "TBYTE PTR ";
            case 32 -> "YMMWORD PTR ";
            default -> "XMMWORD PTR ";
        };
    }

    private String memory(int width) {
        StringBuilder text = new StringBuilder(pointer(width));
        if (insn.segmentPrefix >= 0) {
            text.append(SEGMENTS[insn.segmentPrefix]).append(':');
        }
        text.append('[');
        boolean direct = !insn.hasModRm;
        if (!direct && insn.base == Insn.RIP) {
            text.append(insn.addressSize == 8 ? "rip" : "eip");
        } else if (!direct && insn.base >= 0) {
            text.append(name(insn.base, insn.addressSize));
        }
        if (insn.row.hasVectorIndex()) {
            text.append('+').append(vector(insn.vectorIndex)).append('*').append(1 << insn.scale);
        } else if (!direct && insn.index >= 0) {
            text.append(insn.base >= 0 ? "+" : "").append(name(insn.index, insn.addressSize));
            if (insn.addressSize != 2) {
                text.append('*').append(1 << insn.scale);
            }
        }
        if (direct || insn.base < 0 && insn.index < 0) {
            text.append(hex(insn.displacement, insn.addressSize));
        } else if (insn.displacement != 0) {
            text.append(insn.displacement < 0 ? '-' : '+')
                    .append("0x")
                    .append(Long.toHexString(Math.abs(insn.displacement)));
        }
        return text.append(']').toString();
    }
}
