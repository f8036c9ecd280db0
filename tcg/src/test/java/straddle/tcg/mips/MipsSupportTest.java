package straddle.tcg.mips;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.tcg.IsaDocument;

class MipsSupportTest {
    private static final String INTRODUCTION =
            """
            # MIPS instructions that the translator has

            Made from the decoder's table by `MipsSupportTest` in `tcg`'s tests, which also checks it. To make it anew:

                mvn -Ddev -pl tcg -am test -Dtest=MipsSupportTest -Dsurefire.failIfNoSpecifiedTests=false -Dstraddle.docs.write=true

            Instructions and encodings are the manual's (MD00086, "MIPS32 Architecture for Programmers, Volume II", release 2), from bit 31
            down. What the table doesn't have is a Reserved Instruction.

            """;

    private static String markdown() {
        IsaDocument document = new IsaDocument(INTRODUCTION, Op.values().length);
        document.chapter("MIPS32 release 2", List.of("Instruction", "Encoding", ""));
        for (Op op : Op.values()) {
            document.row(List.of(op.name().replace("_", "."), op.pattern(), remark(op)));
        }
        return document.markdown();
    }

    private static String remark(Op op) {
        return switch (op.kind()) {
            case USER -> "";
            case KERNEL -> "not for programs";
            case WIDE -> "needs floating-point registers of 64 bits";
            case COPROCESSOR2 -> "there is no coprocessor 2";
        };
    }

    @Test
    void theDocumentIsWhatTheTableSays() throws IOException {
        IsaDocument.assertUpToDate("isa-support-mips", markdown());
    }
}
