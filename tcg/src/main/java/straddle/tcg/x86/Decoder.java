package straddle.tcg.x86;

import straddle.core.arch.x86.X86;

/// Decodes one instruction from bytes, by [OpcodeTable] (SDM volume 2, chapter 2).
///
/// What it does not know has a null row; what exceeds 15 bytes is [#TOO_LONG]. Allocates nothing.
final class Decoder {
    static final int TOO_LONG = 16;
    private static final int MAX_LENGTH = 15;

    /// Where instruction bytes come from.
    interface Code {
        /// The byte at an offset from the instruction's start; may throw a guest fault.
        int at(int offset);
    }

    private final Insn insn = new Insn();
    private Code code;

    /// @param mode 16, 32 or 64
    /// @return the decoder's one instruction, valid until the next call
    Insn decode(Code from, int mode) {
        code = from;
        insn.reset(mode);
        boolean addressPrefix = false;
        int rex = 0;
        int b;
        while (true) {
            b = next();
            if (mode == 64 && (b & 0xf0) == 0x40) {
                rex = b;
                continue;
            }
            boolean prefix = true;
            switch (b) {
                case 0x26 -> insn.segmentPrefix = mode == 64 ? insn.segmentPrefix : X86.ES;
                case 0x2e -> insn.segmentPrefix = mode == 64 ? insn.segmentPrefix : X86.CS;
                case 0x36 -> insn.segmentPrefix = mode == 64 ? insn.segmentPrefix : X86.SS;
                case 0x3e -> insn.segmentPrefix = mode == 64 ? insn.segmentPrefix : X86.DS;
                case 0x64 -> insn.segmentPrefix = X86.FS;
                case 0x65 -> insn.segmentPrefix = X86.GS;
                case 0x66 -> insn.operandPrefix = true;
                case 0x67 -> addressPrefix = true;
                case 0xf0 -> insn.lock = true;
                case 0xf2, 0xf3 -> insn.repeat = b;
                default -> prefix = false;
            }
            if (!prefix) {
                break;
            }
            rex = 0;
            if (insn.length > MAX_LENGTH) {
                return insn;
            }
        }
        if (rex != 0) {
            insn.hasRex = true;
            insn.rexW = (rex & 8) != 0;
            insn.rexR = (rex & 4) != 0;
            insn.rexX = (rex & 2) != 0;
            insn.rexB = (rex & 1) != 0;
        }
        insn.addressSize = addressSize(mode, addressPrefix);
        int map = 0;
        if ((b & 0xfe) == 0xc4 && isVex(mode)) {
            boolean prefixed = rex != 0 || insn.operandPrefix || insn.repeat != 0 || insn.lock;
            map = vex(b);
            b = next();
            insn.opcode = b;
            if (prefixed || map == 0 || map > 3) {
                return insn;
            }
            return decodeVex(map, b);
        }
        if (b == 0x0f) {
            b = next();
            map = 1;
            if (b == 0x38 || b == 0x3a) {
                map = b == 0x38 ? 2 : 3;
                b = next();
            }
        }
        insn.opcode = b;
        Row[] rows = OpcodeTable.rows(map, b);
        if (rows == null) {
            return insn;
        }
        if (OpcodeTable.hasModRm(map, b)) {
            modRm(
                    rows[0].op() == Op.MOVFROMCR
                            || rows[0].op() == Op.MOVTOCR
                            || rows[0].op() == Op.MOVFROMDR
                            || rows[0].op() == Op.MOVTODR);
        }
        Row row = select(rows);
        if (row == null) {
            return insn;
        }
        return complete(row);
    }

    /// Takes the immediates.
    private Insn complete(Row row) {
        insn.row = row;
        insn.op = row.op();
        insn.operandSize = operandSize(row);
        for (Operand operand : row.operands()) {
            immediate(operand);
        }
        if (insn.length > MAX_LENGTH) {
            insn.row = null;
        }
        return insn;
    }

    /// Outside 64-bit mode C4 and C5 are LES and LDS if ModR/M names memory (SDM volume 2, 2.3.5).
    private boolean isVex(int mode) {
        return mode == 64 || insn.length >= MAX_LENGTH || (code.at(insn.length) & 0xc0) == 0xc0;
    }

    /// Takes a VEX prefix's bytes after the first; returns the opcode map it names.
    private int vex(int first) {
        int b = next();
        insn.vex = true;
        insn.rexR = (b & 0x80) == 0;
        int map = 1;
        if (first == 0xc4) {
            insn.rexX = (b & 0x40) == 0;
            insn.rexB = (b & 0x20) == 0 && insn.mode == 64;
            map = b & 0x1f;
            b = next();
            insn.rexW = (b & 0x80) != 0;
        }
        insn.vvvv = ~b >> 3 & (insn.mode == 64 ? 15 : 7);
        insn.vvvvIsNone = (b & 0x78) == 0x78;
        insn.wide = (b & 4) != 0;
        insn.operandPrefix = (b & 3) == 1;
        insn.repeat = (b & 3) < 2 ? 0 : (b & 3) == 2 ? 0xf3 : 0xf2;
        return map;
    }

    private Insn decodeVex(int map, int opcode) {
        Row[] rows = OpcodeTable.vexRows(map, opcode);
        if (rows == null) {
            return insn;
        }
        if (rows[0].hasModRm()) {
            modRm(false);
        }
        Row row = select(rows);
        if (row == null || !row.usesVvvv() && !insn.vvvvIsNone) {
            return insn;
        }
        if (row.hasVectorIndex() && insn.vectorIndex < 0) {
            return insn;
        }
        return complete(row);
    }

