package straddle.tcg.x86;

import static straddle.tcg.x86.Op.*;
import static straddle.tcg.x86.Operand.*;
import static straddle.tcg.x86.Row.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The opcode maps, in the order of the SDM's (volume 2, appendix A.3 and A.4), with its operand codes.
///
/// This is the one list of encodings: the decoder, the disassembler, the tests and the support table
/// derive from it. Rows of one opcode differ by mandatory prefix, ModR/M.reg, register or memory form, and
/// mode; the first that fits counts.
public final class OpcodeTable {
    private static final Row[][][] ROWS = new Row[4][256][];
    private static final Row[][][] VEX_ROWS = new Row[4][256][];
    private static final List<Row> ALL = new ArrayList<>(1400);

    private static final boolean[][] HAS_MODRM = new boolean[4][256];

    private static int map;

    private OpcodeTable() {}

    /// The rows of one opcode, or null where there are none.
    static Row[] rows(int map, int opcode) {
        return ROWS[map][opcode];
    }

    /// The rows of one opcode after a VEX prefix, or null where there are none.
    static Row[] vexRows(int map, int opcode) {
        return VEX_ROWS[map][opcode];
    }

    /// Whether ModR/M follows an opcode; all its rows agree.
    static boolean hasModRm(int map, int opcode) {
        return HAS_MODRM[map][opcode];
    }

    /// Every row, in the order of the maps.
    public static List<Row> all() {
        return List.copyOf(ALL);
    }

    static {
        map = 0;
        oneBytePart1();
        oneBytePart2();
        oneBytePart3();
        map = 1;
        twoBytePart1();
        twoBytePart2();
        twoBytePart3();
        twoBytePart4();
        map = 2;
        threeByte38();
        map = 3;
        threeByte3a();
        for (map = 1; map <= 3; map++) {
            VexTable.add(map);
        }
        index();
    }

    /// One-byte opcodes: table A-2, with groups 1 to 5 and 11 (table A-6) in place.
    private static void oneBytePart1() {
        row(0x00, ADD, Eb, Gb).with(LOCK);
        row(0x01, ADD, Ev, Gv).with(LOCK);
        row(0x02, ADD, Gb, Eb);
        row(0x03, ADD, Gv, Ev);
        row(0x04, ADD, AL, Ib);
        row(0x05, ADD, rAX, Iz);
        row(0x06, PUSH, ES).with(I64);
        row(0x07, POP, ES).with(I64);
        row(0x08, OR, Eb, Gb).with(LOCK);
        row(0x09, OR, Ev, Gv).with(LOCK);
        row(0x0a, OR, Gb, Eb);
        row(0x0b, OR, Gv, Ev);
        row(0x0c, OR, AL, Ib);
        row(0x0d, OR, rAX, Iz);
        row(0x0e, PUSH, CS).with(I64);
        row(0x10, ADC, Eb, Gb).with(LOCK);
        row(0x11, ADC, Ev, Gv).with(LOCK);
        row(0x12, ADC, Gb, Eb);
        row(0x13, ADC, Gv, Ev);
        row(0x14, ADC, AL, Ib);
        row(0x15, ADC, rAX, Iz);
        row(0x16, PUSH, SS).with(I64);
        row(0x17, POP, SS).with(I64);
        row(0x18, SBB, Eb, Gb).with(LOCK);
        row(0x19, SBB, Ev, Gv).with(LOCK);
        row(0x1a, SBB, Gb, Eb);
        row(0x1b, SBB, Gv, Ev);
        row(0x1c, SBB, AL, Ib);
        row(0x1d, SBB, rAX, Iz);
        row(0x1e, PUSH, DS).with(I64);
        row(0x1f, POP, DS).with(I64);
        row(0x20, AND, Eb, Gb).with(LOCK);
        row(0x21, AND, Ev, Gv).with(LOCK);
        row(0x22, AND, Gb, Eb);
        row(0x23, AND, Gv, Ev);
        row(0x24, AND, AL, Ib);
        row(0x25, AND, rAX, Iz);
        row(0x27, DAA).with(I64);
        row(0x28, SUB, Eb, Gb).with(LOCK);
        row(0x29, SUB, Ev, Gv).with(LOCK);
        row(0x2a, SUB, Gb, Eb);
        row(0x2b, SUB, Gv, Ev);
        row(0x2c, SUB, AL, Ib);
        row(0x2d, SUB, rAX, Iz);
        row(0x2f, DAS).with(I64);
        row(0x30, XOR, Eb, Gb).with(LOCK);
        row(0x31, XOR, Ev, Gv).with(LOCK);
        row(0x32, XOR, Gb, Eb);
        row(0x33, XOR, Gv, Ev);
        row(0x34, XOR, AL, Ib);
        row(0x35, XOR, rAX, Iz);
        row(0x37, AAA).with(I64);
        row(0x38, CMP, Eb, Gb);
        row(0x39, CMP, Ev, Gv);
        row(0x3a, CMP, Gb, Eb);
        row(0x3b, CMP, Gv, Ev);
        row(0x3c, CMP, AL, Ib);
        row(0x3d, CMP, rAX, Iz);
        row(0x3f, AAS).with(I64);
        row(0x40, INC, Zv).with(I64);
        row(0x41, INC, Zv).with(I64);
        row(0x42, INC, Zv).with(I64);
        row(0x43, INC, Zv).with(I64);
        row(0x44, INC, Zv).with(I64);
        row(0x45, INC, Zv).with(I64);
        row(0x46, INC, Zv).with(I64);
        row(0x47, INC, Zv).with(I64);
        row(0x48, DEC, Zv).with(I64);
        row(0x49, DEC, Zv).with(I64);
        row(0x4a, DEC, Zv).with(I64);
        row(0x4b, DEC, Zv).with(I64);
        row(0x4c, DEC, Zv).with(I64);
        row(0x4d, DEC, Zv).with(I64);
        row(0x4e, DEC, Zv).with(I64);
        row(0x4f, DEC, Zv).with(I64);
        row(0x50, PUSH, Zv).with(D64);
        row(0x51, PUSH, Zv).with(D64);
        row(0x52, PUSH, Zv).with(D64);
        row(0x53, PUSH, Zv).with(D64);
        row(0x54, PUSH, Zv).with(D64);
        row(0x55, PUSH, Zv).with(D64);
        row(0x56, PUSH, Zv).with(D64);
        row(0x57, PUSH, Zv).with(D64);
        row(0x58, POP, Zv).with(D64);
        row(0x59, POP, Zv).with(D64);
        row(0x5a, POP, Zv).with(D64);
        row(0x5b, POP, Zv).with(D64);
        row(0x5c, POP, Zv).with(D64);
        row(0x5d, POP, Zv).with(D64);
        row(0x5e, POP, Zv).with(D64);
        row(0x5f, POP, Zv).with(D64);
        row(0x60, PUSHA).with(I64);
        row(0x61, POPA).with(I64);
        row(0x62, BOUND, Gv, M).with(I64);
        row(0x63, ARPL, Ew, Gw).with(I64);
        row(0x63, MOVSXD, Gv, Ed).with(O64);
        row(0x68, PUSH, Iz).with(D64);
        row(0x69, IMUL, Gv, Ev, Iz);
        row(0x6a, PUSH, Is).with(D64);
        row(0x6b, IMUL, Gv, Ev, Is);
        row(0x6c, INSB);
        row(0x6d, INSW);
        row(0x6e, OUTSB);
        row(0x6f, OUTSW);
        row(0x70, JCC, Jb).with(F64);
        row(0x71, JCC, Jb).with(F64);
        row(0x72, JCC, Jb).with(F64);
        row(0x73, JCC, Jb).with(F64);
        row(0x74, JCC, Jb).with(F64);
        row(0x75, JCC, Jb).with(F64);
        row(0x76, JCC, Jb).with(F64);
        row(0x77, JCC, Jb).with(F64);
        row(0x78, JCC, Jb).with(F64);
    }

