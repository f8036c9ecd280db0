package straddle.bench.differential;

import java.util.Collections;
import java.util.List;

/// The rows of the x87 escape opcodes D8 to DF (SDM volume 2, tables ).
final class X87Rows {
    private static final String[] ARITHMETIC = {
        "ADD", "MUL", "COM", "COMP", "SUB", "SUBR", "DIV", "DIVR"
    };
    private static final String[] REVERSED = {"ADD", "MUL", "", "", "SUBR", "SUB", "DIVR", "DIV"};

    private static final String OTHERS =
            """
            9b | FWAIT |
            d9 /0 | FLD M4 |
            d9 /2 | FST M4 |
            d9 /3 | FSTP M4 |
            d9 /5 | FLDCW M2 | setup=fcw
            d9 /7 | FNSTCW M2 |
            db /0 | FILD M4 |
            db /1 | FISTTP M4 |
            db /2 | FIST M4 |
            db /3 | FISTP M4 |
            db /5 | FLD M10 |
            db /7 | FSTP M10 |
            dd /0 | FLD M8 |
            dd /1 | FISTTP M8 |
            dd /2 | FST M8 |
            dd /3 | FSTP M8 |
            dd /7 | FNSTSW M2 |
            df /0 | FILD M2 |
            df /1 | FISTTP M2 |
            df /2 | FIST M2 |
            df /3 | FISTP M2 |
            df /4 | FBLD M10 |
            df /5 | FILD M8 |
            df /6 | FBSTP M10 |
            df /7 | FISTP M8 |
            d9 c0 +r | FLD STi |
            d9 c8 +r | FXCH STi |
            d9 d0 | FNOP |
            d9 e0 | FCHS |
            d9 e1 | FABS |
            d9 e4 | FTST |
            d9 e5 | FXAM |
            d9 e8 | FLD1 |
            d9 e9 | FLDL2T |
            d9 ea | FLDL2E |
            d9 eb | FLDPI |
            d9 ec | FLDLG2 |
            d9 ed | FLDLN2 |
            d9 ee | FLDZ |
            d9 f4 | FXTRACT |
            d9 f5 | FPREM1 |
            d9 f6 | FDECSTP |
            d9 f7 | FINCSTP |
            d9 f8 | FPREM |
            d9 fa | FSQRT |
            d9 fc | FRNDINT |
            d9 fd | FSCALE |
            da c0 +r | FCMOVB STi |
            da c8 +r | FCMOVE STi |
            da d0 +r | FCMOVBE STi |
            da d8 +r | FCMOVU STi |
            da e9 | FUCOMPP |
            db c0 +r | FCMOVNB STi |
            db c8 +r | FCMOVNE STi |
            db d0 +r | FCMOVNBE STi |
            db d8 +r | FCMOVNU STi |
            db e2 | FNCLEX |
            db e3 | FNINIT |
            db e8 +r | FUCOMI STi |
            db f0 +r | FCOMI STi |
            dd c0 +r | FFREE STi |
            dd d0 +r | FST STi |
            dd d8 +r | FSTP STi |
            dd e0 +r | FUCOM STi |
            dd e8 +r | FUCOMP STi |
            de d9 | FCOMPP |
            df e0 | FNSTSW AX |
            df e8 +r | FUCOMIP STi |
            df f0 +r | FCOMIP STi |
            """;

    private X87Rows() {}

    static void addTo(List<String> lines) {
        for (int i = 0; i < 8; i++) {
            lines.add("d8 /%d | F%s M4 |".formatted(i, ARITHMETIC[i]));
            lines.add("dc /%d | F%s M8 |".formatted(i, ARITHMETIC[i]));
            lines.add("da /%d | FI%s M4 |".formatted(i, ARITHMETIC[i]));
            lines.add("de /%d | FI%s M2 |".formatted(i, ARITHMETIC[i]));
            lines.add("d8 %02x +r | F%s STi |".formatted(0xc0 + i * 8, ARITHMETIC[i]));
            if (!REVERSED[i].isEmpty()) {
                lines.add("dc %02x +r | F%s STi,ST0 |".formatted(0xc0 + i * 8, REVERSED[i]));
                lines.add("de %02x +r | F%sP STi,ST0 |".formatted(0xc0 + i * 8, REVERSED[i]));
            }
        }
        Collections.addAll(lines, OTHERS.split("\n"));
    }
}
