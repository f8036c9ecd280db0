package straddle.tcg.a64;

import java.util.List;
import java.util.SplittableRandom;
import straddle.tcg.IsaDocument;

/// Makes `docs/isa-support-a64.md` from the tables that the decoder uses.
final class A64Support {
    private static final int SAMPLES = 20_000;
    private static final String INTRODUCTION =
            """
            # AArch64 instructions that the translator has

            Made from the decoder's tables by `A64Support` in `tcg`'s tests, and checked by them. To make it anew:

                mvn -Ddev -pl tcg -am test -Dtest=A64SupportTest -Dsurefire.failIfNoSpecifiedTests=false -Dstraddle.docs.write=true

            Encodings are the Arm ARM's (DDI 0487, C4.1) from bit 31 on; what differs in a register's width or an access's size alone
            is one row. *Elements* are those that a vector instruction allows: `D` needs all 128 bits, `d` does not, `q` is `S` with
            128 bits. What the tables don't have is an illegal instruction, as on a processor of ARMv8.0-A with
            the extensions for CRC32 and cryptography; so is what a program may not use.

            """;

    private record Chapter(String title, List<Row> rows) {}

    private static final List<Chapter> CHAPTERS =
            List.of(
                    new Chapter(
                            "Data processing with an immediate", List.of(DataImmediate.values())),
                    new Chapter(
                            "Branches, exceptions and system instructions",
                            List.of(Control.values())),
                    new Chapter("Loads and stores", List.of(LoadStore.values())),
                    new Chapter("Data processing on registers", List.of(DataRegister.values())),
                    new Chapter("Scalar floating point", List.of(ScalarFloat.values())),
                    new Chapter("Advanced SIMD and cryptography", List.of(Simd.values())));

    private A64Support() {}

    static String markdown() {
        IsaDocument document = new IsaDocument(INTRODUCTION, DecodeTable.rows().size());
        for (Chapter chapter : CHAPTERS) {
            document.chapter(chapter.title, List.of("Instruction", "Encoding", "Elements", ""));
            for (Row row : chapter.rows) {
                for (Pattern pattern : row.patterns()) {
                    document.row(
                            List.of(
                                    row.name().replace("_", " "),
                                    pattern.text(),
                                    pattern.sizes(),
                                    remark(pattern)));
                }
            }
        }
        return document.markdown();
    }

    private static String remark(Pattern pattern) {
        return isEverAllocated(pattern) ? "" : "not for programs";
    }

    private static boolean isEverAllocated(Pattern pattern) {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < SAMPLES; i++) {
            Integer word = DecodeTableTest.sample(pattern, random);
            if (word != null && DecodeTable.isAllocated(word)) {
                return true;
            }
        }
        return false;
    }
}