    private static void oneBytePart2() {
        row(0x79, JCC, Jb).with(F64);
        row(0x7a, JCC, Jb).with(F64);
        row(0x7b, JCC, Jb).with(F64);
        row(0x7c, JCC, Jb).with(F64);
        row(0x7d, JCC, Jb).with(F64);
        row(0x7e, JCC, Jb).with(F64);
        row(0x7f, JCC, Jb).with(F64);
        row(0x80, ADD, Eb, Ib).reg(0).with(LOCK);
        row(0x80, OR, Eb, Ib).reg(1).with(LOCK);
        row(0x80, ADC, Eb, Ib).reg(2).with(LOCK);
        row(0x80, SBB, Eb, Ib).reg(3).with(LOCK);
        row(0x80, AND, Eb, Ib).reg(4).with(LOCK);
        row(0x80, SUB, Eb, Ib).reg(5).with(LOCK);
        row(0x80, XOR, Eb, Ib).reg(6).with(LOCK);
        row(0x80, CMP, Eb, Ib).reg(7);
        row(0x81, ADD, Ev, Iz).reg(0).with(LOCK);
        row(0x81, OR, Ev, Iz).reg(1).with(LOCK);
        row(0x81, ADC, Ev, Iz).reg(2).with(LOCK);
        row(0x81, SBB, Ev, Iz).reg(3).with(LOCK);
        row(0x81, AND, Ev, Iz).reg(4).with(LOCK);
        row(0x81, SUB, Ev, Iz).reg(5).with(LOCK);
        row(0x81, XOR, Ev, Iz).reg(6).with(LOCK);
        row(0x81, CMP, Ev, Iz).reg(7);
        row(0x82, ADD, Eb, Ib).reg(0).with(LOCK | I64);
        row(0x82, OR, Eb, Ib).reg(1).with(LOCK | I64);
        row(0x82, ADC, Eb, Ib).reg(2).with(LOCK | I64);
        row(0x82, SBB, Eb, Ib).reg(3).with(LOCK | I64);
        row(0x82, AND, Eb, Ib).reg(4).with(LOCK | I64);
        row(0x82, SUB, Eb, Ib).reg(5).with(LOCK | I64);
        row(0x82, XOR, Eb, Ib).reg(6).with(LOCK | I64);
        row(0x82, CMP, Eb, Ib).reg(7).with(I64);
        row(0x83, ADD, Ev, Is).reg(0).with(LOCK);
        row(0x83, OR, Ev, Is).reg(1).with(LOCK);
        row(0x83, ADC, Ev, Is).reg(2).with(LOCK);
        row(0x83, SBB, Ev, Is).reg(3).with(LOCK);
        row(0x83, AND, Ev, Is).reg(4).with(LOCK);
        row(0x83, SUB, Ev, Is).reg(5).with(LOCK);
        row(0x83, XOR, Ev, Is).reg(6).with(LOCK);
        row(0x83, CMP, Ev, Is).reg(7);
        row(0x84, TEST, Eb, Gb);
        row(0x85, TEST, Ev, Gv);
        row(0x86, XCHG, Eb, Gb).with(LOCK);
        row(0x87, XCHG, Ev, Gv).with(LOCK);
        row(0x88, MOV, Eb, Gb);
        row(0x89, MOV, Ev, Gv);
        row(0x8a, MOV, Gb, Eb);
        row(0x8b, MOV, Gv, Ev);
        row(0x8c, MOVFROMSEG, Ev, Sw);
        row(0x8d, LEA, Gv, M);
        row(0x8e, MOVTOSEG, Sw, Ew);
        row(0x8f, POP, Ev).reg(0).with(D64);
        row(0x90, PAUSE).pf3();
        row(0x90, XCHG, Zv, rAX);
        row(0x91, XCHG, Zv, rAX);
        row(0x92, XCHG, Zv, rAX);
        row(0x93, XCHG, Zv, rAX);
        row(0x94, XCHG, Zv, rAX);
        row(0x95, XCHG, Zv, rAX);
        row(0x96, XCHG, Zv, rAX);
        row(0x97, XCHG, Zv, rAX);
        row(0x98, CBW);
        row(0x99, CWD);
        row(0x9a, CALLF, Ap).with(I64);
        row(0x9b, FWAIT);
        row(0x9c, PUSHF).with(D64);
        row(0x9d, POPF).with(D64);
        row(0x9e, SAHF);
        row(0x9f, LAHF);
        row(0xa0, MOV, AL, Ob);
        row(0xa1, MOV, rAX, Ov);
        row(0xa2, MOV, Ob, AL);
        row(0xa3, MOV, Ov, rAX);
        row(0xa4, MOVSB);
        row(0xa5, MOVSW);
        row(0xa6, CMPSB);
        row(0xa7, CMPSW);
        row(0xa8, TEST, AL, Ib);
        row(0xa9, TEST, rAX, Iz);
        row(0xaa, STOSB);
        row(0xab, STOSW);
        row(0xac, LODSB);
        row(0xad, LODSW);
        row(0xae, SCASB);
        row(0xaf, SCASW);
        row(0xb0, MOV, Zb, Ib);
        row(0xb1, MOV, Zb, Ib);
        row(0xb2, MOV, Zb, Ib);
        row(0xb3, MOV, Zb, Ib);
        row(0xb4, MOV, Zb, Ib);
        row(0xb5, MOV, Zb, Ib);
        row(0xb6, MOV, Zb, Ib);
        row(0xb7, MOV, Zb, Ib);
        row(0xb8, MOV, Zv, Iv);
        row(0xb9, MOV, Zv, Iv);
        row(0xba, MOV, Zv, Iv);
        row(0xbb, MOV, Zv, Iv);
        row(0xbc, MOV, Zv, Iv);
        row(0xbd, MOV, Zv, Iv);
        row(0xbe, MOV, Zv, Iv);
        row(0xbf, MOV, Zv, Iv);
        row(0xc0, ROL, Eb, Ib).reg(0);
        row(0xc0, ROR, Eb, Ib).reg(1);
        row(0xc0, RCL, Eb, Ib).reg(2);
        row(0xc0, RCR, Eb, Ib).reg(3);
        row(0xc0, SHL, Eb, Ib).reg(4);
        row(0xc0, SHR, Eb, Ib).reg(5);
        row(0xc0, SHL, Eb, Ib).reg(6);
        row(0xc0, SAR, Eb, Ib).reg(7);
        row(0xc1, ROL, Ev, Ib).reg(0);
        row(0xc1, ROR, Ev, Ib).reg(1);
        row(0xc1, RCL, Ev, Ib).reg(2);
        row(0xc1, RCR, Ev, Ib).reg(3);
        row(0xc1, SHL, Ev, Ib).reg(4);
    }

