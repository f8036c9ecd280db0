package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.tcg.x86.fp.Differential.Kind;
import straddle.tcg.x86.fp.Differential.Row;

/// Integer operations and shuffles on XMM and MMX registers against the host's processor.
@EnabledIf(
        value = "straddle.tcg.x86.fp.HostCpu#available",
        disabledReason = "the oracle is an x86 processor under Linux")
class SseIntegerTest {
    private interface Xmm {
        void run(long[] v, int d, int s);
    }

    private interface XmmByte {
        void run(long[] v, int d, int s, int imm);
    }

    private interface MmxByte {
        long run(long x, int imm);
    }

    private static final int[] IMMEDIATES = {
        0, 1, 2, 3, 5, 7, 8, 9, 0x0f, 0x10, 0x1b, 0x1f, 0x20, 0x3f, 0x40, 0x8e, 0xe4, 0xff
    };

    private static final List<Row> ROWS = new ArrayList<>();

    private static void row(String name, String code, Differential.Semantics semantics) {
        ROWS.add(new Row(name, code, Kind.INTEGER, 0, semantics));
    }

    /// Two registers, and the same one twice.
    private static void xmm(String name, String opcode, Xmm op) {
        row(name, opcode + "C1", g -> op.run(g.v, 0, 2));
        row(name + " self", opcode + "C0", g -> op.run(g.v, 0, 0));
    }

    private static void xmmByte(String name, String opcode, XmmByte op) {
        for (int imm : IMMEDIATES) {
            String hex = "%02X".formatted(imm);
            row(name + " " + hex, opcode + "C1" + hex, g -> op.run(g.v, 0, 2, imm));
            row(name + " self " + hex, opcode + "C0" + hex, g -> op.run(g.v, 0, 0, imm));
        }
    }

    /// An operation with both an MMX and an XMM form.
    private static void both(String name, String opcode, LongBinaryOperator mmx, Xmm xmm) {
        row(name + " mm", opcode + "C1", g -> g.mm[0] = mmx.applyAsLong(g.mm[0], g.mm[1]));
        xmm(name, "66" + opcode, xmm);
    }

    private interface XmmCount {
        void run(long[] v, int d, long count);
    }

