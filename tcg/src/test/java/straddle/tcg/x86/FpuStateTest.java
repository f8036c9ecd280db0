package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.COMPLETED;
import static straddle.tcg.x86.Snippet.DATA;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// FXSAVE, XSAVE and their counterparts, and the conversion to and from the neutral state.
class FpuStateTest {
    private static final String FXSAVE64 = "480fae07";
    private static final String FXRSTOR64 = "480fae0f";
    private static final String XSAVE64 = "480fae27";
    private static final String XRSTOR64 = "480fae2f";
    private static final String XSAVEC64 = "480fc727";
    private static final long UNTOUCHED = 0x7777_7777_7777_7777L;
    private static final int XSTATE_BV = DATA + 512;
    private static final int XCOMP_BV = DATA + 520;

    private final Snippet snippet = new Snippet();

    @AfterEach
    void close() {
        snippet.close();
    }

    private void fill(int bytes) {
        for (int i = 0; i < bytes; i += 8) {
            snippet.putLong(DATA + i, UNTOUCHED);
        }
    }

    private void request(int components) {
        snippet.state.gpr[RAX] = components;
        snippet.state.gpr[RDX] = 0;
    }

    private void setXmms() {
        for (int i = 0; i < 16; i++) {
            snippet.setXmm(i, i + 1, -i - 1);
        }
    }

    // ---- FXSAVE

    @Test
    void fxsaveWritesControlRegistersAndXmm() {
        fill(512);
        setXmms();
        assertEquals(COMPLETED, snippet.run("d9e8" + FXSAVE64));
        ByteBuffer image = snippet.bytes(DATA, 512);
        assertAll(
                () -> assertEquals(0x37f, image.getShort(0)),
                () -> assertEquals(0x3800, image.getShort(2)),
                () -> assertEquals(0x80, image.get(4) & 0xff),
                () -> assertEquals(0x1e8, image.getShort(6)),
                () -> assertEquals(0x1_0000, image.getLong(8)),
                () -> assertEquals(0x1f80, image.getInt(24)),
                () -> assertEquals(0xffff, image.getInt(28)),
                () -> assertEquals(Long.MIN_VALUE, image.getLong(32)),
                () -> assertEquals(0x3fff, image.getLong(40)),
                () -> assertEquals(16, image.getLong(400)),
                () -> assertEquals(UNTOUCHED, image.getLong(416)));
    }

    @Test
    void fxrstorBringsTheStateBack() {
        setXmms();
        assertEquals(
                COMPLETED, snippet.run("d9eb" + FXSAVE64 + "dbe3 0f57c0 440f57ff" + FXRSTOR64));
        assertAll(
                () -> assertEquals(1, snippet.low(0)),
                () -> assertEquals(16, snippet.low(15)),
                () -> assertEquals(0x80, snippet.tags()));
    }

    @Test
    void fxrstorRefusesReservedBitsOfMxcsr() {
        setXmms();
        snippet.putLong(DATA + 24, 0x1_1f80);
        assertEquals(GP, snippet.run(FXRSTOR64));
        assertEquals(1, snippet.low(0));
    }

    @ParameterizedTest
    @CsvSource({"0fae4708, 13", "0fae4f08, 13", "0fae6710, 13", "0fae6f20, 13"})
    void areasMustBeAligned(String code, int vector) {
        assertEquals(vector, snippet.run(code));
    }

    @Test
    void ldmxcsrRefusesReservedBits() {
        snippet.putLong(DATA, 0x1_0000);
        assertEquals(GP, snippet.run("0fae17"));
        assertEquals(0x1f80, snippet.mxcsr());
    }

    // ---- XSAVE

    @ParameterizedTest
    @ValueSource(strings = {XSAVE64, XRSTOR64, XSAVEC64, "480fae37"})
    void xsaveMustBeEnabled(String code) {
        snippet.state.cr4 &= ~CR4_OSXSAVE;
        assertEquals(UD, snippet.run(code));
    }

    @Test
    void xsaveWritesWhatIsAskedForAndKeepsOtherBitsOfItsHeader() {
        fill(576);
        setXmms();
        snippet.putLong(XSTATE_BV, 5);
        request(2);
        assertEquals(COMPLETED, snippet.run(XSAVE64));
        assertAll(
                () -> assertEquals(7, snippet.getLong(XSTATE_BV)),
                () -> assertEquals(UNTOUCHED, snippet.getLong(XCOMP_BV)),
                () -> assertEquals(UNTOUCHED, snippet.getLong(DATA)),
                () -> assertEquals(UNTOUCHED, snippet.getLong(DATA + 32)),
                () -> assertEquals(0xffff_0000_1f80L, snippet.getLong(DATA + 24)),
                () -> assertEquals(1, snippet.getLong(DATA + 160)));
    }

    @Test
    void xsaveoptLeavesOutInitialComponents() {
        fill(576);
        snippet.putLong(XSTATE_BV, 3);
        request(3);
        assertEquals(COMPLETED, snippet.run("480fae37"));
        assertAll(
                () -> assertEquals(0, snippet.getLong(XSTATE_BV)),
                () -> assertEquals(UNTOUCHED, snippet.getLong(DATA)),
                () -> assertEquals(UNTOUCHED, snippet.getLong(DATA + 160)));
    }