    private static void oneBytePart3() {
        row(0xc1, SHR, Ev, Ib).reg(5);
        row(0xc1, SHL, Ev, Ib).reg(6);
        row(0xc1, SAR, Ev, Ib).reg(7);
        row(0xc2, RET, Iw).with(F64);
        row(0xc3, RET).with(F64);
        row(0xc4, LES, Gv, Mp).with(I64);
        row(0xc5, LDS, Gv, Mp).with(I64);
        row(0xc6, MOV, Eb, Ib).reg(0);
        row(0xc7, MOV, Ev, Iz).reg(0);
        row(0xc8, ENTER, Iw, Ib).with(D64);
        row(0xc9, LEAVE).with(D64);
        row(0xca, RETF, Iw);
        row(0xcb, RETF);
        row(0xcc, INT3);
        row(0xcd, INT, Ib);
        row(0xce, INTO).with(I64);
        row(0xcf, IRET);
        row(0xd0, ROL, Eb, One).reg(0);
        row(0xd0, ROR, Eb, One).reg(1);
        row(0xd0, RCL, Eb, One).reg(2);
        row(0xd0, RCR, Eb, One).reg(3);
        row(0xd0, SHL, Eb, One).reg(4);
        row(0xd0, SHR, Eb, One).reg(5);
        row(0xd0, SHL, Eb, One).reg(6);
        row(0xd0, SAR, Eb, One).reg(7);
        row(0xd1, ROL, Ev, One).reg(0);
        row(0xd1, ROR, Ev, One).reg(1);
        row(0xd1, RCL, Ev, One).reg(2);
        row(0xd1, RCR, Ev, One).reg(3);
        row(0xd1, SHL, Ev, One).reg(4);
        row(0xd1, SHR, Ev, One).reg(5);
        row(0xd1, SHL, Ev, One).reg(6);
        row(0xd1, SAR, Ev, One).reg(7);
        row(0xd2, ROL, Eb, CL).reg(0);
        row(0xd2, ROR, Eb, CL).reg(1);
        row(0xd2, RCL, Eb, CL).reg(2);
        row(0xd2, RCR, Eb, CL).reg(3);
        row(0xd2, SHL, Eb, CL).reg(4);
        row(0xd2, SHR, Eb, CL).reg(5);
        row(0xd2, SHL, Eb, CL).reg(6);
        row(0xd2, SAR, Eb, CL).reg(7);
        row(0xd3, ROL, Ev, CL).reg(0);
        row(0xd3, ROR, Ev, CL).reg(1);
        row(0xd3, RCL, Ev, CL).reg(2);
        row(0xd3, RCR, Ev, CL).reg(3);
        row(0xd3, SHL, Ev, CL).reg(4);
        row(0xd3, SHR, Ev, CL).reg(5);
        row(0xd3, SHL, Ev, CL).reg(6);
        row(0xd3, SAR, Ev, CL).reg(7);
        row(0xd4, AAM, Ib).with(I64);
        row(0xd5, AAD, Ib).with(I64);
        row(0xd6, SALC).with(I64);
        row(0xd7, XLAT);
        row(0xd8, X87).with(MODRM);
        row(0xd9, X87).with(MODRM);
        row(0xda, X87).with(MODRM);
        row(0xdb, X87).with(MODRM);
        row(0xdc, X87).with(MODRM);
        row(0xdd, X87).with(MODRM);
        row(0xde, X87).with(MODRM);
        row(0xdf, X87).with(MODRM);
        row(0xe0, LOOPNE, Jb).with(F64);
        row(0xe1, LOOPE, Jb).with(F64);
        row(0xe2, LOOP, Jb).with(F64);
        row(0xe3, JCXZ, Jb).with(F64);
        row(0xe4, IN, AL, Ib);
        row(0xe5, IN, rAX, Ib);
        row(0xe6, OUT, Ib, AL);
        row(0xe7, OUT, Ib, rAX);
        row(0xe8, CALL, Jz).with(F64);
        row(0xe9, JMP, Jz).with(F64);
        row(0xea, JMPF, Ap).with(I64);
        row(0xeb, JMP, Jb).with(F64);
        row(0xec, IN, AL, DX);
        row(0xed, IN, rAX, DX);
        row(0xee, OUT, DX, AL);
        row(0xef, OUT, DX, rAX);
        row(0xf1, INT1);
        row(0xf4, HLT);
        row(0xf5, CMC);
        row(0xf6, TEST, Eb, Ib).reg(0);
        row(0xf6, TEST, Eb, Ib).reg(1);
        row(0xf6, NOT, Eb).reg(2).with(LOCK);
        row(0xf6, NEG, Eb).reg(3).with(LOCK);
        row(0xf6, MUL, Eb).reg(4);
        row(0xf6, IMUL, Eb).reg(5);
        row(0xf6, DIV, Eb).reg(6);
        row(0xf6, IDIV, Eb).reg(7);
        row(0xf7, TEST, Ev, Iz).reg(0);
        row(0xf7, TEST, Ev, Iz).reg(1);
        row(0xf7, NOT, Ev).reg(2).with(LOCK);
        row(0xf7, NEG, Ev).reg(3).with(LOCK);
        row(0xf7, MUL, Ev).reg(4);
        row(0xf7, IMUL, Ev).reg(5);
        row(0xf7, DIV, Ev).reg(6);
        row(0xf7, IDIV, Ev).reg(7);
        row(0xf8, CLC);
        row(0xf9, STC);
        row(0xfa, CLI);
        row(0xfb, STI);
        row(0xfc, CLD);
        row(0xfd, STD);
        row(0xfe, INC, Eb).reg(0).with(LOCK);
        row(0xfe, DEC, Eb).reg(1).with(LOCK);
        row(0xff, INC, Ev).reg(0).with(LOCK);
        row(0xff, DEC, Ev).reg(1).with(LOCK);
        row(0xff, CALLI, Ev).reg(2).with(F64);
        row(0xff, CALLF, Mp).reg(3).memory();
        row(0xff, JMPI, Ev).reg(4).with(F64);
        row(0xff, JMPF, Mp).reg(5).memory();
        row(0xff, PUSH, Ev).reg(6).with(D64);
    }

