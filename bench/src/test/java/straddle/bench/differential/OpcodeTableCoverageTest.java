package straddle.bench.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import straddle.tcg.x86.Op;
import straddle.tcg.x86.OpcodeTable;
import straddle.tcg.x86.Row;

/// Every row of the translator's opcode table has rows here, unless it can't be compared.
class OpcodeTableCoverageTest {
    private static final int[] MANDATORY = {0, 0x66, 0xf3, 0xf2};

    /// Left out for the reasons in [InstructionTable#LEFT_OUT], or because user code can't run them or they are system calls.
    private static final Set<Op> LEFT_OUT =
            EnumSet.of(
                    Op.CALLF,
                    Op.JMPF,
                    Op.RETF,
                    Op.IRET,
                    Op.INT,
                    Op.INT1,
                    Op.CPUID,
                    Op.RDPMC,
                    Op.RDRAND,
                    Op.RDSEED,
                    Op.RDTSC,
                    Op.RCPPS,
                    Op.RCPSS,
                    Op.RSQRTPS,
                    Op.RSQRTSS,
                    Op.FXSAVE,
                    Op.FXRSTOR,
                    Op.XSAVE,
                    Op.XSAVEC,
                    Op.XSAVEOPT,
                    Op.XRSTOR,
                    Op.XSAVES,
                    Op.XRSTORS,
                    Op.LAR,
                    Op.LSL,
                    Op.VERR,
                    Op.VERW,
                    Op.LFS,
                    Op.LGS,
                    Op.LSS,
                    Op.MOVFROMSEG,
                    Op.MOVTOSEG,
                    Op.INSW,
                    Op.OUTSW,
                    Op.INVPCID,
                    Op.RSM,
                    Op.SYSCALL,
                    Op.SYSENTER,
                    Op.SYSEXIT,
                    Op.SYSRET);

    /// Encodings that nobody documents: SHL by /6, TEST by /1, hint NOPs; PUSH and POP of FS and GS.
    private static final Set<Op> LEFT_OUT_IN_PART =
            EnumSet.of(Op.SHL, Op.TEST, Op.NOP, Op.PUSH, Op.POP, Op.MOVBE);

    @Test
    void everyRowOfTheTranslatorIsComparedOrLeftOutByName() {
        List<InstructionTable.Row> compared = InstructionTable.rows(Set.of());
        List<Row> missing =
                OpcodeTable.all().stream()
                        .filter(row -> !row.has(Row.I64))
                        .filter(row -> compared.stream().noneMatch(each -> matches(each, row)))
                        .filter(row -> !LEFT_OUT.contains(row.op()))
                        .filter(row -> !LEFT_OUT_IN_PART.contains(row.op()))
                        .toList();
        assertEquals(List.of(), missing);
    }

    private static boolean matches(InstructionTable.Row mine, Row row) {
        if (mine.vex() != null || row.has(Row.VEX)) {
            return mine.vex() != null && row.has(Row.VEX) && matchesVex(mine, row);
        }
        List<Integer> opcode = mine.opcode();
        int map = map(opcode);
        int at = Math.min(map, 2);
        int last = opcode.size() > at + 1 ? opcode.get(at + 1) : -1;
        int mask = mine.registerInOpcode() && last < 0 ? 0xf8 : 0xff;
        boolean prefix = row.prefix() == Row.ANY || mine.mandatory() == MANDATORY[row.prefix()];
        int reg = last >= 0 ? last >> 3 & 7 : mine.extension();
        return map == row.map()
                && (opcode.get(at) & mask) == (row.opcode() & mask)
                && prefix
                && (row.reg() < 0 || reg == row.reg())
                && (last < 0 || row.mod() != Row.MEMORY);
    }

    private static boolean matchesVex(InstructionTable.Row mine, Row row) {
        InstructionTable.Vex vex = mine.vex();
        boolean form =
                mine.rm() == null
                        || switch (row.mod()) {
                            case Row.MEMORY -> mine.rm().canBeMemory();
                            case Row.REGISTER -> mine.rm().canBeRegister();
                            default -> true;
                        };
        return vex.map() == row.map()
                && vex.pp() == row.prefix()
                && mine.opcode().getFirst() == row.opcode()
                && (row.reg() < 0 || mine.extension() == row.reg())
                && !row.has(vex.l() == 1 ? Row.L0 : Row.L1)
                && !row.has(vex.w() == 1 ? Row.W0 : Row.W1)
                && form;
    }

    private static int map(List<Integer> opcode) {
        if (opcode.getFirst() != 0x0f) {
            return 0;
        }
        return switch (opcode.get(1)) {
            case 0x38 -> 2;
            case 0x3a -> 3;
            default -> 1;
        };
    }
}