    static List<Row> integer() {
        ROWS.clear();
        both("paddb", "0FFC", Mmx::paddb, SseInteger::paddb);
        both("paddw", "0FFD", Mmx::paddw, SseInteger::paddw);
        both("paddd", "0FFE", Mmx::paddd, SseInteger::paddd);
        both("paddq", "0FD4", Mmx::paddq, SseInteger::paddq);
        both("psubb", "0FF8", Mmx::psubb, SseInteger::psubb);
        both("psubw", "0FF9", Mmx::psubw, SseInteger::psubw);
        both("psubd", "0FFA", Mmx::psubd, SseInteger::psubd);
        both("psubq", "0FFB", Mmx::psubq, SseInteger::psubq);
        both("paddusb", "0FDC", Mmx::paddusb, SseInteger::paddusb);
        both("paddusw", "0FDD", Mmx::paddusw, SseInteger::paddusw);
        both("paddsb", "0FEC", Mmx::paddsb, SseInteger::paddsb);
        both("paddsw", "0FED", Mmx::paddsw, SseInteger::paddsw);
        both("psubusb", "0FD8", Mmx::psubusb, SseInteger::psubusb);
        both("psubusw", "0FD9", Mmx::psubusw, SseInteger::psubusw);
        both("psubsb", "0FE8", Mmx::psubsb, SseInteger::psubsb);
        both("psubsw", "0FE9", Mmx::psubsw, SseInteger::psubsw);
        both("pcmpeqb", "0F74", Mmx::pcmpeqb, SseInteger::pcmpeqb);
        both("pcmpeqw", "0F75", Mmx::pcmpeqw, SseInteger::pcmpeqw);
        both("pcmpeqd", "0F76", Mmx::pcmpeqd, SseInteger::pcmpeqd);
        both("pcmpgtb", "0F64", Mmx::pcmpgtb, SseInteger::pcmpgtb);
        both("pcmpgtw", "0F65", Mmx::pcmpgtw, SseInteger::pcmpgtw);
        both("pcmpgtd", "0F66", Mmx::pcmpgtd, SseInteger::pcmpgtd);
        both("pminub", "0FDA", Mmx::pminub, SseInteger::pminub);
        both("pmaxub", "0FDE", Mmx::pmaxub, SseInteger::pmaxub);
        both("pminsw", "0FEA", Mmx::pminsw, SseInteger::pminsw);
        both("pmaxsw", "0FEE", Mmx::pmaxsw, SseInteger::pmaxsw);
        both("pavgb", "0FE0", Mmx::pavgb, SseInteger::pavgb);
        both("pavgw", "0FE3", Mmx::pavgw, SseInteger::pavgw);
        both("pand", "0FDB", Mmx::pand, SseInteger::pand);
        both("pandn", "0FDF", Mmx::pandn, SseInteger::pandn);
        both("por", "0FEB", Mmx::por, SseInteger::por);
        both("pxor", "0FEF", Mmx::pxor, SseInteger::pxor);
        both("pmullw", "0FD5", Mmx::pmullw, SseInteger::pmullw);
        both("pmulhw", "0FE5", Mmx::pmulhw, SseInteger::pmulhw);
        both("pmulhuw", "0FE4", Mmx::pmulhuw, SseInteger::pmulhuw);
        both("pmaddwd", "0FF5", Mmx::pmaddwd, SseInteger::pmaddwd);
        both("pmuludq", "0FF4", Mmx::pmuludq, SseInteger::pmuludq);
        both("psadbw", "0FF6", Mmx::psadbw, SseInteger::psadbw);
        both("packsswb", "0F63", Mmx::packsswb, SseInteger::packsswb);
        both("packuswb", "0F67", Mmx::packuswb, SseInteger::packuswb);
        both("packssdw", "0F6B", Mmx::packssdw, SseInteger::packssdw);
        both("punpcklbw", "0F60", Mmx::punpcklbw, SseShuffle::punpcklbw);
        both("punpcklwd", "0F61", Mmx::punpcklwd, SseShuffle::punpcklwd);
        both("punpckldq", "0F62", Mmx::punpckldq, SseShuffle::punpckldq);
        both("punpckhbw", "0F68", Mmx::punpckhbw, SseShuffle::punpckhbw);
        both("punpckhwd", "0F69", Mmx::punpckhwd, SseShuffle::punpckhwd);
        both("punpckhdq", "0F6A", Mmx::punpckhdq, SseShuffle::punpckhdq);
        both("psllw", "0FF1", Mmx::psllw, SseInteger::psllw);
        both("pslld", "0FF2", Mmx::pslld, SseInteger::pslld);
        both("psllq", "0FF3", Mmx::psllq, SseInteger::psllq);
        both("psrlw", "0FD1", Mmx::psrlw, SseInteger::psrlw);
        both("psrld", "0FD2", Mmx::psrld, SseInteger::psrld);
        both("psrlq", "0FD3", Mmx::psrlq, SseInteger::psrlq);
        both("psraw", "0FE1", Mmx::psraw, SseInteger::psraw);
        both("psrad", "0FE2", Mmx::psrad, SseInteger::psrad);
        shift("psllw", "0F71F0", Mmx::psllw, SseInteger::psllwBy);
        shift("psrlw", "0F71D0", Mmx::psrlw, SseInteger::psrlwBy);
        shift("psraw", "0F71E0", Mmx::psraw, SseInteger::psrawBy);
        shift("pslld", "0F72F0", Mmx::pslld, SseInteger::pslldBy);
        shift("psrld", "0F72D0", Mmx::psrld, SseInteger::psrldBy);
        shift("psrad", "0F72E0", Mmx::psrad, SseInteger::psradBy);
        shift("psllq", "0F73F0", Mmx::psllq, SseInteger::psllqBy);
        shift("psrlq", "0F73D0", Mmx::psrlq, SseInteger::psrlqBy);
        for (int imm : IMMEDIATES) {
            String hex = "%02X".formatted(imm);
            row("pslldq " + hex, "660F73F8" + hex, g -> SseInteger.pslldq(g.v, 0, imm));
            row("psrldq " + hex, "660F73D8" + hex, g -> SseInteger.psrldq(g.v, 0, imm));
        }
        return List.copyOf(ROWS);
    }