    private int next() {
        return insn.length >= MAX_LENGTH ? overlong() : code.at(insn.length++) & 0xff;
    }

    private int overlong() {
        insn.length = TOO_LONG;
        return 0;
    }

    private int addressSize(int mode, boolean prefix) {
        return switch (mode) {
            case 64 -> prefix ? 4 : 8;
            case 32 -> prefix ? 2 : 4;
            default -> prefix ? 4 : 2;
        };
    }

    private int operandSize(Row row) {
        if (insn.vex) {
            return insn.mode == 64 && insn.rexW ? 8 : 4;
        }
        if (insn.mode == 64) {
            if (insn.rexW || row.has(Row.F64)) {
                return 8;
            }
            if (insn.operandPrefix) {
                return 2;
            }
            return row.has(Row.D64) ? 8 : 4;
        }
        return (insn.mode == 32) != insn.operandPrefix ? 4 : 2;
    }

    private Row select(Row[] rows) {
        int prefix =
                insn.repeat == 0xf3
                        ? Row.PF3
                        : insn.repeat == 0xf2 ? Row.PF2 : insn.operandPrefix ? Row.P66 : Row.NP;
        for (Row row : rows) {
            if (row.prefix() != Row.ANY && row.prefix() != prefix) {
                continue;
            }
            if (row.reg() >= 0 && row.reg() != (insn.reg & 7)) {
                continue;
            }
            if (row.mod() != Row.ANY && row.mod() == Row.REGISTER != insn.isRegister()) {
                continue;
            }
            if (row.rm() >= 0 && row.rm() != (insn.rm & 7)) {
                continue;
            }
            if (row.has(insn.rexW ? Row.W0 : Row.W1) || row.has(insn.wide ? Row.L0 : Row.L1)) {
                continue;
            }
            if (insn.mode == 64 ? row.has(Row.I64) : row.has(Row.O64)) {
                continue;
            }
            return row;
        }
        return null;
    }

    private void modRm(boolean alwaysRegister) {
        int modrm = next();
        insn.hasModRm = true;
        insn.mod = alwaysRegister ? 3 : modrm >>> 6;
        insn.reg = modrm >>> 3 & 7 | (insn.rexR ? 8 : 0);
        insn.rm = modrm & 7 | (insn.rexB ? 8 : 0);
        if (insn.mod == 3) {
            return;
        }
        if (insn.addressSize == 2) {
            modRm16(modrm & 7);
        } else {
            modRm32(modrm & 7);
        }
    }

    private void modRm16(int rm) {
        switch (rm) {
            case 0 -> pair(X86.RBX, X86.RSI);
            case 1 -> pair(X86.RBX, X86.RDI);
            case 2 -> pair(X86.RBP, X86.RSI);
            case 3 -> pair(X86.RBP, X86.RDI);
            case 4 -> pair(X86.RSI, -1);
            case 5 -> pair(X86.RDI, -1);
            case 6 -> pair(insn.mod == 0 ? -1 : X86.RBP, -1);
            default -> pair(X86.RBX, -1);
        }
        if (insn.mod == 1) {
            insn.displacement = (byte) next();
        } else if (insn.mod == 2 || rm == 6 && insn.mod == 0) {
            insn.displacement = (short) constant(2);
        }
    }

    private void pair(int base, int index) {
        insn.base = base;
        insn.index = index;
    }

    private void modRm32(int rm) {
        if (rm == 4) {
            int sib = next();
            int index = sib >>> 3 & 7 | (insn.rexX ? 8 : 0);
            insn.index = index == 4 ? -1 : index;
            insn.vectorIndex = index;
            insn.scale = sib >>> 6;
            boolean noBase = (sib & 7) == 5 && insn.mod == 0;
            insn.base = noBase ? -1 : sib & 7 | (insn.rexB ? 8 : 0);
            if (noBase) {
                insn.displacement = (int) constant(4);
            }
        } else if (rm == 5 && insn.mod == 0) {
            insn.base = insn.mode == 64 ? Insn.RIP : -1;
            insn.displacement = (int) constant(4);
        } else {
            insn.base = insn.rm;
        }
        if (insn.mod == 1) {
            insn.displacement = (byte) next();
        } else if (insn.mod == 2) {
            insn.displacement = (int) constant(4);
        }
    }

    private void immediate(Operand operand) {
        switch (operand) {
            case Ib, Lx -> {
                if (insn.op == Op.ENTER) {
                    insn.immediate2 = next();
                } else {
                    insn.immediate = next();
                }
            }
            case Is, Jb -> insn.immediate = (byte) next();
            case Iw -> insn.immediate = constant(2);
            case Iz ->
                    insn.immediate =
                            insn.operandSize == 2 ? (short) constant(2) : (int) constant(4);
            case Jz ->
                    insn.immediate =
                            insn.mode != 64 && insn.operandSize == 2
                                    ? (short) constant(2)
                                    : (int) constant(4);
            case Iv -> insn.immediate = constant(insn.operandSize);
            case Ob, Ov -> insn.displacement = constant(insn.addressSize);
            case Ap -> {
                insn.immediate = constant(insn.operandSize);
                insn.immediate2 = (int) constant(2);
            }
            default -> {}
        }
    }

    /// Little-endian, zero-extended.
    private long constant(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) next() << 8 * i;
        }
        return value;
    }
}
