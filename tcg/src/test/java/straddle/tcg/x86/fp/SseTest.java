package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.tcg.x86.fp.Differential.Kind;
import straddle.tcg.x86.fp.Differential.Row;

/// SSE arithmetic and conversions against the host's processor.
@EnabledIf(
        value = "straddle.tcg.x86.fp.HostCpu#available",
        disabledReason = "the oracle is an x86 processor under Linux")
class SseTest {
    private static final int COMPARE_FLAGS = 0x8d5;

    /// An operation on two registers that tells whether an unmasked exception occurred.
    private interface Two {
        boolean run(FpControl c, long[] v, int d, int s);
    }

    private interface TwoAndByte {
        boolean run(FpControl c, long[] v, int d, int s, int imm);
    }

    private interface Compare {
        int run(FpControl c, long[] v, int d, int s);
    }

    private static final class Rows {
        final List<Row> rows = new ArrayList<>();

        void two(String name, String code, Kind kind, Two op) {
            rows.add(new Row(name, code, kind, 0, g -> g.trapped |= op.run(g.c, g.v, 0, 2)));
        }

        /// All four forms of an arithmetic opcode.
        void four(String name, String opcode, Two ps, Two pd, Two ss, Two sd) {
            two(name + "ps", "0F" + opcode + "C1", Kind.BINARY32, ps);
            two(name + "pd", "660F" + opcode + "C1", Kind.BINARY64, pd);
            two(name + "ss", "F30F" + opcode + "C1", Kind.BINARY32, ss);
            two(name + "sd", "F20F" + opcode + "C1", Kind.BINARY64, sd);
        }

        void immediate(String name, String code, Kind kind, int imm, TwoAndByte op) {
            rows.add(
                    new Row(
                            name + " " + imm,
                            code + "%02X".formatted(imm),
                            kind,
                            0,
                            g -> g.trapped |= op.run(g.c, g.v, 0, 2, imm)));
        }

        void compare(String name, String code, Kind kind, Compare op) {
            rows.add(
                    new Row(
                            name,
                            code,
                            kind,
                            COMPARE_FLAGS,
                            g -> g.flags = op.run(g.c, g.v, 0, 2)));
        }

        void any(String name, String code, Kind kind, Differential.Semantics semantics) {
            rows.add(new Row(name, code, kind, 0, semantics));
        }
    }