    private static void shift(String name, String opcode, LongBinaryOperator mmx, XmmCount xmm) {
        for (int imm : IMMEDIATES) {
            String code = opcode + "%02X".formatted(imm);
            row(name + " mm " + imm, code, g -> g.mm[0] = mmx.applyAsLong(g.mm[0], imm));
            row(name + " " + imm, "66" + code, g -> xmm.run(g.v, 0, imm));
        }
    }

    static List<Row> shuffles() {
        ROWS.clear();
        xmmByte("pshufd", "660F70", SseShuffle::pshufd);
        xmmByte("pshuflw", "F20F70", SseShuffle::pshuflw);
        xmmByte("pshufhw", "F30F70", SseShuffle::pshufhw);
        xmmByte("shufps", "0FC6", SseShuffle::shufps);
        xmmByte("shufpd", "660FC6", SseShuffle::shufpd);
        mmxByte("pshufw", "0F70", Mmx::pshufw);
        xmm("punpcklqdq", "660F6C", SseShuffle::punpcklqdq);
        xmm("punpckhqdq", "660F6D", SseShuffle::punpckhqdq);
        xmm("unpcklps", "0F14", SseShuffle::punpckldq);
        xmm("unpckhps", "0F15", SseShuffle::punpckhdq);
        xmm("unpcklpd", "660F14", SseShuffle::punpcklqdq);
        xmm("unpckhpd", "660F15", SseShuffle::punpckhqdq);
        xmm("movhlps", "0F12", SseShuffle::movhlps);
        xmm("movlhps", "0F16", SseShuffle::punpcklqdq);
        xmm("movss", "F30F10", SseShuffle::movss);
        xmm("movsd", "F20F10", SseShuffle::movsd);
        xmm("movddup", "F20F12", SseShuffle::movddup);
        xmm("movsldup", "F30F12", SseShuffle::movsldup);
        xmm("movshdup", "F30F16", SseShuffle::movshdup);
        row("movmskps", "0F50C1", g -> g.rax = SseShuffle.movmskps(g.v, 2));
        row("movmskpd", "660F50C1", g -> g.rax = SseShuffle.movmskpd(g.v, 2));
        row("pmovmskb", "660FD7C1", g -> g.rax = SseShuffle.pmovmskb(g.v, 2));
        row("pmovmskb mm", "0FD7C1", g -> g.rax = Mmx.pmovmskb(g.mm[1]));
        for (int imm : IMMEDIATES) {
            String hex = "%02X".formatted(imm);
            row("pextrw " + hex, "660FC5C1" + hex, g -> g.rax = SseShuffle.pextrw(g.v, 2, imm));
            row("pextrw mm " + hex, "0FC5C1" + hex, g -> g.rax = Mmx.pextrw(g.mm[1], imm));
            row(
                    "pinsrw " + hex,
                    "660FC4C1" + hex,
                    g -> SseShuffle.pinsrw(g.v, 0, (int) g.rcx, imm));
            row(
                    "pinsrw mm " + hex,
                    "0FC4C1" + hex,
                    g -> g.mm[0] = Mmx.pinsrw(g.mm[0], (int) g.rcx, imm));
        }
        return List.copyOf(ROWS);
    }

