package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Images of the floating-point state in memory.
class FpImagesTest {
    private static final int MXCSR_MASK = 28;

    private final Operands operands = new Operands(Differential.SEED);

    private X87 someState() {
        X87 x = new X87();
        for (int r = 0; r < 8; r++) {
            x.signExponent[r] = operands.exponent80();
            x.significand[r] = operands.significand80(x.signExponent[r]);
        }
        x.loadTagByte(0x5e);
        x.fldcw(0xf7f);
        x.loadStatus(0x6a25);
        x.instructionPointer = 0x12345;
        x.instructionSelector = 0x23;
        x.dataPointer = 0x54321;
        x.dataSelector = 0x2b;
        x.opcode = 0x1d8;
        return x;
    }

    private byte[] saved(X87 x, boolean wide, boolean real) {
        byte[] image = new byte[FpImages.saveBytes(wide)];
        FpImages.fnsave(x, image, wide, real);
        return image;
    }

    private void survives(boolean wide, boolean real) {
        byte[] image = saved(someState(), wide, real);
        X87 x = new X87();
        FpImages.frstor(x, image, wide, real);
        assertArrayEquals(image, saved(x, wide, real), "seed " + Differential.SEED);
    }

    @Test
    void everySaveFormatSurvivesARestore() {
        survives(true, false);
        survives(true, true);
        survives(false, false);
        survives(false, true);
    }

    @Test
    void savingInitializesTheUnit() {
        X87 x = someState();
        saved(x, true, false);
        assertEquals(0x37f, x.fnstcw());
        assertEquals(0xffff, x.tagWord());
    }

    @Test
    void storingTheEnvironmentMasksExceptions() {
        X87 x = new X87();
        x.fldcw(0x340);
        byte[] image = new byte[FpImages.environmentBytes(false)];
        FpImages.fnstenv(x, image, false, false);
        assertEquals(0x40, image[0]);
        assertEquals(0x37f, x.fnstcw());
    }

    @Test
    void fxsaveSurvivesFxrstor() {
        X87 x = someState();
        FpControl c = new FpControl();
        c.mxcsr = 0x9fc5;
        long[] v = new long[36];
        Arrays.setAll(v, _ -> operands.bits());
        byte[] image = new byte[FpImages.FXSAVE_BYTES];
        FpImages.fxsave(x, c, v, image, true, 16);
        X87 x2 = new X87();
        FpControl c2 = new FpControl();
        long[] v2 = new long[36];
        assertTrue(FpImages.fxrstor(x2, c2, v2, image, true, 16));
        byte[] again = new byte[FpImages.FXSAVE_BYTES];
        FpImages.fxsave(x2, c2, v2, again, true, 16);
        assertArrayEquals(image, again);
    }

    @Test
    void aReservedBitOfMxcsrIsRefused() {
        byte[] image = new byte[FpImages.FXSAVE_BYTES];
        image[26] = 1;
        assertFalse(FpImages.fxrstor(new X87(), new FpControl(), new long[36], image, true, 16));
    }

    /// Pointers aside: processors differ in when they update them.
    @Test
    @EnabledIf("straddle.tcg.x86.fp.HostCpu#available")
    void fxsaveIsTheProcessors() {
        byte[] before = saved(someState(), true, false);
        byte[] theirs = new byte[FpImages.FXSAVE_BYTES];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(1024, 64);
            MemorySegment.copy(before, 0, block, ValueLayout.JAVA_BYTE, 0, before.length);
            // frstor [rdi]; fxsave [rdi+512]; fninit; ret
            HostCpu.call(HexFormat.of().parseHex("dd270fae8700020000dbe3c3"), block, 1);
            MemorySegment.copy(block, ValueLayout.JAVA_BYTE, 512, theirs, 0, theirs.length);
        }
        X87 x = new X87();
        FpImages.frstor(x, before, true, false);
        byte[] ours = new byte[FpImages.FXSAVE_BYTES];
        FpImages.fxsave(x, new FpControl(), new long[36], ours, false, 16);
        assertArrayEquals(Arrays.copyOf(theirs, 6), Arrays.copyOf(ours, 6));
        assertArrayEquals(
                Arrays.copyOfRange(theirs, MXCSR_MASK + 4, 160),
                Arrays.copyOfRange(ours, MXCSR_MASK + 4, 160));
    }
}
