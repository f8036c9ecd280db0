package straddle.bench.system;

import static straddle.core.arch.x86.X86.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// What two engines made of a case.
///
/// RIP is not compared: where engines stop at the OUT that ends a case differs, and the port tells the place.
final class SystemComparison {
    private static final String[] REGISTERS = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
        "r13", "r14", "r15"
    };
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final int[] MSRS = {
        MSR_SYSENTER_CS,
        MSR_SYSENTER_ESP,
        MSR_SYSENTER_EIP,
        MSR_STAR,
        MSR_LSTAR,
        MSR_CSTAR,
        MSR_SFMASK,
        MSR_KERNEL_GS_BASE
    };
    private static final int MOST_LISTED = 8;

    final SystemCase test;
    final SystemEngine.Outcome expected;
    final SystemEngine.Outcome got;
    private final List<String> found = new ArrayList<>();

    /// The words of memory that differ.
    private final List<Word> words = new ArrayList<>();

    private record Word(int expected, int got) {
        int bits() {
            return expected ^ got;
        }

        /// Whether one half differs, in which zeros were stored.
        boolean isZeroedHalf() {
            return bits() >>> 16 == 0 && (got & 0xffff) == 0
                    || (bits() & 0xffff) == 0 && got >>> 16 == 0;
        }
    }

    SystemComparison(SystemCase test, SystemEngine.Outcome expected, SystemEngine.Outcome got) {
        this.test = test;
        this.expected = expected;
        this.got = got;
        compare();
    }

    /// Everything that differs, a line each.
    List<String> differences() {
        return found;
    }

    /// Whether nothing but one register differs.
    boolean only(String register) {
        return found.stream().allMatch(line -> line.startsWith(register + ":"));
    }

    /// Whether nothing but memory does.
    boolean onlyMemory() {
        return found.stream().allMatch(line -> line.startsWith("memory "));
    }

    /// Whether nothing but halves of words does, in which the subject stored zeros.
    boolean onlyZeroedHalves() {
        return onlyMemory() && words.stream().allMatch(Word::isZeroedHalf);
    }

    /// Whether nothing but a bit of the flags does, in the register or where they were pushed.
    boolean onlyFlag(int bit) {
        long register = expected.state().rflags ^ got.state().rflags;
        return onlyFlagsAndMemory()
                && (register & ~(long) (RFLAGS_RF | bit)) == 0
                && words.stream().allMatch(word -> word.bits() == bit);
    }

    /// Whether nothing but the flags and memory does.
    boolean onlyFlagsAndMemory() {
        return found.stream()
                .allMatch(line -> line.startsWith("rflags:") || line.startsWith("memory "));
    }

    /// The instruction pointer in the reference's frame of an exception with an error code, in long mode.
    long pushedPointer() {
        int at = (int) expected.state().gpr[RSP] + 8;
        byte[] memory = expected.memory();
        return at < 0 || at + 4 > memory.length ? -1 : word(memory, at) & 0xffff_ffffL;
    }

    /// Whether no flag but these does, in the register or where they were pushed, and no other memory.
    boolean onlyFlags(int bits) {
        long register = expected.state().rflags ^ got.state().rflags;
        return (register & ~(long) (RFLAGS_RF | bits)) == 0
                && words.stream().allMatch(word -> (word.bits() & ~(RFLAGS_RF | bits)) == 0);
    }

    /// Whether each of some segments that differs is as it was before in the reference, and null in the subject.
    boolean keepsSegments(int... segments) {
        return Arrays.stream(segments)
                .filter(this::isOther)
                .allMatch(i ->
                        expected.state().segments[i].selector == test.state.segments[i].selector
                                && got.state().segments[i].selector == 0);
    }

    /// Whether some segments are the same.
    boolean haveSegmentsAlike(int... segments) {
        return Arrays.stream(segments).noneMatch(this::isOther);
    }

    private boolean isOther(int segment) {
        return expected.state().segments[segment].selector
                != got.state().segments[segment].selector;
    }

    /// Whether nothing but the error code on the stack does.
    boolean isErrorCode() {
        long top = expected.state().gpr[RSP];
        return expected.end() == GP
                && found.size() == 1
                && found.getFirst().startsWith("memory %x:".formatted(top & -4));
    }

    /// The reference's error code, which differs.
    int errorCode() {
        return words.getFirst().expected();
    }

    private void compare() {
        String end = expected.end() + " " + expected.otherwise();
        String other = got.end() + " " + got.otherwise();
        if (!end.equals(other)) {
            found.add("end: expected " + end + ", got " + other);
        }
        if (expected.end() < 0 && end.equals(other)) {
            // After a shutdown the processor's state is undefined.
            return;
        }
        X86State a = expected.state();
        X86State b = got.state();
        for (int i = 0; i < 16; i++) {
            compare(REGISTERS[i], a.gpr[i], b.gpr[i]);
        }
        compare("rflags", a.rflags & ~RFLAGS_RF, b.rflags & ~RFLAGS_RF);
        for (int i = 0; i < 6; i++) {
            compare(SEGMENTS[i], a.segments[i], b.segments[i]);
        }
        compare("ldtr", a.ldtr, b.ldtr);
        compare("tr", a.tr, b.tr);
        compare("gdt base", a.gdtBase, b.gdtBase);
        compare("gdt limit", a.gdtLimit, b.gdtLimit);
        compare("idt base", a.idtBase, b.idtBase);
        compare("idt limit", a.idtLimit, b.idtLimit);
        compare("cr0", a.cr0, b.cr0);
        compare("cr2", a.cr2, b.cr2);
        compare("cr3", a.cr3, b.cr3);
        compare("cr4", a.cr4, b.cr4);
        compare("efer", a.efer, b.efer);
        compare("xcr0", a.xcr0, b.xcr0);
        for (int i = 0; i < 8; i++) {
            compare("dr" + i, a.dr[i], b.dr[i]);
        }
        for (int msr : MSRS) {
            compare("msr " + Integer.toHexString(msr), a.msr(msr), b.msr(msr));
        }
        compareMemory();
    }

    private void compare(String what, long a, long b) {
        if (a != b) {
            found.add("%s: expected %x, got %x".formatted(what, a, b));
        }
    }

    private void compare(String what, Segment a, Segment b) {
        boolean isNull = (a.selector & 0xfffc) == 0 && test.state.isLongMode();
        boolean unusable = isNull || isUnusable(a) && isUnusable(b);
        boolean same =
                a.selector == b.selector
                        && (unusable
                                || a.base == b.base
                                        && a.limit == b.limit
                                        && a.attributes == b.attributes);
        if (!same) {
            found.add("%s: expected %s, got %s".formatted(what, a, b));
        }
    }

    private static boolean isUnusable(Segment segment) {
        return segment.has(Segment.UNUSABLE) || !segment.has(Segment.P);
    }

    private void compareMemory() {
        byte[] a = expected.memory();
        byte[] b = got.memory();
        int at = Arrays.mismatch(a, b);
        for (int listed = 0; at >= 0 && listed < MOST_LISTED; listed++) {
            int word = at & ~3;
            int mine = word(a, word);
            int other = word(b, word);
            if ((mine ^ other) != RFLAGS_RF) {
                words.add(new Word(mine, other));
                found.add("memory %x: expected %08x, got %08x".formatted(word, mine, other));
            }
            int more = Arrays.mismatch(a, word + 4, a.length, b, word + 4, b.length);
            at = more < 0 ? -1 : word + 4 + more;
        }
    }

    private static int word(byte[] bytes, int at) {
        return bytes[at] & 0xff
                | (bytes[at + 1] & 0xff) << 8
                | (bytes[at + 2] & 0xff) << 16
                | bytes[at + 3] << 24;
    }
}