    static List<Row> arithmetic() {
        Rows r = new Rows();
        r.four("add", "58", Sse::addps, Sse::addpd, Sse::addss, Sse::addsd);
        r.four("mul", "59", Sse::mulps, Sse::mulpd, Sse::mulss, Sse::mulsd);
        r.four("sub", "5C", Sse::subps, Sse::subpd, Sse::subss, Sse::subsd);
        r.four("min", "5D", Sse::minps, Sse::minpd, Sse::minss, Sse::minsd);
        r.four("div", "5E", Sse::divps, Sse::divpd, Sse::divss, Sse::divsd);
        r.four("max", "5F", Sse::maxps, Sse::maxpd, Sse::maxss, Sse::maxsd);
        r.four("sqrt", "51", Sse::sqrtps, Sse::sqrtpd, Sse::sqrtss, Sse::sqrtsd);
        for (int i : new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 0xf1, 0x1e}) {
            r.immediate("cmpps", "0FC2C1", Kind.BINARY32, i, Sse::cmpps);
            r.immediate("cmppd", "660FC2C1", Kind.BINARY64, i, Sse::cmppd);
            r.immediate("cmpss", "F30FC2C1", Kind.BINARY32, i, Sse::cmpss);
            r.immediate("cmpsd", "F20FC2C1", Kind.BINARY64, i, Sse::cmpsd);
        }
        for (int i = 0; i < 16; i++) {
            r.immediate("roundps", "660F3A08C1", Kind.BINARY32, i, Sse::roundps);
            r.immediate("roundpd", "660F3A09C1", Kind.BINARY64, i, Sse::roundpd);
            r.immediate("roundss", "660F3A0AC1", Kind.BINARY32, i, Sse::roundss);
            r.immediate("roundsd", "660F3A0BC1", Kind.BINARY64, i, Sse::roundsd);
        }
        for (int imm : new int[] {0xff, 0x71, 0x31, 0xf5, 0x08, 0xc3, 0x92}) {
            r.immediate("dpps", "660F3A40C1", Kind.BINARY32, imm, Sse::dpps);
            r.immediate("dppd", "660F3A41C1", Kind.BINARY64, imm, Sse::dppd);
        }
        r.two("addsubps", "F20FD0C1", Kind.BINARY32, Sse::addsubps);
        r.two("addsubpd", "660FD0C1", Kind.BINARY64, Sse::addsubpd);
        r.two("haddps", "F20F7CC1", Kind.BINARY32, Sse::haddps);
        r.two("haddpd", "660F7CC1", Kind.BINARY64, Sse::haddpd);
        r.two("hsubps", "F20F7DC1", Kind.BINARY32, Sse::hsubps);
        r.two("hsubpd", "660F7DC1", Kind.BINARY64, Sse::hsubpd);
        r.compare("ucomiss", "0F2EC1", Kind.BINARY32, Sse::ucomiss);
        r.compare("ucomisd", "660F2EC1", Kind.BINARY64, Sse::ucomisd);
        r.compare("comiss", "0F2FC1", Kind.BINARY32, Sse::comiss);
        r.compare("comisd", "660F2FC1", Kind.BINARY64, Sse::comisd);
        return r.rows;
    }

    /// Other makers' processors estimate differently.
    static List<Row> estimates() {
        Rows r = new Rows();
        if (!HostCpu.isAmd()) {
            r.any("nothing to compare", "90", Kind.BINARY32, _ -> {});
            return r.rows;
        }
        r.any("rcpps", "0F53C1", Kind.BINARY32, g -> Estimate.rcpps(g.v, 0, 2));
        r.any("rcpss", "F30F53C1", Kind.BINARY32, g -> Estimate.rcpss(g.v, 0, 2));
        r.any("rsqrtps", "0F52C1", Kind.BINARY32, g -> Estimate.rsqrtps(g.v, 0, 2));
        r.any("rsqrtss", "F30F52C1", Kind.BINARY32, g -> Estimate.rsqrtss(g.v, 0, 2));
        return r.rows;
    }

    static List<Row> conversions() {
        Rows r = new Rows();
        r.two("cvtps2pd", "0F5AC1", Kind.BINARY32, SseConvert::cvtps2pd);
        r.two("cvtpd2ps", "660F5AC1", Kind.BINARY64, SseConvert::cvtpd2ps);
        r.two("cvtss2sd", "F30F5AC1", Kind.BINARY32, SseConvert::cvtss2sd);
        r.two("cvtsd2ss", "F20F5AC1", Kind.BINARY64, SseConvert::cvtsd2ss);
        r.two("cvtdq2ps", "0F5BC1", Kind.INTEGER, SseConvert::cvtdq2ps);
        r.two("cvtps2dq", "660F5BC1", Kind.BINARY32, SseConvert::cvtps2dq);
        r.two("cvttps2dq", "F30F5BC1", Kind.BINARY32, SseConvert::cvttps2dq);
        r.two("cvtpd2dq", "F20FE6C1", Kind.BINARY64, SseConvert::cvtpd2dq);
        r.two("cvttpd2dq", "660FE6C1", Kind.BINARY64, SseConvert::cvttpd2dq);
        r.any("cvtdq2pd", "F30FE6C1", Kind.INTEGER, g -> SseConvert.cvtdq2pd(g.v, 0, 2));
        r.any("cvtpi2pd", "660F2AC1", Kind.INTEGER, g -> SseConvert.cvtpi2pd(g.v, 0, g.mm[1]));
        r.any(
                "cvtpi2ps",
                "0F2AC1",
                Kind.INTEGER,
                g -> {
                    g.v[0] = SseConvert.cvtpi2ps(g.c, g.mm[1]);
                    g.trapped |= SseConvert.raises(g.c);
                });
        r.any(
                "cvtps2pi",
                "0F2DC1",
                Kind.BINARY32,
                g -> {
                    g.mm[0] = SseConvert.cvtps2pi(g.c, g.v[2]);
                    g.trapped |= SseConvert.raises(g.c);
                });
        r.any(
                "cvttps2pi",
                "0F2CC1",
                Kind.BINARY32,
                g -> {
                    g.mm[0] = SseConvert.cvttps2pi(g.c, g.v[2]);
                    g.trapped |= SseConvert.raises(g.c);
                });
        r.any(
                "cvtpd2pi",
                "660F2DC1",
                Kind.BINARY64,
                g -> {
                    g.mm[0] = SseConvert.cvtpd2pi(g.c, g.v[2], g.v[3]);
                    g.trapped |= SseConvert.raises(g.c);
                });
        r.any(
                "cvttpd2pi",
                "660F2CC1",
                Kind.BINARY64,
                g -> {
                    g.mm[0] = SseConvert.cvttpd2pi(g.c, g.v[2], g.v[3]);
                    g.trapped |= SseConvert.raises(g.c);
                });
        fromRegister(r);
        toRegister(r);
        return r.rows;
    }

    private static void fromRegister(Rows r) {
        r.any(
                "cvtsi2ss r32",
                "F30F2AC1",
                Kind.BINARY32,
                g -> g.trapped |= SseConvert.cvtsi2ss(g.c, g.v, 0, g.rcx << 32 >> 32));
        r.any(
                "cvtsi2ss r64",
                "F3480F2AC1",
                Kind.BINARY32,
                g -> g.trapped |= SseConvert.cvtsi2ss(g.c, g.v, 0, g.rcx));
        r.any(
                "cvtsi2sd r32",
                "F20F2AC1",
                Kind.BINARY64,
                g -> g.trapped |= SseConvert.cvtsi2sd(g.c, g.v, 0, g.rcx << 32 >> 32));
        r.any(
                "cvtsi2sd r64",
                "F2480F2AC1",
                Kind.BINARY64,
                g -> g.trapped |= SseConvert.cvtsi2sd(g.c, g.v, 0, g.rcx));
    }

    private interface ToInt {
        int run(FpControl c, long[] v, int s);
    }

    private interface ToLong {
        long run(FpControl c, long[] v, int s);
    }

    private static void toRegister(Rows r) {
        to32(r, "cvtss2si", "F30F2DC1", Kind.BINARY32, SseConvert::cvtss2si32);
        to32(r, "cvttss2si", "F30F2CC1", Kind.BINARY32, SseConvert::cvttss2si32);
        to32(r, "cvtsd2si", "F20F2DC1", Kind.BINARY64, SseConvert::cvtsd2si32);
        to32(r, "cvttsd2si", "F20F2CC1", Kind.BINARY64, SseConvert::cvttsd2si32);
        to64(r, "cvtss2si", "F3480F2DC1", Kind.BINARY32, SseConvert::cvtss2si64);
        to64(r, "cvttss2si", "F3480F2CC1", Kind.BINARY32, SseConvert::cvttss2si64);
        to64(r, "cvtsd2si", "F2480F2DC1", Kind.BINARY64, SseConvert::cvtsd2si64);
        to64(r, "cvttsd2si", "F2480F2CC1", Kind.BINARY64, SseConvert::cvttsd2si64);
    }

    private static void to32(Rows r, String name, String code, Kind kind, ToInt op) {
        r.any(
                name + " r32",
                code,
                kind,
                g -> {
                    g.rax = op.run(g.c, g.v, 2) & 0xffff_ffffL;
                    g.trapped |= SseConvert.raises(g.c);
                });
    }

    private static void to64(Rows r, String name, String code, Kind kind, ToLong op) {
        r.any(
                name + " r64",
                code,
                kind,
                g -> {
                    g.rax = op.run(g.c, g.v, 2);
                    g.trapped |= SseConvert.raises(g.c);
                });
    }

    @ParameterizedTest
    @MethodSource({"arithmetic", "estimates", "conversions"})
    void agreesWithTheProcessor(Row row) {
        assertEquals("", Differential.firstDifference(row));
    }

    @Test
    void aWrongInstructionIsNoticed() {
        Row wrong =
                new Row(
                        "subps for addps",
                        "0F58C1",
                        Kind.BINARY32,
                        0,
                        g -> Sse.subps(g.c, g.v, 0, 2));
        assertNotEquals("", Differential.firstDifference(wrong));
    }
}
