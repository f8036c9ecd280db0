package straddle.tcg.arm;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.tcg.IsaDocument;

class ArmSupportTest {
    private static final String INTRODUCTION =
            """
            # ARM instructions that the translator has

            Made from the decoder's tables by `ArmSupportTest` in `tcg`'s tests, which also checks it. To make it anew:

                mvn -Ddev -pl tcg -am test -Dtest=ArmSupportTest -Dsurefire.failIfNoSpecifiedTests=false -Dstraddle.docs.write=true

            Instructions and encodings are the manual's (DDI 0406C, chapters A5 to A8), from the top bit down; what stands behind the whole
            word is what the encoding implies. T32's encodings have 16 bits or 32. The encodings of floating point are A32's: T32 has the
            same with condition 1110, and of Advanced SIMD all but the first byte. *Operand* says how the last one is written: `i` and `t`
            are modified immediates of A32 and T32, `p` is a plain immediate, `s` a register shifted by an immediate, `r` one shifted by a
            register; for vectors it says which elements there are, of 8 (B), 16 (H), 32 (S) or 64 (D) bits. What the tables don't have is an
            illegal instruction, and so are SETEND and what a program may not use of the coprocessors: it gets the thread pointers and barriers
            of CP15, and the FPSCR. Jazelle and ThumbEE are not there.

            """;

    private static String markdown() {
        IsaDocument document = new IsaDocument(INTRODUCTION, Rows.all().size());
        for (Rows.Chapter chapter : Rows.chapters()) {
            document.chapter(chapter.title(), List.of("Instruction", "Set", "Encoding", "Operand"));
            for (Row row : chapter.rows()) {
                document.row(
                        List.of(
                                row.op().name().replace("_", " "),
                                row.set() == Row.Set.A32 ? "A32" : "T32",
                                row.encoding(),
                                row.operand()));
            }
        }
        return document.markdown();
    }

    @Test
    void theDocumentIsWhatTheTablesSay() throws IOException {
        IsaDocument.assertUpToDate("isa-support-arm", markdown());
    }
}