    /// 0F: table A-3, with groups 6 to 9 and 12 to 15 in place.
    private static void twoBytePart1() {
        row(0x00, SLDT, Ev).reg(0);
        row(0x00, STR, Ev).reg(1);
        row(0x00, LLDT, Ew).reg(2);
        row(0x00, LTR, Ew).reg(3);
        row(0x00, VERR, Ew).reg(4);
        row(0x00, VERW, Ew).reg(5);
        row(0x01, SGDT, M).reg(0).memory();
        row(0x01, SIDT, M).reg(1).memory();
        row(0x01, LGDT, M).reg(2).memory();
        row(0x01, LIDT, M).reg(3).memory();
        row(0x01, SMSW, Ev).reg(4);
        row(0x01, LMSW, Ew).reg(6);
        row(0x01, INVLPG, M).reg(7).memory();
        row(0x01, VMCALL).reg(0).register().rm(1);
        row(0x01, MONITOR).reg(1).register().rm(0);
        row(0x01, MWAIT).reg(1).register().rm(1);
        row(0x01, CLAC).reg(1).register().rm(2);
        row(0x01, STAC).reg(1).register().rm(3);
        row(0x01, XGETBV).reg(2).register().rm(0);
        row(0x01, XSETBV).reg(2).register().rm(1);
        row(0x01, VMMCALL).reg(3).register().rm(1);
        row(0x01, SWAPGS).reg(7).register().rm(0).with(O64);
        row(0x01, RDTSCP).reg(7).register().rm(1);
        row(0x02, LAR, Gv, Ew);
        row(0x03, LSL, Gv, Ew);
        row(0x05, SYSCALL);
        row(0x06, CLTS);
        row(0x07, SYSRET);
        row(0x08, INVD);
        row(0x09, WBINVD);
        row(0x0b, UD2);
        row(0x0d, PREFETCH, M);
        row(0x10, MOVUPS, Vdq, Wdq).np();
        row(0x10, MOVUPS, Vdq, Wdq).p66().named("MOVUPD");
        row(0x10, MOVSS, Vdq, Wd).pf3();
        row(0x10, MOVSD, Vdq, Wq).pf2();
        row(0x11, MOVUPS, Wdq, Vdq).np();
        row(0x11, MOVUPS, Wdq, Vdq).p66().named("MOVUPD");
        row(0x11, MOVSS, Wd, Vdq).pf3();
        row(0x11, MOVSD, Wq, Vdq).pf2();
        row(0x12, MOVLPS, Vdq, Mq).np().memory();
        row(0x12, MOVHLPS, Vdq, Udq).np().register();
        row(0x12, MOVLPS, Vdq, Mq).p66().memory().named("MOVLPD");
        row(0x12, MOVSLDUP, Vdq, Wdq).pf3();
        row(0x12, MOVDDUP, Vdq, Wq).pf2();
        row(0x13, MOVLPS, Mq, Vdq).np().memory();
        row(0x13, MOVLPS, Mq, Vdq).p66().memory().named("MOVLPD");
        row(0x14, UNPCKLPS, Vdq, Wdq).np();
        row(0x14, UNPCKLPD, Vdq, Wdq).p66();
        row(0x15, UNPCKHPS, Vdq, Wdq).np();
        row(0x15, UNPCKHPD, Vdq, Wdq).p66();
        row(0x16, MOVHPS, Vdq, Mq).np().memory();
        row(0x16, MOVLHPS, Vdq, Udq).np().register();
        row(0x16, MOVHPS, Vdq, Mq).p66().memory().named("MOVHPD");
        row(0x16, MOVSHDUP, Vdq, Wdq).pf3();
        row(0x17, MOVHPS, Mq, Vdq).np().memory();
        row(0x17, MOVHPS, Mq, Vdq).p66().memory().named("MOVHPD");
        row(0x18, PREFETCH, Ev);
        row(0x19, NOP, Ev);
        row(0x1a, NOP, Ev);
        row(0x1b, NOP, Ev);
        row(0x1c, NOP, Ev);
        row(0x1d, NOP, Ev);
        row(0x1e, NOP, Ev);
        row(0x1f, NOP, Ev);
        row(0x20, MOVFROMCR, Ed, Cd);
        row(0x21, MOVFROMDR, Ed, Dd);
        row(0x22, MOVTOCR, Cd, Ed);
        row(0x23, MOVTODR, Dd, Ed);
        row(0x28, MOVAPS, Vdq, Wdq).np();
        row(0x28, MOVAPS, Vdq, Wdq).p66().named("MOVAPD");
        row(0x29, MOVAPS, Wdq, Vdq).np();
        row(0x29, MOVAPS, Wdq, Vdq).p66().named("MOVAPD");
        row(0x2a, CVTPI2PS, Vdq, Qq).np();
        row(0x2a, CVTPI2PD, Vdq, Qq).p66();
        row(0x2a, CVTSI2SS, Vdq, Ey).pf3();
        row(0x2a, CVTSI2SD, Vdq, Ey).pf2();
        row(0x2b, MOVNTPS, Mdq, Vdq).np().memory();
        row(0x2b, MOVNTPS, Mdq, Vdq).p66().memory().named("MOVNTPD");
        row(0x2c, CVTTPS2PI, Pq, Wq).np();
        row(0x2c, CVTTPD2PI, Pq, Wdq).p66();
        row(0x2c, CVTTSS2SI, Gy, Wd).pf3();
        row(0x2c, CVTTSD2SI, Gy, Wq).pf2();
        row(0x2d, CVTPS2PI, Pq, Wq).np();
        row(0x2d, CVTPD2PI, Pq, Wdq).p66();
        row(0x2d, CVTSS2SI, Gy, Wd).pf3();
        row(0x2d, CVTSD2SI, Gy, Wq).pf2();
        row(0x2e, UCOMISS, Vdq, Wd).np();
        row(0x2e, UCOMISD, Vdq, Wq).p66();
        row(0x2f, COMISS, Vdq, Wd).np();
        row(0x2f, COMISD, Vdq, Wq).p66();
        row(0x30, WRMSR);
        row(0x31, RDTSC);
        row(0x32, RDMSR);
        row(0x33, RDPMC);
        row(0x34, SYSENTER);
        row(0x35, SYSEXIT);
        row(0x40, CMOVCC, Gv, Ev);
        row(0x41, CMOVCC, Gv, Ev);
        row(0x42, CMOVCC, Gv, Ev);
        row(0x43, CMOVCC, Gv, Ev);
        row(0x44, CMOVCC, Gv, Ev);
        row(0x45, CMOVCC, Gv, Ev);
        row(0x46, CMOVCC, Gv, Ev);
        row(0x47, CMOVCC, Gv, Ev);
        row(0x48, CMOVCC, Gv, Ev);
        row(0x49, CMOVCC, Gv, Ev);
        row(0x4a, CMOVCC, Gv, Ev);
        row(0x4b, CMOVCC, Gv, Ev);
    }

