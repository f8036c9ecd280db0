package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.UserState;

/// State in the place of AVX-512's, of threads whose kernel knows no more than AVX.
class ForeignVectorsTest {
    private static final long X87_TO_AVX = 7;
    private static final long OPMASK = 1 << 5;
    private static final int AVX_AT = 576;
    private static final int FOREIGN_AT = AVX_AT + 256;

    private final ForeignVectors vectors = new ForeignVectors();
    private final UserState user = new UserState();

    @BeforeEach
    void runs64BitCode() {
        user.efer = X86.EFER_LMA;
        user.segments[X86.CS].attributes = Segment.L;
    }

    private static X86State state(long components, int avx, int foreign) {
        X86State state = new X86State();
        state.xsaveBuffer().putLong(X86State.XSTATE_BV_OFFSET, components);
        state.xsaveBuffer().putInt(AVX_AT, avx);
        state.xsaveBuffer().putInt(FOREIGN_AT, foreign);
        return state;
    }

    private void keep(long cr3, long fsBase, X86State state) {
        vectors.keep(state, cr3, fsBase, X87_TO_AVX);
    }

    /// What a thread is given that the guest's kernel gives `avx`.
    private X86State given(long cr3, long fsBase, int avx) {
        X86State state = state(X87_TO_AVX, avx, 0);
        user.addressSpace = cr3;
        user.segments[X86.FS].base = fsBase;
        user.xcr0 = X87_TO_AVX;
        vectors.complete(state, user);
        return state;
    }

    private static void assertHas(X86State state, long components, int avx, int foreign) {
        assertEquals(components, state.xsaveBuffer().getLong(X86State.XSTATE_BV_OFFSET));
        assertEquals(avx, state.xsaveBuffer().getInt(AVX_AT));
        assertEquals(foreign, state.xsaveBuffer().getInt(FOREIGN_AT));
    }

    @Test
    void eachThreadHasItsOwn() {
        keep(0x1000, 1, state(X87_TO_AVX | OPMASK, 5, 11));
        keep(0x1000, 2, state(X87_TO_AVX | OPMASK, 6, 12));
        keep(0x2000, 1, state(X87_TO_AVX | OPMASK, 7, 13));

        assertHas(given(0x1000, 1, 21), X87_TO_AVX | OPMASK, 21, 11);
        assertHas(given(0x1000, 2, 22), X87_TO_AVX | OPMASK, 22, 12);
        assertHas(given(0x2000, 1, 23), X87_TO_AVX | OPMASK, 23, 13);
        assertEquals(3, vectors.threads());
    }

    @Test
    void whoHadNoneFindsNone() {
        keep(0x1000, 1, state(X87_TO_AVX | OPMASK, 5, 11));

        assertHas(given(0x1000, 2, 21), X87_TO_AVX, 21, 0);
        assertHas(given(0x2000, 1, 22), X87_TO_AVX, 22, 0);
    }

    @Test
    void whatIsInItsInitialStateAgainIsForgotten() {
        keep(0x1000, 1, state(X87_TO_AVX | OPMASK, 5, 11));
        keep(0x1000, 1, state(X87_TO_AVX, 5, 0));

        assertHas(given(0x1000, 1, 21), X87_TO_AVX, 21, 0);
    }

    /// Not even what the guest's kernel doesn't know, and happens to have there.
    @Test
    void aComponentThatTheKernelDoesNotKnowIsNeverTakenFromIt() {
        X86State state = state(X87_TO_AVX | OPMASK, 5, 11);
        user.xcr0 = X87_TO_AVX;
        vectors.complete(state, user);

        assertEquals(X87_TO_AVX, state.xsaveBuffer().getLong(X86State.XSTATE_BV_OFFSET));
    }

    /// Whoever has its memory next is another process.
    @Test
    void whatEndedLeavesNothing() {
        keep(0x1000, 1, state(X87_TO_AVX | OPMASK, 5, 11));
        keep(0x2000, 1, state(X87_TO_AVX | OPMASK, 6, 12));
        vectors.forget(0x1000);

        assertHas(given(0x1000, 1, 21), X87_TO_AVX, 21, 0);
        assertHas(given(0x2000, 1, 22), X87_TO_AVX | OPMASK, 22, 12);
    }

    @Test
    void threadsOf32BitCodeAreToldApartByGs() {
        keep(0x1000, 1, state(X87_TO_AVX | OPMASK, 5, 11));
        user.segments[X86.CS].attributes = 0;
        user.segments[X86.GS].base = 1;

        assertHas(given(0x1000, 7, 21), X87_TO_AVX | OPMASK, 21, 11);
    }
}
