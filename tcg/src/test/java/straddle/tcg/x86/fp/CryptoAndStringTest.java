package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.tcg.x86.fp.Differential.Kind;
import straddle.tcg.x86.fp.Differential.Row;

/// AES, carry-less products, SHA, GFNI, strings and CRC32 against the host's processor, where it
/// has them.
@EnabledIf(
        value = "straddle.tcg.x86.fp.HostCpu#available",
        disabledReason = "the oracle is an x86 processor under Linux")
class CryptoAndStringTest {
    private interface Xmm {
        void run(long[] v, int d, int s);
    }

    private interface XmmByte {
        void run(long[] v, int d, int s, int imm);
    }

    private static final int FLAGS = 0x8d5;

    private static final List<Row> ROWS = new ArrayList<>();

    private static void xmm(String name, String opcode, Xmm op) {
        ROWS.add(new Row(name, opcode + "CA", Kind.INTEGER, 0, g -> op.run(g.v, 2, 4)));
        ROWS.add(new Row(name + " self", opcode + "C9", Kind.INTEGER, 0, g -> op.run(g.v, 2, 2)));
    }

    private static void xmmByte(String name, String opcode, XmmByte op, int... immediates) {
        for (int imm : immediates) {
            String hex = "%02X".formatted(imm);
            xmm(name + " " + hex, opcode, imm, op);
        }
    }

    private static void xmm(String name, String opcode, int imm, XmmByte op) {
        String hex = "%02X".formatted(imm);
        ROWS.add(new Row(name, opcode + "CA" + hex, Kind.INTEGER, 0, g -> op.run(g.v, 2, 4, imm)));
        ROWS.add(
                new Row(
                        name + " self",
                        opcode + "C9" + hex,
                        Kind.INTEGER,
                        0,
                        g -> op.run(g.v, 2, 2, imm)));
    }

    static List<Row> crypto() {
        ROWS.clear();
        if (HostCpu.has("aes")) {
            xmm("aesimc", "660F38DB", Aes::aesimc);
            xmm("aesenc", "660F38DC", Aes::aesenc);
            xmm("aesenclast", "660F38DD", Aes::aesenclast);
            xmm("aesdec", "660F38DE", Aes::aesdec);
            xmm("aesdeclast", "660F38DF", Aes::aesdeclast);
            xmmByte("aeskeygenassist", "660F3ADF", Aes::aeskeygenassist, 0, 1, 0x1b, 0xff);
        }
        if (HostCpu.has("pclmulqdq")) {
            xmmByte("pclmulqdq", "660F3A44", Aes::pclmulqdq, 0, 1, 0x10, 0x11, 0xee);
        }
        if (HostCpu.has("gfni")) {
            xmm("gf2p8mulb", "660F38CF", Aes::gf2p8mulb);
            xmmByte("gf2p8affineqb", "660F3ACE", Aes::gf2p8affineqb, 0, 0x63, 0xff);
            xmmByte("gf2p8affineinvqb", "660F3ACF", Aes::gf2p8affineinvqb, 0, 0x63, 0xff);
        }
        if (HostCpu.has("sha_ni")) {
            xmm("sha1nexte", "0F38C8", Sha::sha1nexte);
            xmm("sha1msg1", "0F38C9", Sha::sha1msg1);
            xmm("sha1msg2", "0F38CA", Sha::sha1msg2);
            xmm("sha256rnds2", "0F38CB", Sha::sha256rnds2);
            xmm("sha256msg1", "0F38CC", Sha::sha256msg1);
            xmm("sha256msg2", "0F38CD", Sha::sha256msg2);
            xmmByte("sha1rnds4", "0F3ACC", Sha::sha1rnds4, 0, 1, 2, 3);
        }
        return List.copyOf(ROWS);
    }

    private static void string(String name, String code, Differential.Semantics semantics) {
        ROWS.add(new Row(name, code, Kind.TEXT, FLAGS, semantics));
    }

    private static void index(Differential.Guest g, int answer) {
        g.flags = answer >>> SseString.FLAGS_SHIFT;
        g.rcx = answer & 0xffff;
    }

    private static void mask(Differential.Guest g, int answer) {
        g.flags = answer >>> SseString.FLAGS_SHIFT;
    }

    static List<Row> strings() {
        ROWS.clear();
        for (int i = 0; i < 128; i++) {
            strings(i, "%02X".formatted(i));
        }
        crc("b", "F20F38F0C1", 1);
        crc("w", "66F20F38F1C1", 2);
        crc("d", "F20F38F1C1", 4);
        crc("q", "F2480F38F1C1", 8);
        return List.copyOf(ROWS);
    }

    private static void strings(int imm, String hex) {
        string(
                "pcmpestrm " + hex,
                "660F3A60CA" + hex,
                g ->
                        mask(
                                g,
                                SseString.pcmpestrm(
                                        g.v, 2, 4, imm, g.rax << 32 >> 32, g.rdx << 32 >> 32)));
        string(
                "pcmpestri " + hex,
                "660F3A61CA" + hex,
                g ->
                        index(
                                g,
                                SseString.pcmpestri(
                                        g.v, 2, 4, imm, g.rax << 32 >> 32, g.rdx << 32 >> 32)));
        string(
                "pcmpestri rex.w " + hex,
                "66480F3A61CA" + hex,
                g -> index(g, SseString.pcmpestri(g.v, 2, 4, imm, g.rax, g.rdx)));
        string(
                "pcmpistrm " + hex,
                "660F3A62CA" + hex,
                g -> mask(g, SseString.pcmpistrm(g.v, 2, 4, imm)));
        string(
                "pcmpistri " + hex,
                "660F3A63CA" + hex,
                g -> index(g, SseString.pcmpistri(g.v, 2, 4, imm)));
    }

    private static void crc(String width, String code, int bytes) {
        ROWS.add(
                new Row(
                        "crc32" + width,
                        code,
                        Kind.INTEGER,
                        0,
                        g -> g.rax = SseString.crc32(g.rax, g.rcx, bytes)));
    }

    @ParameterizedTest
    @MethodSource({"crypto", "strings"})
    void agreesWithTheProcessor(Row row) {
        assertEquals("", Differential.firstDifference(row));
    }
}