    private static void mmxByte(String name, String opcode, MmxByte op) {
        for (int imm : IMMEDIATES) {
            String hex = "%02X".formatted(imm);
            row(name + " " + hex, opcode + "C1" + hex, g -> g.mm[0] = op.run(g.mm[1], imm));
        }
    }

    private static void unary(String name, String opcode, LongUnaryOperator mmx, Xmm xmm) {
        row(name + " mm", opcode + "C1", g -> g.mm[0] = mmx.applyAsLong(g.mm[1]));
        xmm(name, "66" + opcode, xmm);
    }

    static List<Row> ssse3() {
        ROWS.clear();
        both("pshufb", "0F3800", Mmx::pshufb, SseShuffle::pshufb);
        both("phaddw", "0F3801", Mmx::phaddw, SseInteger::phaddw);
        both("phaddd", "0F3802", Mmx::phaddd, SseInteger::phaddd);
        both("phaddsw", "0F3803", Mmx::phaddsw, SseInteger::phaddsw);
        both("pmaddubsw", "0F3804", Mmx::pmaddubsw, SseInteger::pmaddubsw);
        both("phsubw", "0F3805", Mmx::phsubw, SseInteger::phsubw);
        both("phsubd", "0F3806", Mmx::phsubd, SseInteger::phsubd);
        both("phsubsw", "0F3807", Mmx::phsubsw, SseInteger::phsubsw);
        both("psignb", "0F3808", Mmx::psignb, SseInteger::psignb);
        both("psignw", "0F3809", Mmx::psignw, SseInteger::psignw);
        both("psignd", "0F380A", Mmx::psignd, SseInteger::psignd);
        both("pmulhrsw", "0F380B", Mmx::pmulhrsw, SseInteger::pmulhrsw);
        unary("pabsb", "0F381C", Mmx::pabsb, SseInteger::pabsb);
        unary("pabsw", "0F381D", Mmx::pabsw, SseInteger::pabsw);
        unary("pabsd", "0F381E", Mmx::pabsd, SseInteger::pabsd);
        xmmByte("palignr", "660F3A0F", SseShuffle::palignr);
        for (int imm : IMMEDIATES) {
            String hex = "%02X".formatted(imm);
            row(
                    "palignr mm " + hex,
                    "0F3A0FC1" + hex,
                    g -> g.mm[0] = Mmx.palignr(g.mm[0], g.mm[1], imm));
        }
        return List.copyOf(ROWS);
    }