    private static void twoBytePart2() {
        row(0x4c, CMOVCC, Gv, Ev);
        row(0x4d, CMOVCC, Gv, Ev);
        row(0x4e, CMOVCC, Gv, Ev);
        row(0x4f, CMOVCC, Gv, Ev);
        row(0x50, MOVMSKPS, Gy, Udq).np().register();
        row(0x50, MOVMSKPD, Gy, Udq).p66().register();
        row(0x51, SQRTPS, Vdq, Wdq).np();
        row(0x51, SQRTPD, Vdq, Wdq).p66();
        row(0x51, SQRTSS, Vdq, Wd).pf3();
        row(0x51, SQRTSD, Vdq, Wq).pf2();
        row(0x52, RSQRTPS, Vdq, Wdq).np();
        row(0x52, RSQRTSS, Vdq, Wd).pf3();
        row(0x53, RCPPS, Vdq, Wdq).np();
        row(0x53, RCPSS, Vdq, Wd).pf3();
        row(0x54, PAND, Vdq, Wdq).np().named("ANDPS");
        row(0x54, PAND, Vdq, Wdq).p66().named("ANDPD");
        row(0x55, PANDN, Vdq, Wdq).np().named("ANDNPS");
        row(0x55, PANDN, Vdq, Wdq).p66().named("ANDNPD");
        row(0x56, POR, Vdq, Wdq).np().named("ORPS");
        row(0x56, POR, Vdq, Wdq).p66().named("ORPD");
        row(0x57, PXOR, Vdq, Wdq).np().named("XORPS");
        row(0x57, PXOR, Vdq, Wdq).p66().named("XORPD");
        row(0x58, ADDPS, Vdq, Wdq).np();
        row(0x58, ADDPD, Vdq, Wdq).p66();
        row(0x58, ADDSS, Vdq, Wd).pf3();
        row(0x58, ADDSD, Vdq, Wq).pf2();
        row(0x59, MULPS, Vdq, Wdq).np();
        row(0x59, MULPD, Vdq, Wdq).p66();
        row(0x59, MULSS, Vdq, Wd).pf3();
        row(0x59, MULSD, Vdq, Wq).pf2();
        row(0x5a, CVTPS2PD, Vdq, Wq).np();
        row(0x5a, CVTPD2PS, Vdq, Wdq).p66();
        row(0x5a, CVTSS2SD, Vdq, Wd).pf3();
        row(0x5a, CVTSD2SS, Vdq, Wq).pf2();
        row(0x5b, CVTDQ2PS, Vdq, Wdq).np();
        row(0x5b, CVTPS2DQ, Vdq, Wdq).p66();
        row(0x5b, CVTTPS2DQ, Vdq, Wdq).pf3();
        row(0x5c, SUBPS, Vdq, Wdq).np();
        row(0x5c, SUBPD, Vdq, Wdq).p66();
        row(0x5c, SUBSS, Vdq, Wd).pf3();
        row(0x5c, SUBSD, Vdq, Wq).pf2();
        row(0x5d, MINPS, Vdq, Wdq).np();
        row(0x5d, MINPD, Vdq, Wdq).p66();
        row(0x5d, MINSS, Vdq, Wd).pf3();
        row(0x5d, MINSD, Vdq, Wq).pf2();
        row(0x5e, DIVPS, Vdq, Wdq).np();
        row(0x5e, DIVPD, Vdq, Wdq).p66();
        row(0x5e, DIVSS, Vdq, Wd).pf3();
        row(0x5e, DIVSD, Vdq, Wq).pf2();
        row(0x5f, MAXPS, Vdq, Wdq).np();
        row(0x5f, MAXPD, Vdq, Wdq).p66();
        row(0x5f, MAXSS, Vdq, Wd).pf3();
        row(0x5f, MAXSD, Vdq, Wq).pf2();
        row(0x60, PUNPCKLBW, Pq, Qq).np();
        row(0x60, PUNPCKLBW, Vdq, Wdq).p66();
        row(0x61, PUNPCKLWD, Pq, Qq).np();
        row(0x61, PUNPCKLWD, Vdq, Wdq).p66();
        row(0x62, PUNPCKLDQ, Pq, Qq).np();
        row(0x62, PUNPCKLDQ, Vdq, Wdq).p66();
        row(0x63, PACKSSWB, Pq, Qq).np();
        row(0x63, PACKSSWB, Vdq, Wdq).p66();
        row(0x64, PCMPGTB, Pq, Qq).np();
        row(0x64, PCMPGTB, Vdq, Wdq).p66();
        row(0x65, PCMPGTW, Pq, Qq).np();
        row(0x65, PCMPGTW, Vdq, Wdq).p66();
        row(0x66, PCMPGTD, Pq, Qq).np();
        row(0x66, PCMPGTD, Vdq, Wdq).p66();
        row(0x67, PACKUSWB, Pq, Qq).np();
        row(0x67, PACKUSWB, Vdq, Wdq).p66();
        row(0x68, PUNPCKHBW, Pq, Qq).np();
        row(0x68, PUNPCKHBW, Vdq, Wdq).p66();
        row(0x69, PUNPCKHWD, Pq, Qq).np();
        row(0x69, PUNPCKHWD, Vdq, Wdq).p66();
        row(0x6a, PUNPCKHDQ, Pq, Qq).np();
        row(0x6a, PUNPCKHDQ, Vdq, Wdq).p66();
        row(0x6b, PACKSSDW, Pq, Qq).np();
        row(0x6b, PACKSSDW, Vdq, Wdq).p66();
        row(0x6c, PUNPCKLQDQ, Vdq, Wdq).p66();
        row(0x6d, PUNPCKHQDQ, Vdq, Wdq).p66();
        row(0x6e, MOVD, Pq, Ey).np();
        row(0x6e, MOVD, Vdq, Ey).p66();
        row(0x6f, MOVQ, Pq, Qq).np();
        row(0x6f, MOVAPS, Vdq, Wdq).p66().named("MOVDQA");
        row(0x6f, MOVUPS, Vdq, Wdq).pf3().named("MOVDQU");
        row(0x70, PSHUFW, Pq, Qq, Ib).np();
        row(0x70, PSHUFD, Vdq, Wdq, Ib).p66();
        row(0x70, PSHUFHW, Vdq, Wdq, Ib).pf3();
        row(0x70, PSHUFLW, Vdq, Wdq, Ib).pf2();
        row(0x71, PSRLW, Nq, Ib).np().reg(2).register();
        row(0x71, PSRLW, Udq, Ib).p66().reg(2).register();
        row(0x71, PSRAW, Nq, Ib).np().reg(4).register();
        row(0x71, PSRAW, Udq, Ib).p66().reg(4).register();
        row(0x71, PSLLW, Nq, Ib).np().reg(6).register();
        row(0x71, PSLLW, Udq, Ib).p66().reg(6).register();
        row(0x72, PSRLD, Nq, Ib).np().reg(2).register();
        row(0x72, PSRLD, Udq, Ib).p66().reg(2).register();
        row(0x72, PSRAD, Nq, Ib).np().reg(4).register();
        row(0x72, PSRAD, Udq, Ib).p66().reg(4).register();
        row(0x72, PSLLD, Nq, Ib).np().reg(6).register();
        row(0x72, PSLLD, Udq, Ib).p66().reg(6).register();
        row(0x73, PSRLQ, Nq, Ib).np().reg(2).register();
        row(0x73, PSRLQ, Udq, Ib).p66().reg(2).register();
        row(0x73, PSLLQ, Nq, Ib).np().reg(6).register();
        row(0x73, PSLLQ, Udq, Ib).p66().reg(6).register();
        row(0x73, PSRLDQ, Udq, Ib).p66().reg(3).register();
        row(0x73, PSLLDQ, Udq, Ib).p66().reg(7).register();
        row(0x74, PCMPEQB, Pq, Qq).np();
        row(0x74, PCMPEQB, Vdq, Wdq).p66();
        row(0x75, PCMPEQW, Pq, Qq).np();
    }