    @Test
    void xsavecSaysThatItsFormIsCompacted() {
        fill(576);
        setXmms();
        request(3);
        assertEquals(COMPLETED, snippet.run(XSAVEC64));
        assertAll(
                () -> assertEquals(2, snippet.getLong(XSTATE_BV)),
                () -> assertEquals(0x8000_0000_0000_0003L, snippet.getLong(XCOMP_BV)));
    }

    @Test
    void xrstorInitializesWhatTheAreaDoesNotHave() {
        setXmms();
        snippet.putLong(DATA + 24, 0x1f00);
        request(3);
        assertEquals(COMPLETED, snippet.run("d9e8" + XRSTOR64));
        assertAll(
                () -> assertEquals(0, snippet.tags()),
                () -> assertEquals(0, snippet.low(3)),
                () -> assertEquals(0x1f00, snippet.mxcsr()));
    }

    @ParameterizedTest
    @CsvSource({
        "8, 0, 0", // a component that XCR0 has not
        "1, 1, 0", // compaction without its bit
        "0, 0, 1", // a reserved word
        "2, -9223372036854775807, 0", // a component that the compacted area has not
        "0, -9223372036854775800, 0" // compaction of one that XCR0 has not
    })
    void xrstorRefusesABadHeader(long components, long compaction, long reserved) {
        setXmms();
        snippet.putLong(XSTATE_BV, components);
        snippet.putLong(XCOMP_BV, compaction);
        snippet.putLong(XCOMP_BV + 8, reserved);
        request(3);
        assertEquals(GP, snippet.run(XRSTOR64));
        assertEquals(1, snippet.low(0));
    }

    // ---- the neutral state

    @Test
    void aStateThatIsLoadedAndSavedIsTheSame() {
        Random random = new Random(7);
        ByteBuffer area = snippet.state.xsaveBuffer();
        random.nextBytes(snippet.state.xsave);
        Arrays.fill(snippet.state.xsave, 0, 160, (byte) 0);
        area.putShort(0, (short) 0x27f);
        area.putShort(2, (short) 0x3800);
        area.put(4, (byte) 0x80);
        area.putShort(6, (short) 0x123);
        area.putLong(8, 0x1234_5678_9abcL);
        area.putLong(16, 0x4321_8765_cba9L);
        area.putInt(24, 0x1fa0);
        area.putInt(28, 0x2_ffff);
        for (int i = 0; i < 8; i++) {
            area.putLong(32 + 16 * i, random.nextLong());
            area.putShort(40 + 16 * i, (short) random.nextInt());
        }
        area.putLong(512, 0x207);
        byte[] before = snippet.state.xsave.clone();
        assertEquals(COMPLETED, snippet.run("90"));
        assertArrayEquals(before, snippet.state.xsave);
    }

    @Test
    void componentsInTheirInitialStateStaySo() {
        snippet.state.xsaveBuffer().putLong(512, 0);
        byte[] before = snippet.state.xsave.clone();
        assertEquals(COMPLETED, snippet.run("90"));
        assertArrayEquals(before, snippet.state.xsave);
    }

    // ---- AVX's component

    private void setUppers() {
        for (int i = 0; i < 16; i++) {
            snippet.setUpper(i, 100 + i, 200 + i);
        }
    }

    @Test
    void xsaveHasTheUpperHalvesAfterItsHeader() {
        setUppers();
        request(4);
        assertEquals(COMPLETED, snippet.run(XSAVE64));
        assertAll(
                () -> assertEquals(4, snippet.getLong(XSTATE_BV)),
                () -> assertEquals(100, snippet.getLong(DATA + 576)),
                () -> assertEquals(215, snippet.getLong(DATA + 576 + 248)));
    }

    @Test
    void xrstorInitializesTheUpperHalvesThatAnAreaLacks() {
        setUppers();
        request(4);
        snippet.putLong(DATA + 24, 0x1f80);
        assertEquals(COMPLETED, snippet.run(XRSTOR64));
        assertEquals(0, snippet.upperLow(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {XSAVE64 + "c5fc77" + XRSTOR64, XSAVEC64 + "c5fc77" + XRSTOR64})
    void whatWasSavedComesBack(String code) {
        setXmms();
        setUppers();
        request(7);
        assertEquals(COMPLETED, snippet.run(code));
        assertAll(
                () -> assertEquals(16, snippet.low(15)),
                () -> assertEquals(115, snippet.upperLow(15)));
    }

    @Test
    void xsavesIsCompactedAndXrstorsTakesNothingElse() {
        setUppers();
        request(7);
        assertEquals(COMPLETED, snippet.run("480fc72f c5fc77 480fc71f"));
        assertAll(
                () -> assertEquals(Long.MIN_VALUE | 7, snippet.getLong(XCOMP_BV)),
                () -> assertEquals(100, snippet.upperLow(0)));
        snippet.putLong(XCOMP_BV, 0);
        request(7);
        assertEquals(GP, snippet.run("480fc71f"));
    }

    @Test
    void xgetbvTellsWhichComponentsAreInUse() {
        setUppers();
        snippet.state.gpr[RCX] = 1;
        assertEquals(COMPLETED, snippet.run("c5fc77 0f01d0"));
        assertEquals(0, snippet.state.gpr[RAX] & 6);
        snippet.state.gpr[RCX] = 2;
        assertEquals(GP, snippet.run("0f01d0"));
    }
}