    static List<Row> sse41() {
        ROWS.clear();
        xmm("packusdw", "660F382B", SseInteger::packusdw);
        xmm("pmuldq", "660F3828", SseInteger::pmuldq);
        xmm("pcmpeqq", "660F3829", SseInteger::pcmpeqq);
        xmm("pcmpgtq", "660F3837", SseInteger::pcmpgtq);
        xmm("pminsb", "660F3838", SseInteger::pminsb);
        xmm("pminsd", "660F3839", SseInteger::pminsd);
        xmm("pminuw", "660F383A", SseInteger::pminuw);
        xmm("pminud", "660F383B", SseInteger::pminud);
        xmm("pmaxsb", "660F383C", SseInteger::pmaxsb);
        xmm("pmaxsd", "660F383D", SseInteger::pmaxsd);
        xmm("pmaxuw", "660F383E", SseInteger::pmaxuw);
        xmm("pmaxud", "660F383F", SseInteger::pmaxud);
        xmm("pmulld", "660F3840", SseInteger::pmulld);
        xmm("phminposuw", "660F3841", SseInteger::phminposuw);
        xmm("pmovsxbw", "660F3820", SseShuffle::pmovsxbw);
        xmm("pmovsxbd", "660F3821", SseShuffle::pmovsxbd);
        xmm("pmovsxbq", "660F3822", SseShuffle::pmovsxbq);
        xmm("pmovsxwd", "660F3823", SseShuffle::pmovsxwd);
        xmm("pmovsxwq", "660F3824", SseShuffle::pmovsxwq);
        xmm("pmovsxdq", "660F3825", SseShuffle::pmovsxdq);
        xmm("pmovzxbw", "660F3830", SseShuffle::pmovzxbw);
        xmm("pmovzxbd", "660F3831", SseShuffle::pmovzxbd);
        xmm("pmovzxbq", "660F3832", SseShuffle::pmovzxbq);
        xmm("pmovzxwd", "660F3833", SseShuffle::pmovzxwd);
        xmm("pmovzxwq", "660F3834", SseShuffle::pmovzxwq);
        xmm("pmovzxdq", "660F3835", SseShuffle::pmovzxdq);
        row("pblendvb", "660F3810CA", g -> SseShuffle.pblendvb(g.v, 2, 4));
        row("blendvps", "660F3814CA", g -> SseShuffle.blendvps(g.v, 2, 4));
        row("blendvpd", "660F3815CA", g -> SseShuffle.blendvpd(g.v, 2, 4));
        row("pblendvb self", "660F3810C1", g -> SseShuffle.pblendvb(g.v, 0, 2));
        row("blendvps self", "660F3814C1", g -> SseShuffle.blendvps(g.v, 0, 2));
        row("blendvpd self", "660F3815C1", g -> SseShuffle.blendvpd(g.v, 0, 2));
        xmmByte("blendps", "660F3A0C", SseShuffle::blendps);
        xmmByte("blendpd", "660F3A0D", SseShuffle::blendpd);
        xmmByte("pblendw", "660F3A0E", SseShuffle::pblendw);
        xmmByte("insertps", "660F3A21", SseShuffle::insertps);
        xmmByte("mpsadbw", "660F3A42", SseInteger::mpsadbw);
        ROWS.add(
                new Row(
                        "ptest",
                        "660F3817C1",
                        Kind.INTEGER,
                        0x8d5,
                        g -> g.flags = SseInteger.ptest(g.v, 0, 2)));
        ROWS.add(
                new Row(
                        "ptest self",
                        "660F3817C0",
                        Kind.INTEGER,
                        0x8d5,
                        g -> g.flags = SseInteger.ptest(g.v, 0, 0)));
        for (int imm : IMMEDIATES) {
            elements(imm, "%02X".formatted(imm));
        }
        return List.copyOf(ROWS);
    }

    private static void elements(int imm, String hex) {
        row("pextrb " + hex, "660F3A14C8" + hex, g -> g.rax = SseShuffle.pextrb(g.v, 2, imm));
        row(
                "pextrd " + hex,
                "660F3A16C8" + hex,
                g -> g.rax = SseShuffle.pextrd(g.v, 2, imm) & 0xffff_ffffL);
        row("pextrq " + hex, "66480F3A16C8" + hex, g -> g.rax = SseShuffle.pextrq(g.v, 2, imm));
        row(
                "extractps " + hex,
                "660F3A17C8" + hex,
                g -> g.rax = SseShuffle.pextrd(g.v, 2, imm) & 0xffff_ffffL);
        row("pinsrb " + hex, "660F3A20C1" + hex, g -> SseShuffle.pinsrb(g.v, 0, (int) g.rcx, imm));
        row("pinsrd " + hex, "660F3A22C1" + hex, g -> SseShuffle.pinsrd(g.v, 0, (int) g.rcx, imm));
        row("pinsrq " + hex, "66480F3A22C1" + hex, g -> SseShuffle.pinsrq(g.v, 0, g.rcx, imm));
    }

    @ParameterizedTest
    @MethodSource({"integer", "shuffles", "ssse3", "sse41"})
    void agreesWithTheProcessor(Row row) {
        assertEquals("", Differential.firstDifference(row));
    }
}
