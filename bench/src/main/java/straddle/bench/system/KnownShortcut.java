package straddle.bench.system;

import static straddle.core.arch.x86.X86.*;

import java.util.Set;
import straddle.bench.system.SystemCase.Mode;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// Where KVM's interpreter is known not to do what the manual says; such cases are left out, and counted.
enum KnownShortcut {
    NO_VM86("it has no virtual-8086 mode: RFLAGS.VM is dropped", "SDM volume 3, 22.2"),
    NO_PAGING("it has no paging but long mode's: CR0.PG is dropped", "SDM volume 3, 5.1.1"),
    UNKNOWN("it answers #UD to instructions that it lacks", "SDM volume 2, their pages"),
    SWAPGS("SWAPGS outside 64-bit mode works or is #GP, not #UD", "SDM volume 2, SWAPGS"),
    SEGMENT_PUSH("PUSH of a segment register writes 16 bits", "SDM volume 2, PUSH: both may be"),
    IRET_LEVELS(
            "IRET to a lower privilege keeps data segments, and takes IOPL from CPL 3",
            "SDM volume 2, IRET"),
    IRET_COMPATIBLE("IRET of compatibility mode always pops SS", "SDM volume 2, IRET"),
    IRET_NARROW(
            "IRET of 64-bit code with narrow operands to a lower privilege is #GP",
            "SDM volume 2, IRET"),
    IRET_TYPE(
            "IRET takes what is no code segment, or no data segment for SS", "SDM volume 2, IRET"),
    IRET_ORDER(
            "IRET checks a segment's presence and rights in another order", "SDM volume 2, IRET"),
    ENTER("ENTER pushes by the stack's size, not the operand's", "SDM volume 2, ENTER"),
    USER_IOPL("64-bit user code has IOPL 0", "SDM volume 3, 2.3"),
    ALIGNMENT_FLAG("POPF and IRET don't set RFLAGS.AC", "SDM volume 2, POPF"),
    SINGLE_STEP("DR6.BS is not set by a single step", "SDM volume 3, 19.2.3"),
    ERROR_CODE("#GP's error code lacks the selector, or has another", "SDM volume 3, 7.13"),
    SYSENTER_ADDRESS("WRMSR takes a non-canonical SYSENTER address", "SDM volume 2, WRMSR"),
    ACCESSED(
            "a segment that can't be gone to after all is marked as accessed",
            "SDM volume 2, CALL: its checks come first"),
    WIDE_STORE("SLDT and STR access more than 16 bits of memory", "SDM volume 2, SLDT"),
    REAL_STACK(
            "an exception's frame may straddle the end of real mode's stack",
            "SDM volume 2, INT n: shutdown"),
    CALL_TO_64_BITS(
            "a far CALL from compatibility mode to 64-bit code is #GP", "SDM volume 2, CALL"),
    LOCAL_TABLE("LLDT takes a selector of the LDT", "SDM volume 2, LLDT"),
    UPPER_DEBUG("MOV to DR4 or DR5 takes bits 63:32", "SDM volume 3, 19.2.2 and 19.2.6"),
    LOAD_TO_CS("MOV to CS reads its operand before it is #UD", "SDM volume 2, MOV"),
    NO_REPETITIONS("REP INS and OUTS of nothing check the port", "SDM volume 2, REP"),
    ACROSS_PAGES(
            "a store whose second page faults has changed the first", "SDM volume 3, 7.5: faults");

    /// What it answers #UD to outside 64-bit user code.
    private static final Set<SystemRow> LACKING =
            Set.of(
                    SystemRow.LAR,
                    SystemRow.LSL,
                    SystemRow.VERR_AND_VERW,
                    SystemRow.ARPL,
                    SystemRow.BOUND,
                    SystemRow.INT,
                    SystemRow.INT3_AND_INTO,
                    SystemRow.IRET,
                    SystemRow.CALL_FAR,
                    SystemRow.CALL_FAR_THROUGH_MEMORY,
                    SystemRow.JUMP_FAR,
                    SystemRow.JUMP_FAR_THROUGH_MEMORY,
                    SystemRow.RETURN_FAR,
                    SystemRow.ENTER_AND_LEAVE,
                    SystemRow.XGETBV_AND_XSETBV);

    private static final Set<Integer> SEGMENT_FAULTS = Set.of(NP, STACK_FAULT, GP);

    private final String what;
    private final String manual;

    KnownShortcut(String what, String manual) {
        this.what = what;
        this.manual = manual;
    }

    String what() {
        return what;
    }

    /// Where Intel's manual, or AMD's, says what is right.
    String manual() {
        return manual;
    }

    /// Which one explains all that differs, or null.
    static KnownShortcut of(SystemComparison found) {
        for (KnownShortcut each : values()) {
            if (each.explains(found)) {
                return each;
            }
        }
        return null;
    }

