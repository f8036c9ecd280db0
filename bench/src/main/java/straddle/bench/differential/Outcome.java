package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import straddle.core.arch.x86.X86State;

/// What a case has led to: the exception that ended it, and all that user code can see.
///
/// @param vector the exception's, or -1 when the engine failed
/// @param failure what the engine did instead of delivering an exception, or null
/// @param errorCode the exception's; 0 where it has none
/// @param state as saved at the exception, with RIP, RSP and RFLAGS of the interrupted code
/// @param memory the compared memory after
@SuppressWarnings("ArrayRecordComponent") // not changed after it is made
record Outcome(int vector, String failure, long errorCode, X86State state, byte[] memory) {
    static final int XSAVE_COMPARED = 416;

    /// The bit of XSTATE_BV for bits 255:128 of the YMM registers, and where these are.
    static final int AVX = 4;

    static final int YMM = 576;
    static final int YMM_BYTES = 256;

    private static final String[] REGISTERS = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
        "r13", "r14", "r15"
    };

    private static final int MAX_LISTED = 12;

    static Outcome failed(String why) {
        return new Outcome(-1, why, 0, UserSandbox.userState(), new byte[0]);
    }

    /// The state to go on from.
    X86State userState() {
        X86State copy = UserSandbox.userState();
        System.arraycopy(state.gpr, 0, copy.gpr, 0, copy.gpr.length);
        copy.rip = state.rip;
        copy.rflags = state.rflags & ~RFLAGS_RF;
        System.arraycopy(normalXsave(), 0, copy.xsave, 0, XSAVE_COMPARED);
        System.arraycopy(uppers(), 0, copy.xsave, YMM, YMM_BYTES);
        copy.xsave[X86State.XSTATE_BV_OFFSET] |= AVX;
        for (int i : new int[] {DS, ES, FS, GS}) {
            copy.segments[i].copyFrom(state.segments[i]);
        }
        return copy;
    }

    boolean isFailure() {
        return failure != null;
    }

    /// Everything that differs, a line each; empty when nothing does.
    ///
    /// @param undefined RFLAGS bits of the end state that may differ
    List<String> differences(Outcome got, int undefined) {
        if (failure != null || got.failure != null) {
            return Objects.equals(failure, got.failure)
                    ? List.of()
                    : List.of(line("end", ending(), got.ending()));
        }
        List<String> found = new ArrayList<>();
        if (isEmulatedProtectionFault(got)) {
            return found;
        }
        if (vector != got.vector) {
            found.add(line("end", ending(), got.ending()));
        } else {
            compare(found, "error code", errorCode, got.errorCode);
            if (vector == PF) {
                compare(found, "cr2", state.cr2, got.state.cr2);
            }
        }
        compare(found, "rip", state.rip, got.state.rip);
        // RF of the pushed image follows the kind of exception, which is compared already.
        long flags = ~(undefined | RFLAGS_RF);
        compare(found, "rflags", state.rflags & flags, got.state.rflags & flags);
        for (int i = 0; i < REGISTERS.length; i++) {
            compare(found, REGISTERS[i], state.gpr[i], got.state.gpr[i]);
        }
        compareSegments(found, got);
        if (!Arrays.equals(normalXsave(), got.normalXsave())) {
            compareXsave(found, got);
        }
        compareUppers(found, got);
        compareMemory(found, got);
        return found;
    }

    /// A KVM without hardware support hands an instruction that met #GP(0) to its own interpreter, which
    /// answers #UD to what it doesn't know. Registers are the same: the instruction did nothing.
    private boolean isEmulatedProtectionFault(Outcome got) {
        return vector == UD && got.vector == GP && isWithoutEffect(got);
    }

    /// Whether both faulted at the same instruction with the same registers and memory, and error code 0.
    boolean isWithoutEffect(Outcome got) {
        return errorCode == 0
                && got.errorCode == 0
                && state.rip == got.state.rip
                && Arrays.equals(state.gpr, got.state.gpr)
                && Arrays.equals(memory, got.memory);
    }

    private void compareSegments(List<String> found, Outcome got) {
        String[] names = {"es", "cs", "ss", "ds", "fs", "gs"};
        for (int i = 0; i < names.length; i++) {
            compare(found, names[i], state.segments[i].selector, got.state.segments[i].selector);
        }
        compare(found, "fs base", state.segments[FS].base, got.state.segments[FS].base);
        compare(found, "gs base", state.segments[GS].base, got.state.segments[GS].base);
    }

    private void compareXsave(List<String> found, Outcome got) {
        ByteBuffer mine = ByteBuffer.wrap(normalXsave()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        ByteBuffer other =
                ByteBuffer.wrap(got.normalXsave()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        compare(found, "fcw", mine.getShort(0), other.getShort(0));
        compare(found, "fsw", mine.getShort(2), other.getShort(2));
        compare(found, "ftw", mine.get(4), other.get(4));
        compare(found, "mxcsr", mine.getInt(24), other.getInt(24));
        for (int i = 0; i < 8; i++) {
            compare(found, "st" + i, wide(mine, 32 + i * 16), wide(other, 32 + i * 16));
        }
        for (int i = 0; i < 16; i++) {
            compare(found, "xmm" + i, wide(mine, 160 + i * 16), wide(other, 160 + i * 16));
        }
    }

    private void compareUppers(List<String> found, Outcome got) {
        ByteBuffer mine = ByteBuffer.wrap(uppers()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        ByteBuffer other = ByteBuffer.wrap(got.uppers()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 16; i++) {
            compare(found, "ymm" + i + " 255:128", wide(mine, i * 16), wide(other, i * 16));
        }
    }

    /// Bits 255:128 of the YMM registers.
    byte[] uppers() {
        boolean present = (state.xsave[X86State.XSTATE_BV_OFFSET] & AVX) != 0;
        return present
                ? Arrays.copyOfRange(state.xsave, YMM, YMM + YMM_BYTES)
                : new byte[YMM_BYTES];
    }

    private static String wide(ByteBuffer bytes, int at) {
        return "%016x%016x".formatted(bytes.getLong(at + 8), bytes.getLong(at));
    }

    private void compareMemory(List<String> found, Outcome got) {
        int at = Arrays.mismatch(memory, got.memory);
        for (int listed = 0; at >= 0 && listed < MAX_LISTED; listed++) {
            int quad = at & ~7;
            found.add(
                    line(
                            "memory+0x" + Integer.toHexString(quad),
                            "%016x".formatted(quadAt(memory, quad)),
                            "%016x".formatted(quadAt(got.memory, quad))));
            int next =
                    Arrays.mismatch(
                            memory,
                            quad + 8,
                            memory.length,
                            got.memory,
                            quad + 8,
                            got.memory.length);
            at = next < 0 ? -1 : quad + 8 + next;
        }
    }

    static long quadAt(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong(at);
    }

    private static void compare(List<String> found, String what, long expected, long got) {
        if (expected != got) {
            found.add(line(what, Long.toHexString(expected), Long.toHexString(got)));
        }
    }

    private static void compare(List<String> found, String what, String expected, String got) {
        if (!expected.equals(got)) {
            found.add(line(what, expected, got));
        }
    }

    private static String line(String what, String expected, String got) {
        return what + ": expected " + expected + ", got " + got;
    }

    String ending() {
        return failure != null
                ? failure
                : "vector %d error %x rip %x".formatted(vector, errorCode, state.rip);
    }

    /// The legacy region, with components that XSTATE_BV leaves out in their initial state, and
    /// without FOP, FIP and FDP: processors differ in when these are kept (SDM volume 1, 8.1.8, and
    /// AMD's manual volume 5, FXSAVE).
    byte[] normalXsave() {
        byte[] area = Arrays.copyOf(state.xsave, XSAVE_COMPARED);
        byte present = state.xsave[X86State.XSTATE_BV_OFFSET];
        if ((present & 1) == 0) {
            Arrays.fill(area, 0, 24, (byte) 0);
            Arrays.fill(area, 32, 160, (byte) 0);
            area[0] = 0x7f;
            area[1] = 3;
        }
        if ((present & 2) == 0) {
            Arrays.fill(area, 160, XSAVE_COMPARED, (byte) 0);
        }
        Arrays.fill(area, 5, 24, (byte) 0);
        Arrays.fill(area, 28, 32, (byte) 0);
        for (int i = 0; i < 8; i++) {
            Arrays.fill(area, 32 + i * 16 + 10, 48 + i * 16, (byte) 0);
        }
        return area;
    }
}
