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
            "IRET to a lower privilege keeps data segments and sets no AC, and of user code takes IOPL",
            "SDM volume 2, IRET: RETURN-TO-OUTER-PRIVILEGE-LEVEL; only at CPL 0 IOPL is loaded"),
    IRET_COMPATIBLE(
            "IRET of compatibility mode to the same privilege pops SS, and is #GP if it can't load that",
            "SDM volume 2, IRET: only 64-bit mode pops SS always"),
    IRET_NARROW(
            "IRET with operands of less than 64 bits to a lower privilege is #GP(0)",
            "SDM volume 2, IRET: all operand sizes return alike"),
    IRET_TYPE(
            "IRET takes what is no code segment, or no data segment for SS",
            "SDM volume 2, IRET: #GP if the return code segment selector points to no code segment"),
    IRET_ORDER(
            "IRET finds a segment absent before it looks at its rights, and SS's faults before CS's",
            "SDM volume 2, IRET: #NP comes last, and CS is checked first"),
    IRET_IOPL(
            "IRET to user code takes IOPL for 0, so that its OUT is #GP",
            "SDM volume 2, IRET: CPL 0 loads IOPL"),
    IRET_CONFORMING(
            "IRET to conforming code of a privilege between is #GP",
            "SDM volume 2, IRET: its DPL must not be greater than the RPL"),
    IRET_ERROR_CODE(
            "IRET's #GP names no selector",
            "SDM volume 2, IRET: #GP(selector), and volume 3, 7.13"),
    ENTER("ENTER pushes by the stack's size, not the operand's", "SDM volume 2, ENTER"),
    USER_IOPL("64-bit user code has IOPL 0", "SDM volume 3, 2.3"),
    ALIGNMENT_FLAG("POPF and IRET don't set RFLAGS.AC", "SDM volume 2, POPF"),
    SINGLE_STEP("DR6.BS is not set by a single step", "SDM volume 3, 19.2.3"),
    ERROR_CODE("LTR's #GP has another error code", "SDM volume 2, LTR, and volume 3, 7.13"),
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
    JUMP_TO_64_BITS(
            "a far JMP from compatibility mode to 64-bit code takes IOPL for 0, so that its OUT is #GP",
            "SDM volume 2, JMP"),
    REPEATED_COMPARISON(
            "repeated CMPS and SCAS that fault give back the flags from before them",
            "SDM volume 2, REP, has it so; AMD's processors keep those of the last comparison"),
    SYSTEM_DESCRIPTOR(
            "LLDT and LTR take a type in the upper half of a descriptor, and one beyond the table",
            "SDM volume 3, 9.2.3: bits 12:8 of the upper half are checked to be 0"),
    MEMORY_TYPES("WRMSR takes memory types that do not exist", "SDM volume 3, 13.12.2"),
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

    private static final int ARITHMETIC_FLAGS = 0x8d5;

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
                            && found.onlyFlags(RFLAGS_IOPL | RFLAGS_AC)
                            && ((test.popped(1) & 3) > test.cpl
                                            && found.keepsSegments(DS, ES, FS, GS)
                                    || found.haveSegmentsAlike(DS, ES, FS, GS));
            case IRET_COMPATIBLE ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && test.mode != Mode.LONG
                            && (test.popped(1) & 3) == test.cpl
                            && (SEGMENT_FAULTS.contains(expectedEnd)
                                    || expected.gpr[RSP] == test.popped(3)
                                            && expected.segments[SS].selector == test.popped(4));
            case IRET_NARROW ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && test.returnWidth() < 8
                            && (test.popped(1) & 3) > test.cpl
                            && expectedEnd == GP;
            case IRET_TYPE ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && end == GP
                            && (expectedEnd >= 32
                                            && (!test.isCode(expected.segments[CS].selector)
                                                    || test.isCode(expected.segments[SS].selector))
                                    || expectedEnd < 32
                                            && found.pushedPointer() == test.popped(0)
                                            && !test.isCode((int) test.popped(1)));
            case IRET_ORDER ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && end == GP
                            && (expectedEnd == NP && isAbsent(test, 1)
                                    || expectedEnd == STACK_FAULT && isAbsent(test, 4)
                                    || found.isErrorCode()
                                            && found.errorCode() == (test.popped(4) & 0xfffc));
            case IRET_IOPL ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && (test.popped(1) & 3) == 3
                            && (test.popped(2) & RFLAGS_IOPL) == RFLAGS_IOPL
                            && expectedEnd == GP
                            && end == SystemCase.END_ELSEWHERE
                            && found.pushedPointer() == test.popped(0);
            case IRET_CONFORMING -> {
                int selector = (int) test.popped(1);
                long code = test.descriptor(selector);
                int dpl = (int) (code >>> 45) & 3;
                yield test.row == SystemRow.IRET
                        && before.isLongMode()
                        && expectedEnd == GP
                        && test.isCode(selector)
                        && (code & 1L << 42) != 0
                        && dpl > test.cpl
                        && dpl <= (selector & 3);
            }
            case IRET_ERROR_CODE ->
                    test.row == SystemRow.IRET
                            && before.isLongMode()
                            && found.isErrorCode()
                            && found.errorCode() == 0;
            case ENTER ->
                    test.row == SystemRow.ENTER_AND_LEAVE
                            && expectedEnd == end
                            && Math.abs(expected.gpr[RSP] - found.got.state().gpr[RSP]) <= 6;
            case USER_IOPL -> found.onlyFlag(RFLAGS_IOPL);
            case ALIGNMENT_FLAG -> found.onlyFlag(RFLAGS_AC);
            case SINGLE_STEP ->
                    found.only("dr6") && (expected.dr[6] ^ found.got.state().dr[6]) == 1 << 14;
            case ERROR_CODE -> found.isErrorCode() && test.row == SystemRow.LTR;
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
            case JUMP_TO_64_BITS ->
                    (test.row == SystemRow.JUMP_FAR
                                    || test.row == SystemRow.JUMP_FAR_THROUGH_MEMORY)
                            && before.isLongMode()
                            && test.mode != Mode.LONG
                            && (before.rflags & RFLAGS_IOPL) == RFLAGS_IOPL
                            && expectedEnd == GP
                            && end >= 32
                            && found.got.state().segments[CS].has(Segment.L);
            case REPEATED_COMPARISON ->
                    test.row == SystemRow.STRING
                            && expectedEnd == end
                            && expectedEnd < 32
                            && ((expected.rflags ^ before.rflags) & ARITHMETIC_FLAGS) == 0
                            && found.onlyFlagsAndMemory()
                            && found.onlyFlags(ARITHMETIC_FLAGS);
            case SYSTEM_DESCRIPTOR -> {
                boolean loads = test.row == SystemRow.LLDT || test.row == SystemRow.LTR;
                Segment segment = test.row == SystemRow.LTR ? expected.tr : expected.ldtr;
                int upper = segment.selector + 8;
                yield loads
                        && test.mode == Mode.LONG
                        && end == GP
                        && expectedEnd >= 32
                        && ((upper | 7) > before.gdtLimit
                                || (test.descriptor(upper) & 0x1f00L << 32) != 0);
            }
            case MEMORY_TYPES ->
                    test.row == SystemRow.WRMSR
                            && end == GP
                            && expectedEnd >= 32
                            && before.gpr[RCX] == MSR_PAT;
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

    private static boolean isAbsent(SystemCase test, int slot) {
        return (test.descriptor((int) test.popped(slot)) & 1L << 47) == 0;
    }

    private static boolean isNonCanonical(long address) {
        return address << 16 >> 16 != address;
    }
}
