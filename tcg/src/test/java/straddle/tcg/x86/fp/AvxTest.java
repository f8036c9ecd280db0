package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.tcg.x86.fp.Differential.Kind;
import straddle.tcg.x86.fp.Differential.Row;

/// What AVX, AVX2, FMA and F16C add to SSE, on 128 bits, against the host's processor.
@EnabledIf(
        value = "straddle.tcg.x86.fp.AvxTest#available",
        disabledReason = "the oracle is an x86 processor with AVX2, FMA and F16C under Linux")
class AvxTest {
    /// On XMM0, XMM1 and XMM2.
    private interface Fused {
        boolean run(FpControl c, long[] v, int d, int s, int t, int opcode);
    }

    private static final List<Row> ROWS = new ArrayList<>();

    static boolean available() {
        return HostCpu.available()
                && HostCpu.has("avx2")
                && HostCpu.has("fma")
                && HostCpu.has("f16c");
    }

    private static void fused(String name, String prefix, int opcode, Kind kind, Fused op) {
        ROWS.add(
                new Row(
                        name + " %02x".formatted(opcode),
                        prefix + "%02XC2".formatted(opcode),
                        kind,
                        0,
                        g -> g.trapped |= op.run(g.c, g.v, 0, 2, 4, opcode)));
    }

    static List<Row> fma() {
        ROWS.clear();
        for (int order = 0x90; order <= 0xb0; order += 0x10) {
            for (int kind = 6; kind < 16; kind++) {
                int opcode = order | kind;
                boolean packed = kind <= 8 || kind % 2 == 0;
                if (packed) {
                    fused("ps", "C4E271", opcode, Kind.BINARY32, Fma::ps);
                    fused("pd", "C4E2F1", opcode, Kind.BINARY64, Fma::pd);
                } else {
                    fused("ss", "C4E271", opcode, Kind.BINARY32, Fma::ss);
                    fused("sd", "C4E2F1", opcode, Kind.BINARY64, Fma::sd);
                }
            }
        }
        return List.copyOf(ROWS);
    }

    private interface Compare {
        boolean run(FpControl c, long[] v, int d, int s, int predicate);
    }

    private static void compare(String name, String code, Kind kind, Compare op) {
        for (int i = 0; i < 32; i++) {
            int predicate = i;
            ROWS.add(
                    new Row(
                            name + " " + i,
                            code + "%02X".formatted(i),
                            kind,
                            0,
                            g -> {
                                g.v[0] = g.v[2];
                                g.v[1] = g.v[3];
                                g.trapped |= op.run(g.c, g.v, 0, 4, predicate);
                            }));
        }
    }

    static List<Row> compares() {
        ROWS.clear();
        compare("vcmpps", "C5F0C2C2", Kind.BINARY32, Avx::vcmpps);
        compare("vcmppd", "C5F1C2C2", Kind.BINARY64, Avx::vcmppd);
        compare("vcmpss", "C5F2C2C2", Kind.BINARY32, Avx::vcmpss);
        compare("vcmpsd", "C5F3C2C2", Kind.BINARY64, Avx::vcmpsd);
        return List.copyOf(ROWS);
    }

    private interface Three {
        void run(long[] v, int d, int s, int t);
    }

    private static void three(String name, String code, Three op) {
        ROWS.add(new Row(name, code, Kind.INTEGER, 0, g -> op.run(g.v, 0, 2, 4)));
    }

    static List<Row> elements() {
        ROWS.clear();
        three("vpermilps", "C4E2710CC2", Avx::vpermilps);
        three("vpermilpd", "C4E2710DC2", Avx::vpermilpd);
        three("vpsllvd", "C4E27147C2", Avx::vpsllvd);
        three("vpsrlvd", "C4E27145C2", Avx::vpsrlvd);
        three("vpsravd", "C4E27146C2", Avx::vpsravd);
        three("vpsllvq", "C4E2F147C2", Avx::vpsllvq);
        three("vpsrlvq", "C4E2F145C2", Avx::vpsrlvq);
        ROWS.add(
                new Row(
                        "vtestps",
                        "C4E2790EC1",
                        Kind.INTEGER,
                        0x8d5,
                        g -> g.flags = Avx.vtestps(g.v, 0, 2)));
        ROWS.add(
                new Row(
                        "vtestpd",
                        "C4E2790FC1",
                        Kind.INTEGER,
                        0x8d5,
                        g -> g.flags = Avx.vtestpd(g.v, 0, 2)));
        return List.copyOf(ROWS);
    }

    static List<Row> halves() {
        ROWS.clear();
        ROWS.add(
                new Row(
                        "vcvtph2ps",
                        "C4E27913C1",
                        Kind.HALF,
                        0,
                        g -> {
                            g.v[0] = Avx.vcvtph2ps(g.c, (int) g.v[2]);
                            g.v[1] = Avx.vcvtph2ps(g.c, (int) (g.v[2] >>> 32));
                            g.trapped |= SseConvert.raises(g.c);
                        }));
        for (int i = 0; i < 8; i++) {
            int imm = i;
            ROWS.add(
                    new Row(
                            "vcvtps2ph " + imm,
                            "C4E3791DC8%02X".formatted(imm),
                            Kind.HALF,
                            0,
                            g -> {
                                long low = Avx.vcvtps2ph(g.c, g.v[2], imm) & 0xffff_ffffL;
                                g.v[0] = low | (long) Avx.vcvtps2ph(g.c, g.v[3], imm) << 32;
                                g.v[1] = 0;
                                g.trapped |= SseConvert.raises(g.c);
                            }));
        }
        return List.copyOf(ROWS);
    }

    /// Across the halves of YMM registers there's no oracle block: each quadword is told apart.
    @Test
    void permutationsAcrossHalvesTakeTheRightQuadwords() {
        long[] v = new long[36];
        long[] w = new long[36];
        for (int i = 0; i < 4; i++) {
            v[i] = 0x100L + i;
            w[i] = 0x200L + i;
        }
        Avx.vpermq(v, w, 4, 0, 0b00_01_10_11);
        assertQuadwords(v, w, 0x201, 0x200, 0x101, 0x100);
        Avx.vperm2f128(v, w, 4, 0, 2, 0x31);
        assertQuadwords(v, w, 0x200, 0x201, 0x202, 0x203);
        Avx.vperm2f128(v, w, 4, 0, 2, 0x82);
        assertQuadwords(v, w, 0x102, 0x103, 0, 0);
        v[6] = 0x6_0000_0004L;
        v[7] = 0;
        w[6] = 0x1_0000_0002L;
        w[7] = 0x8;
        Avx.vpermd(v, w, 4, 6, 0);
        assertQuadwords(v, w, 0x201_0000_0200L, 0x100_0000_0100L, 0x101L, 0x100_0000_0100L);
    }

    private static void assertQuadwords(long[] v, long[] w, long... expected) {
        assertArrayEquals(expected, new long[] {v[4], v[5], w[4], w[5]});
    }

    @ParameterizedTest
    @MethodSource({"fma", "compares", "elements", "halves"})
    void agreesWithTheProcessor(Row row) {
        assertEquals("", Differential.firstDifference(row));
    }
}
