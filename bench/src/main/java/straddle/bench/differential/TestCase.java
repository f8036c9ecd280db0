package straddle.bench.differential;

import java.util.List;
import straddle.core.arch.x86.X86State;

/// Machine code with the state that it starts from. What it holds is not changed after it is made.
///
/// @param name where it came from: seed and number, or a reproducer's name
/// @param initial user state with RIP at the code
/// @param code what is placed at [#initial]'s RIP, its terminator included
/// @param memory the compared memory's content before
/// @param steps what the code is made of, in order; empty for code of unknown make
/// @param rounds how often the steps run, one after another
@SuppressWarnings("ArrayRecordComponent") // not changed after it is made
record TestCase(
        String name, X86State initial, byte[] code, byte[] memory, List<Step> steps, int rounds) {

    /// One instruction under test with what prepares it before and tidies up after it.
    ///
    /// @param offset of its first byte in the case's code
    /// @param length in bytes, preparation and tidying included
    /// @param instruction offset of the instruction under test
    /// @param cell what it covers, or null where it only prepares
    /// @param undefined RFLAGS bits that the instruction leaves undefined
    record Step(
            int offset, int length, int instruction, InstructionTable.Cell cell, int undefined) {
        int end() {
            return offset + length;
        }
    }

    private static final byte INT3 = (byte) 0xcc;

    long entry() {
        return initial.rip;
    }

    /// The first `count` steps, once.
    TestCase first(int count) {
        int end = count == 0 ? 0 : steps.get(count - 1).end();
        return new TestCase(
                name, initial, terminated(0, end), memory, List.copyOf(steps.subList(0, count)), 1);
    }

    /// All steps, as often as said, and no more: code of 1 round has neither counter nor branch.
    TestCase once() {
        return first(steps.size());
    }

    /// One step alone, from another state.
    TestCase only(int step, Outcome before) {
        Step at = steps.get(step);
        X86State state = before.userState();
        state.rip = entry() + at.offset();
        Step moved =
                new Step(0, at.length(), at.instruction() - at.offset(), at.cell(), at.undefined());
        return new TestCase(
                name, state, terminated(at.offset(), at.end()), before.memory(), List.of(moved), 1);
    }

    TestCase with(X86State state, byte[] content) {
        return new TestCase(name, state, code, content, steps, rounds);
    }

    private byte[] terminated(int from, int end) {
        byte[] part = new byte[end - from + 1];
        System.arraycopy(code, from, part, 0, end - from);
        part[end - from] = INT3;
        return part;
    }

    /// The step that an address of the code belongs to, or -1.
    int stepAt(long rip) {
        long offset = rip - entry();
        for (int i = 0; i < steps.size(); i++) {
            if (offset >= steps.get(i).offset() && offset < steps.get(i).end()) {
                return i;
            }
        }
        return -1;
    }
}
