package straddle.core.arch.x86;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.io.ByteArrayInputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

class X86StateTest {
    private static X86State scrambled() {
        SplittableRandom random = new SplittableRandom(42);
        X86State state = new X86State();
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextLong();
        }
        state.rip = random.nextLong();
        state.rflags = random.nextLong();
        for (Segment segment : state.segments) {
            segment.set(
                    random.nextInt(0x1_0000),
                    random.nextLong(),
                    random.nextInt(),
                    random.nextInt(0x2_0000));
        }
        state.ldtr.set(1, 2, 3, 4);
        state.tr.set(5, 6, 7, 8);
        state.gdtBase = random.nextLong();
        state.gdtLimit = 0xfff;
        state.idtBase = random.nextLong();
        state.idtLimit = 0x123;
        state.cr0 = random.nextLong();
        state.cr2 = random.nextLong();
        state.cr3 = random.nextLong();
        state.cr4 = random.nextLong();
        state.cr8 = 9;
        state.efer = EFER_LMA | EFER_LME;
        state.xcr0 = 7;
        state.apicBase = 0xfee0_0d00L;
        state.dr[6] = 0xffff_4ff0L;
        state.msrs.put(MSR_STAR, random.nextLong());
        state.msrs.put(MSR_TSC, random.nextLong());
        random.nextBytes(state.xsave);
        state.pendingVector = 14;
        state.pendingKind = X86State.EventKind.EXCEPTION;
        state.pendingErrorCode = 6;
        state.interruptShadow = true;
        state.nmiBlocked = true;
        state.nmiPending = true;
        state.halted = true;
        return state;
    }

    private static X86State restored(byte[] saved) throws SnapshotException {
        X86State state = new X86State();
        state.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        return state;
    }

    @Test
    void whatIsSavedIsRestored() throws SnapshotException {
        byte[] saved = SnapshotWriter.bytesOf(scrambled());
        assertArrayEquals(saved, SnapshotWriter.bytesOf(restored(saved)));
        assertFalse(java.util.Arrays.equals(saved, SnapshotWriter.bytesOf(new X86State())));
    }

    @Test
    void aCopyIsWhole() {
        X86State copy = new X86State();
        copy.copyFrom(scrambled());
        assertArrayEquals(SnapshotWriter.bytesOf(scrambled()), SnapshotWriter.bytesOf(copy));
    }

    @Test
    void aCopySharesNothing() {
        X86State original = scrambled();
        byte[] before = SnapshotWriter.bytesOf(original);
        X86State copy = new X86State();
        copy.copyFrom(original);
        copy.reset();
        assertArrayEquals(before, SnapshotWriter.bytesOf(original));
    }

    @Test
    void resetLeavesNothingBehind() {
        X86State state = scrambled();
        state.reset();
        assertArrayEquals(SnapshotWriter.bytesOf(new X86State()), SnapshotWriter.bytesOf(state));
    }

    @Test
    void afterResetItIsInRealModeBelowFourGib() {
        X86State state = new X86State();
        assertEquals(0xffff_fff0L, state.segments[CS].base + state.rip);
        assertEquals(0, state.cr0 & (CR0_PE | CR0_PG));
        assertEquals(0, state.cpl());
        assertFalse(state.isLongMode());
    }

    @Test
    void thePrivilegeLevelIsTheStackSegments() {
        X86State state = new X86State();
        state.segments[SS].attributes |= 3 << Segment.DPL_SHIFT;
        assertEquals(3, state.cpl());
    }

    @Test
    void anUnknownKindOfEventIsDamage() {
        byte[] saved = SnapshotWriter.bytesOf(new X86State());
        String text = new String(saved, java.nio.charset.StandardCharsets.ISO_8859_1);
        saved[text.indexOf("NONE")] = 'X';
        assertThrows(SnapshotException.class, () -> restored(saved));
    }

    @Test
    void theDumpNamesRegistersWithTheirValues() {
        X86State state = new X86State();
        state.gpr[R8] = 0x1234;
        assertTrue(state.toString().contains("r8  0000000000001234"));
        assertTrue(state.toString().contains("rip 000000000000fff0"));
    }

    private static final int R8 = 8;
}