    private static void twoBytePart3() {
        row(0x75, PCMPEQW, Vdq, Wdq).p66();
        row(0x76, PCMPEQD, Pq, Qq).np();
        row(0x76, PCMPEQD, Vdq, Wdq).p66();
        row(0x77, EMMS).np();
        row(0x7c, HADDPD, Vdq, Wdq).p66();
        row(0x7c, HADDPS, Vdq, Wdq).pf2();
        row(0x7d, HSUBPD, Vdq, Wdq).p66();
        row(0x7d, HSUBPS, Vdq, Wdq).pf2();
        row(0x7e, MOVD, Ey, Pq).np();
        row(0x7e, MOVD, Ey, Vdq).p66();
        row(0x7e, MOVQ, Vdq, Wq).pf3();
        row(0x7f, MOVQ, Qq, Pq).np();
        row(0x7f, MOVAPS, Wdq, Vdq).p66().named("MOVDQA");
        row(0x7f, MOVUPS, Wdq, Vdq).pf3().named("MOVDQU");
        row(0x80, JCC, Jz).with(F64);
        row(0x81, JCC, Jz).with(F64);
        row(0x82, JCC, Jz).with(F64);
        row(0x83, JCC, Jz).with(F64);
        row(0x84, JCC, Jz).with(F64);
        row(0x85, JCC, Jz).with(F64);
        row(0x86, JCC, Jz).with(F64);
        row(0x87, JCC, Jz).with(F64);
        row(0x88, JCC, Jz).with(F64);
        row(0x89, JCC, Jz).with(F64);
        row(0x8a, JCC, Jz).with(F64);
        row(0x8b, JCC, Jz).with(F64);
        row(0x8c, JCC, Jz).with(F64);
        row(0x8d, JCC, Jz).with(F64);
        row(0x8e, JCC, Jz).with(F64);
        row(0x8f, JCC, Jz).with(F64);
        row(0x90, SETCC, Eb);
        row(0x91, SETCC, Eb);
        row(0x92, SETCC, Eb);
        row(0x93, SETCC, Eb);
        row(0x94, SETCC, Eb);
        row(0x95, SETCC, Eb);
        row(0x96, SETCC, Eb);
        row(0x97, SETCC, Eb);
        row(0x98, SETCC, Eb);
        row(0x99, SETCC, Eb);
        row(0x9a, SETCC, Eb);
        row(0x9b, SETCC, Eb);
        row(0x9c, SETCC, Eb);
        row(0x9d, SETCC, Eb);
        row(0x9e, SETCC, Eb);
        row(0x9f, SETCC, Eb);
        row(0xa0, PUSH, FS).with(D64);
        row(0xa1, POP, FS).with(D64);
        row(0xa2, CPUID);
        row(0xa3, BT, Ev, Gv);
        row(0xa4, SHLD, Ev, Gv, Ib);
        row(0xa5, SHLD, Ev, Gv, CL);
        row(0xa8, PUSH, GS).with(D64);
        row(0xa9, POP, GS).with(D64);
        row(0xaa, RSM);
        row(0xab, BTS, Ev, Gv).with(LOCK);
        row(0xac, SHRD, Ev, Gv, Ib);
        row(0xad, SHRD, Ev, Gv, CL);
        row(0xae, FXSAVE, M).np().reg(0).memory();
        row(0xae, FXRSTOR, M).np().reg(1).memory();
        row(0xae, LDMXCSR, Md).np().reg(2).memory();
        row(0xae, STMXCSR, Md).np().reg(3).memory();
        row(0xae, XSAVE, M).np().reg(4).memory();
        row(0xae, XRSTOR, M).np().reg(5).memory();
        row(0xae, XSAVEOPT, M).np().reg(6).memory();
        // CLWB: like CLFLUSHOPT, whose line may stay.
        row(0xae, CLFLUSH, M).p66().reg(6).memory().named("CLWB");
        row(0xae, CLFLUSH, M).np().reg(7).memory();
        row(0xae, CLFLUSH, M).p66().reg(7).memory().named("CLFLUSHOPT");
        row(0xae, RDFSBASE, Ey).pf3().reg(0).register().with(O64);
        row(0xae, RDGSBASE, Ey).pf3().reg(1).register().with(O64);
        row(0xae, WRFSBASE, Ey).pf3().reg(2).register().with(O64);
        row(0xae, WRGSBASE, Ey).pf3().reg(3).register().with(O64);
        row(0xae, LFENCE).np().reg(5).register();
        row(0xae, MFENCE).np().reg(6).register();
        row(0xae, SFENCE).np().reg(7).register();
        row(0xaf, IMUL, Gv, Ev);
        row(0xb0, CMPXCHG, Eb, Gb).with(LOCK);
        row(0xb1, CMPXCHG, Ev, Gv).with(LOCK);
        row(0xb2, LSS, Gv, Mp);
        row(0xb3, BTR, Ev, Gv).with(LOCK);
        row(0xb4, LFS, Gv, Mp);
        row(0xb5, LGS, Gv, Mp);
        row(0xb6, MOVZX, Gv, Eb);
        row(0xb7, MOVZX, Gv, Ew);
        row(0xb8, POPCNT, Gv, Ev).pf3();
        row(0xb9, UD1, Gv, Ev);
        row(0xba, BT, Ev, Ib).reg(4);
        row(0xba, BTS, Ev, Ib).reg(5).with(LOCK);
        row(0xba, BTR, Ev, Ib).reg(6).with(LOCK);
        row(0xba, BTC, Ev, Ib).reg(7).with(LOCK);
        row(0xbb, BTC, Ev, Gv).with(LOCK);
        row(0xbc, TZCNT, Gv, Ev).pf3();
        row(0xbc, BSF, Gv, Ev);
        row(0xbd, LZCNT, Gv, Ev).pf3();
        row(0xbd, BSR, Gv, Ev);
        row(0xbe, MOVSX, Gv, Eb);
        row(0xbf, MOVSX, Gv, Ew);
        row(0xc0, XADD, Eb, Gb).with(LOCK);
        row(0xc1, XADD, Ev, Gv).with(LOCK);
        row(0xc2, CMPPS, Vdq, Wdq, Ib).np();
        row(0xc2, CMPPD, Vdq, Wdq, Ib).p66();
        row(0xc2, CMPSS, Vdq, Wd, Ib).pf3();
        row(0xc2, CMPSD, Vdq, Wq, Ib).pf2();
        row(0xc3, MOVNTI, M, Gy).np().memory();
        row(0xc4, PINSRW, Pq, Ew, Ib).np();
        row(0xc4, PINSRW, Vdq, Ew, Ib).p66();
        row(0xc5, PEXTRW, Gd, Nq, Ib).np().register();
        row(0xc5, PEXTRW, Gd, Udq, Ib).p66().register();
        row(0xc6, SHUFPS, Vdq, Wdq, Ib).np();
        row(0xc6, SHUFPD, Vdq, Wdq, Ib).p66();
    }