    private boolean explains(SystemComparison found) {
        SystemCase test = found.test;
        X86State before = test.state;
        X86State expected = found.expected.state();
        int expectedEnd = found.expected.end();
        int end = found.got.end();
        return switch (this) {
            case NO_VM86 -> test.mode == Mode.VM86 && (expected.rflags & RFLAGS_VM) == 0;
            case NO_PAGING ->
                    (before.cr0 & CR0_PG) != 0
                            && !before.isLongMode()
                            && (expected.cr0 & CR0_PG) == 0;
            case UNKNOWN -> expectedEnd == UD && end != UD && LACKING.contains(test.row);
            case SWAPGS -> test.row == SystemRow.SWAPGS && test.mode != Mode.LONG && end == UD;
            case SEGMENT_PUSH -> test.row == SystemRow.PUSH_SEGMENT && found.onlyZeroedHalves();
            case IRET_LEVELS ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && expectedEnd == end
                            && found.differences().stream()
                                    .allMatch(line ->
                                            line.matches("(rflags|[def]s|gs|memory .*): .*"))
                            && ((expected.rflags ^ found.got.state().rflags)
                                            & ~(long) (RFLAGS_IOPL | RFLAGS_RF))
                                    == 0;
            case IRET_COMPATIBLE ->
                    test.row == SystemRow.IRET && before.isLongMode() && test.mode != Mode.LONG;
            case IRET_NARROW ->
                    test.row == SystemRow.IRET
                            && test.mode == Mode.LONG
                            && expectedEnd == GP
                            && (found.got.state().segments[CS].selector & 3) == 3;
            case IRET_TYPE ->
                    test.row == SystemRow.IRET
                            && end == GP
                            && (!test.isCode(expected.segments[CS].selector)
                                    || test.isCode(expected.segments[SS].selector));
            case IRET_ORDER ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && SEGMENT_FAULTS.contains(expectedEnd)
                            && SEGMENT_FAULTS.contains(end);
            case ENTER ->
                    test.row == SystemRow.ENTER_AND_LEAVE
                            && expectedEnd == end
                            && Math.abs(expected.gpr[RSP] - found.got.state().gpr[RSP]) <= 6;
            case USER_IOPL -> found.onlyFlag(RFLAGS_IOPL);
            case ALIGNMENT_FLAG -> found.onlyFlag(RFLAGS_AC);
            case SINGLE_STEP ->
                    found.only("dr6") && (expected.dr[6] ^ found.got.state().dr[6]) == 1 << 14;
            case ERROR_CODE ->
                    found.isErrorCode()
                            && (test.row == SystemRow.IRET || test.row == SystemRow.LTR);
            case SYSENTER_ADDRESS ->
                    test.row == SystemRow.WRMSR
                            && end == GP
                            && (before.gpr[RCX] == MSR_SYSENTER_ESP
                                    || before.gpr[RCX] == MSR_SYSENTER_EIP)
                            && isNonCanonical(before.gpr[RDX] << 32 | before.gpr[RAX]);
            case ACCESSED -> found.onlyFlag(1 << 8) && expectedEnd == end && expectedEnd < 32;
            case WIDE_STORE ->
                    test.row == SystemRow.SLDT_AND_STR
                            && expectedEnd == PF
                            && (expected.cr2 & 0xfff) == 0;
            case REAL_STACK -> test.mode == Mode.REAL && expectedEnd == STACK_FAULT && end < 0;
            case CALL_TO_64_BITS ->
                    (test.row == SystemRow.CALL_FAR
                                    || test.row == SystemRow.CALL_FAR_THROUGH_MEMORY)
                            && test.mode != Mode.LONG
                            && expectedEnd == GP
                            && found.got.state().segments[CS].has(Segment.L);
            case LOCAL_TABLE ->
                    test.row == SystemRow.LLDT
                            && end == GP
                            && ((expected.ldtr.selector & 4) != 0 || expectedEnd == NP);
            case UPPER_DEBUG ->
                    test.row == SystemRow.MOV_TO_DEBUG && end == GP && before.gpr[RDX] >>> 32 != 0;
            case LOAD_TO_CS -> test.row == SystemRow.MOV_TO_SEGMENT && end == UD;
            case NO_REPETITIONS ->
                    test.row == SystemRow.INS_AND_OUTS
                            && (before.gpr[RCX] & 0xffff) == 0
                            && expectedEnd == GP;
            case ACROSS_PAGES ->
                    expectedEnd == PF && found.onlyMemory() && (expected.cr2 & 0xfff) == 0;
        };
    }

    private static boolean isNonCanonical(long address) {
        return address << 16 >> 16 != address;
    }
}
