package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.COMPLETED;
import static straddle.tcg.x86.Snippet.DATA;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Instructions with a VEX prefix: that each runs, and what the tables can't say of them. What they compute is the
/// differential test's to compare.
class AvxVectorsTest {

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    // ---- all of them

    private static List<String> everyEncoding() {
        List<String> codes = new ArrayList<>();
        for (Row row : OpcodeTable.all()) {
            if (!row.has(Row.VEX)) {
                continue;
            }
            if (row.mod() != Row.MEMORY) {
                addEncodings(codes, row, "%02x".formatted(0xc7 | reg(row) << 3));
            }
            if (row.mod() != Row.REGISTER && row.hasModRm()) {
                String modrm = row.hasVectorIndex() ? "%02x27" : "%02x";
                int rm = row.hasVectorIndex() ? 4 : 7;
                addEncodings(codes, row, modrm.formatted(rm | reg(row) << 3));
            }
        }
        return codes;
    }

    private static int reg(Row row) {
        return row.reg() < 0 ? 1 : row.reg();
    }

    private static void addEncodings(List<String> codes, Row row, String modrm) {
        for (int w = 0; w <= 1; w++) {
            for (int l = 0; l <= 1; l++) {
                if (!row.has(w == 0 ? Row.W1 : Row.W0) && !row.has(l == 0 ? Row.L1 : Row.L0)) {
                    int vvvv = row.usesVvvv() ? ~5 & 15 : 15;
                    int pp =
                            switch (row.prefix()) {
                                case Row.P66 -> 1;
                                case Row.PF3 -> 2;
                                case Row.PF2 -> 3;
                                default -> 0;
                            };
                    boolean immediate =
                            row.operands().contains(Operand.Ib)
                                    || row.operands().contains(Operand.Lx);
                    codes.add(
                            "c4%02x%02x%02x"
                                            .formatted(
                                                    0xe0 | row.map(),
                                                    w << 7 | vvvv << 3 | l << 2 | pp,
                                                    row.opcode())
                                    + (row.hasModRm() ? modrm : "")
                                    + (immediate ? "01" : ""));
                }
            }
        }
    }

    private List<String> answersOtherThan(int expected, List<String> codes) {
        List<String> others = new ArrayList<>();
        for (String code : codes) {
            snippet.setMxcsr(0x1f80);
            snippet.putLong(DATA + 24, 0x1f80);
            snippet.putLong(DATA, 0x1f80);
            snippet.state.gpr[RDI] = DATA;
            int answer = snippet.run(code);
            if (answer != expected) {
                others.add(code + " -> " + answer);
            }
        }
        return others;
    }

    @Test
    void everyInstructionCanBeRun() {
        assertEquals(List.of(), answersOtherThan(COMPLETED, everyEncoding()));
    }

    @Test
    void noneRunsWithAPrefixBeforeVex() {
        List<String> codes = new ArrayList<>();
        for (String prefix : List.of("66", "f2", "f3", "f0", "48")) {
            codes.add(prefix + "c5f058c7"); // vaddps
            codes.add(prefix + "c4e270f2c7"); // andn
        }
        assertEquals(List.of(), answersOtherThan(UD, codes));
    }
}