    private static void twoBytePart4() {
        row(0xc7, CMPXCHG8B, M).reg(1).memory().with(LOCK);
        row(0xc7, XRSTORS, M).np().reg(3).memory();
        row(0xc7, XSAVEC, M).np().reg(4).memory();
        row(0xc7, XSAVES, M).np().reg(5).memory();
        row(0xc7, RDRAND, Ev).reg(6).register();
        row(0xc7, RDSEED, Ev).reg(7).register();
        row(0xc8, BSWAP, Zv);
        row(0xc9, BSWAP, Zv);
        row(0xca, BSWAP, Zv);
        row(0xcb, BSWAP, Zv);
        row(0xcc, BSWAP, Zv);
        row(0xcd, BSWAP, Zv);
        row(0xce, BSWAP, Zv);
        row(0xcf, BSWAP, Zv);
        row(0xd0, ADDSUBPD, Vdq, Wdq).p66();
        row(0xd0, ADDSUBPS, Vdq, Wdq).pf2();
        row(0xd1, PSRLW, Pq, Qq).np();
        row(0xd1, PSRLW, Vdq, Wdq).p66();
        row(0xd2, PSRLD, Pq, Qq).np();
        row(0xd2, PSRLD, Vdq, Wdq).p66();
        row(0xd3, PSRLQ, Pq, Qq).np();
        row(0xd3, PSRLQ, Vdq, Wdq).p66();
        row(0xd4, PADDQ, Pq, Qq).np();
        row(0xd4, PADDQ, Vdq, Wdq).p66();
        row(0xd5, PMULLW, Pq, Qq).np();
        row(0xd5, PMULLW, Vdq, Wdq).p66();
        row(0xd6, MOVQ, Wq, Vdq).p66();
        row(0xd6, MOVQ2DQ, Vdq, Nq).pf3().register();
        row(0xd6, MOVDQ2Q, Pq, Udq).pf2().register();
        row(0xd7, PMOVMSKB, Gd, Nq).np().register();
        row(0xd7, PMOVMSKB, Gd, Udq).p66().register();
        row(0xd8, PSUBUSB, Pq, Qq).np();
        row(0xd8, PSUBUSB, Vdq, Wdq).p66();
        row(0xd9, PSUBUSW, Pq, Qq).np();
        row(0xd9, PSUBUSW, Vdq, Wdq).p66();
        row(0xda, PMINUB, Pq, Qq).np();
        row(0xda, PMINUB, Vdq, Wdq).p66();
        row(0xdb, PAND, Pq, Qq).np();
        row(0xdb, PAND, Vdq, Wdq).p66();
        row(0xdc, PADDUSB, Pq, Qq).np();
        row(0xdc, PADDUSB, Vdq, Wdq).p66();
        row(0xdd, PADDUSW, Pq, Qq).np();
        row(0xdd, PADDUSW, Vdq, Wdq).p66();
        row(0xde, PMAXUB, Pq, Qq).np();
        row(0xde, PMAXUB, Vdq, Wdq).p66();
        row(0xdf, PANDN, Pq, Qq).np();
        row(0xdf, PANDN, Vdq, Wdq).p66();
        row(0xe0, PAVGB, Pq, Qq).np();
        row(0xe0, PAVGB, Vdq, Wdq).p66();
        row(0xe1, PSRAW, Pq, Qq).np();
        row(0xe1, PSRAW, Vdq, Wdq).p66();
        row(0xe2, PSRAD, Pq, Qq).np();
        row(0xe2, PSRAD, Vdq, Wdq).p66();
        row(0xe3, PAVGW, Pq, Qq).np();
        row(0xe3, PAVGW, Vdq, Wdq).p66();
        row(0xe4, PMULHUW, Pq, Qq).np();
        row(0xe4, PMULHUW, Vdq, Wdq).p66();
        row(0xe5, PMULHW, Pq, Qq).np();
        row(0xe5, PMULHW, Vdq, Wdq).p66();
        row(0xe6, CVTTPD2DQ, Vdq, Wdq).p66();
        row(0xe6, CVTDQ2PD, Vdq, Wq).pf3();
        row(0xe6, CVTPD2DQ, Vdq, Wdq).pf2();
        row(0xe7, MOVNTQ, Mq, Pq).np().memory();
        row(0xe7, MOVNTPS, Mdq, Vdq).p66().memory().named("MOVNTDQ");
        row(0xe8, PSUBSB, Pq, Qq).np();
        row(0xe8, PSUBSB, Vdq, Wdq).p66();
        row(0xe9, PSUBSW, Pq, Qq).np();
        row(0xe9, PSUBSW, Vdq, Wdq).p66();
        row(0xea, PMINSW, Pq, Qq).np();
        row(0xea, PMINSW, Vdq, Wdq).p66();
        row(0xeb, POR, Pq, Qq).np();
        row(0xeb, POR, Vdq, Wdq).p66();
        row(0xec, PADDSB, Pq, Qq).np();
        row(0xec, PADDSB, Vdq, Wdq).p66();
        row(0xed, PADDSW, Pq, Qq).np();
        row(0xed, PADDSW, Vdq, Wdq).p66();
        row(0xee, PMAXSW, Pq, Qq).np();
        row(0xee, PMAXSW, Vdq, Wdq).p66();
        row(0xef, PXOR, Pq, Qq).np();
        row(0xef, PXOR, Vdq, Wdq).p66();
        row(0xf0, LDDQU, Vdq, Mdq).pf2().memory();
        row(0xf1, PSLLW, Pq, Qq).np();
        row(0xf1, PSLLW, Vdq, Wdq).p66();
        row(0xf2, PSLLD, Pq, Qq).np();
        row(0xf2, PSLLD, Vdq, Wdq).p66();
        row(0xf3, PSLLQ, Pq, Qq).np();
        row(0xf3, PSLLQ, Vdq, Wdq).p66();
        row(0xf4, PMULUDQ, Pq, Qq).np();
        row(0xf4, PMULUDQ, Vdq, Wdq).p66();
        row(0xf5, PMADDWD, Pq, Qq).np();
        row(0xf5, PMADDWD, Vdq, Wdq).p66();
        row(0xf6, PSADBW, Pq, Qq).np();
        row(0xf6, PSADBW, Vdq, Wdq).p66();
        row(0xf7, MASKMOVQ, Pq, Nq).np().register();
        row(0xf7, MASKMOVDQU, Vdq, Udq).p66().register();
        row(0xf8, PSUBB, Pq, Qq).np();
        row(0xf8, PSUBB, Vdq, Wdq).p66();
        row(0xf9, PSUBW, Pq, Qq).np();
        row(0xf9, PSUBW, Vdq, Wdq).p66();
        row(0xfa, PSUBD, Pq, Qq).np();
        row(0xfa, PSUBD, Vdq, Wdq).p66();
        row(0xfb, PSUBQ, Pq, Qq).np();
        row(0xfb, PSUBQ, Vdq, Wdq).p66();
        row(0xfc, PADDB, Pq, Qq).np();
        row(0xfc, PADDB, Vdq, Wdq).p66();
        row(0xfd, PADDW, Pq, Qq).np();
        row(0xfd, PADDW, Vdq, Wdq).p66();
        row(0xfe, PADDD, Pq, Qq).np();
        row(0xfe, PADDD, Vdq, Wdq).p66();
        row(0xff, UD0, Gv, Ev);
    }

    /// 0F 38: table A-4.
    private static void threeByte38() {
        row(0x00, PSHUFB, Pq, Qq).np();
        row(0x00, PSHUFB, Vdq, Wdq).p66();
        row(0x01, PHADDW, Pq, Qq).np();
        row(0x01, PHADDW, Vdq, Wdq).p66();
        row(0x02, PHADDD, Pq, Qq).np();
        row(0x02, PHADDD, Vdq, Wdq).p66();
        row(0x03, PHADDSW, Pq, Qq).np();
        row(0x03, PHADDSW, Vdq, Wdq).p66();
        row(0x04, PMADDUBSW, Pq, Qq).np();
        row(0x04, PMADDUBSW, Vdq, Wdq).p66();
        row(0x05, PHSUBW, Pq, Qq).np();
        row(0x05, PHSUBW, Vdq, Wdq).p66();
        row(0x06, PHSUBD, Pq, Qq).np();
        row(0x06, PHSUBD, Vdq, Wdq).p66();
        row(0x07, PHSUBSW, Pq, Qq).np();
        row(0x07, PHSUBSW, Vdq, Wdq).p66();
        row(0x08, PSIGNB, Pq, Qq).np();
        row(0x08, PSIGNB, Vdq, Wdq).p66();
        row(0x09, PSIGNW, Pq, Qq).np();
        row(0x09, PSIGNW, Vdq, Wdq).p66();
        row(0x0a, PSIGND, Pq, Qq).np();
        row(0x0a, PSIGND, Vdq, Wdq).p66();
        row(0x0b, PMULHRSW, Pq, Qq).np();
        row(0x0b, PMULHRSW, Vdq, Wdq).p66();
        row(0x10, PBLENDVB, Vdq, Wdq).p66();
        row(0x14, BLENDVPS, Vdq, Wdq).p66();
        row(0x15, BLENDVPD, Vdq, Wdq).p66();
        row(0x17, PTEST, Vdq, Wdq).p66();
        row(0x1c, PABSB, Pq, Qq).np();
        row(0x1c, PABSB, Vdq, Wdq).p66();
        row(0x1d, PABSW, Pq, Qq).np();
        row(0x1d, PABSW, Vdq, Wdq).p66();
        row(0x1e, PABSD, Pq, Qq).np();
        row(0x1e, PABSD, Vdq, Wdq).p66();
        row(0x20, PMOVSXBW, Vdq, Wq).p66();
        row(0x21, PMOVSXBD, Vdq, Wd).p66();
        row(0x22, PMOVSXBQ, Vdq, Ww).p66();
        row(0x23, PMOVSXWD, Vdq, Wq).p66();
        row(0x24, PMOVSXWQ, Vdq, Wd).p66();
        row(0x25, PMOVSXDQ, Vdq, Wq).p66();
        row(0x28, PMULDQ, Vdq, Wdq).p66();
        row(0x29, PCMPEQQ, Vdq, Wdq).p66();
        row(0x2a, MOVNTDQA, Vdq, Mdq).p66().memory();
        row(0x2b, PACKUSDW, Vdq, Wdq).p66();
        row(0x30, PMOVZXBW, Vdq, Wq).p66();
        row(0x31, PMOVZXBD, Vdq, Wd).p66();
        row(0x32, PMOVZXBQ, Vdq, Ww).p66();
        row(0x33, PMOVZXWD, Vdq, Wq).p66();
        row(0x34, PMOVZXWQ, Vdq, Wd).p66();
        row(0x35, PMOVZXDQ, Vdq, Wq).p66();
        row(0x37, PCMPGTQ, Vdq, Wdq).p66();
        row(0x38, PMINSB, Vdq, Wdq).p66();
        row(0x39, PMINSD, Vdq, Wdq).p66();
        row(0x3a, PMINUW, Vdq, Wdq).p66();
        row(0x3b, PMINUD, Vdq, Wdq).p66();
        row(0x3c, PMAXSB, Vdq, Wdq).p66();
        row(0x3d, PMAXSD, Vdq, Wdq).p66();
        row(0x3e, PMAXUW, Vdq, Wdq).p66();
        row(0x3f, PMAXUD, Vdq, Wdq).p66();
        row(0x40, PMULLD, Vdq, Wdq).p66();
        row(0x41, PHMINPOSUW, Vdq, Wdq).p66();
        row(0x82, INVPCID, Gy, M).p66().memory();
        row(0xc8, SHA1NEXTE, Vdq, Wdq).np();
        row(0xc9, SHA1MSG1, Vdq, Wdq).np();
        row(0xca, SHA1MSG2, Vdq, Wdq).np();
        row(0xcb, SHA256RNDS2, Vdq, Wdq).np();
        row(0xcc, SHA256MSG1, Vdq, Wdq).np();
        row(0xcd, SHA256MSG2, Vdq, Wdq).np();
        row(0xcf, GF2P8MULB, Vdq, Wdq).p66();
        row(0xdb, AESIMC, Vdq, Wdq).p66();
        row(0xdc, AESENC, Vdq, Wdq).p66();
        row(0xdd, AESENCLAST, Vdq, Wdq).p66();
        row(0xde, AESDEC, Vdq, Wdq).p66();
        row(0xdf, AESDECLAST, Vdq, Wdq).p66();
        row(0xf0, MOVBE, Gv, M).np().memory();
        row(0xf0, MOVBE, Gv, M).p66().memory();
        row(0xf1, MOVBE, M, Gv).np().memory();
        row(0xf1, MOVBE, M, Gv).p66().memory();
        row(0xf0, CRC32, Gy, Eb).pf2();
        row(0xf1, CRC32, Gy, Ev).pf2();
        row(0xf6, ADCX, Gy, Ey).p66();
        row(0xf6, ADOX, Gy, Ey).pf3();
    }

    /// 0F 3A: table A-5.
    private static void threeByte3a() {
        row(0x08, ROUNDPS, Vdq, Wdq, Ib).p66();
        row(0x09, ROUNDPD, Vdq, Wdq, Ib).p66();
        row(0x0a, ROUNDSS, Vdq, Wd, Ib).p66();
        row(0x0b, ROUNDSD, Vdq, Wq, Ib).p66();
        row(0x0c, BLENDPS, Vdq, Wdq, Ib).p66();
        row(0x0d, BLENDPD, Vdq, Wdq, Ib).p66();
        row(0x0e, PBLENDW, Vdq, Wdq, Ib).p66();
        row(0x0f, PALIGNR, Pq, Qq, Ib).np();
        row(0x0f, PALIGNR, Vdq, Wdq, Ib).p66();
        row(0x14, PEXTRB, Ed, Vdq, Ib).p66();
        row(0x15, PEXTRW, Ed, Vdq, Ib).p66();
        row(0x16, PEXTRD, Ey, Vdq, Ib).p66();
        row(0x17, EXTRACTPS, Ed, Vdq, Ib).p66();
        row(0x20, PINSRB, Vdq, Ed, Ib).p66();
        row(0x21, INSERTPS, Vdq, Wd, Ib).p66();
        row(0x22, PINSRD, Vdq, Ey, Ib).p66();
        row(0x40, DPPS, Vdq, Wdq, Ib).p66();
        row(0x41, DPPD, Vdq, Wdq, Ib).p66();
        row(0x42, MPSADBW, Vdq, Wdq, Ib).p66();
        row(0x44, PCLMULQDQ, Vdq, Wdq, Ib).p66();
        row(0x60, PCMPESTRM, Vdq, Wdq, Ib).p66();
        row(0x61, PCMPESTRI, Vdq, Wdq, Ib).p66();
        row(0x62, PCMPISTRM, Vdq, Wdq, Ib).p66();
        row(0x63, PCMPISTRI, Vdq, Wdq, Ib).p66();
        row(0xcc, SHA1RNDS4, Vdq, Wdq, Ib).np();
        row(0xce, GF2P8AFFINEQB, Vdq, Wdq, Ib).p66();
        row(0xcf, GF2P8AFFINEINVQB, Vdq, Wdq, Ib).p66();
        row(0xdf, AESKEYGENASSIST, Vdq, Wdq, Ib).p66();
    }

    static Builder row(int opcode, Op op, Operand... operands) {
        Builder builder = new Builder(map, opcode, op, List.of(operands));
        ALL.add(builder.row());
        return builder;
    }

    private static void index() {
        for (Row row : ALL) {
            Row[][] of = (row.has(VEX) ? VEX_ROWS : ROWS)[row.map()];
            Row[] before = of[row.opcode()];
            Row[] with = before == null ? new Row[1] : Arrays.copyOf(before, before.length + 1);
            with[with.length - 1] = row;
            of[row.opcode()] = with;
            if (!row.has(VEX)) {
                HAS_MODRM[row.map()][row.opcode()] |= row.hasModRm();
            }
        }
    }

    /// Replaces the row just added by one with more conditions.
    record Builder(Row row) {
        Builder(int map, int opcode, Op op, List<Operand> operands) {
            this(new Row(map, opcode, ANY, -1, ANY, -1, op, operands, 0, mnemonic(op)));
        }

        private static String mnemonic(Op op) {
            return switch (op) {
                case JCC -> "Jcc";
                case SETCC -> "SETcc";
                case CMOVCC -> "CMOVcc";
                case CALLF, CALLI -> "CALL";
                case JMPF, JMPI -> "JMP";
                case RETF -> "RETF";
                case MOVFROMSEG, MOVTOSEG, MOVFROMCR, MOVTOCR, MOVFROMDR, MOVTODR -> "MOV";
                default -> op.name();
            };
        }

        private Builder change(int prefix, int reg, int mod, int rm, int attributes) {
            Row changed =
                    new Row(
                            row.map(),
                            row.opcode(),
                            prefix,
                            reg,
                            mod,
                            rm,
                            row.op(),
                            row.operands(),
                            attributes,
                            row.mnemonic());
            ALL.set(ALL.size() - 1, changed);
            return new Builder(changed);
        }

        /// For a row whose operation has another's [Op].
        Builder named(String mnemonic) {
            Row changed =
                    new Row(
                            row.map(),
                            row.opcode(),
                            row.prefix(),
                            row.reg(),
                            row.mod(),
                            row.rm(),
                            row.op(),
                            row.operands(),
                            row.attributes(),
                            mnemonic);
            ALL.set(ALL.size() - 1, changed);
            return new Builder(changed);
        }

        Builder np() {
            return change(NP, row.reg(), row.mod(), row.rm(), row.attributes());
        }

        Builder p66() {
            return change(P66, row.reg(), row.mod(), row.rm(), row.attributes());
        }

        Builder pf3() {
            return change(PF3, row.reg(), row.mod(), row.rm(), row.attributes());
        }

        Builder pf2() {
            return change(PF2, row.reg(), row.mod(), row.rm(), row.attributes());
        }

        Builder reg(int reg) {
            return change(row.prefix(), reg, row.mod(), row.rm(), row.attributes());
        }

        Builder memory() {
            return change(row.prefix(), row.reg(), MEMORY, row.rm(), row.attributes());
        }

        Builder register() {
            return change(row.prefix(), row.reg(), REGISTER, row.rm(), row.attributes());
        }

        Builder rm(int rm) {
            return change(row.prefix(), row.reg(), row.mod(), rm, row.attributes());
        }

        Builder with(int attributes) {
            return change(
                    row.prefix(), row.reg(), row.mod(), row.rm(), row.attributes() | attributes);
        }
    }
}
