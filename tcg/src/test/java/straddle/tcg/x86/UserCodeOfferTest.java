package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;
import static straddle.tcg.x86.Snippet.*;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.UserCodeTaker;
import straddle.core.vcpu.UserState;

/// User code is offered to another engine.
class UserCodeOfferTest {
    private static final int USER_CODE = 0x1_8000;
    private static final int ROUNDS = 1_000_000;
    private static final int DPL = 3 << Segment.DPL_SHIFT;
    private static final int USER_RIGHTS = Segment.P | Segment.S | Segment.G | DPL;

    private final Snippet snippet = new Snippet();
    private final Taker taker = new Taker();

    /// Takes the second slice that it is told of.
    private static final class Taker implements UserCodeTaker {
        final List<Long> slices = new ArrayList<>();
        int asked;
        boolean takesProtectedMode;

        @Override
        public boolean takesProtectedMode() {
            return takesProtectedMode;
        }

        @Override
        public boolean wants(long cr3) {
            asked++;
            return slices.size() > 1;
        }

        @Override
        public boolean wantsUndefined(long pc) {
            return false;
        }

        @Override
        public void translated(long addressSpace, long instructions, boolean goesOn) {
            slices.add(instructions);
        }

        @Override
        public void codeFound(long gpa) {}

        @Override
        public void keepOut() {}

        @Override
        public void letIn() {}
    }

    @BeforeEach
    void mapUserCode() {
        snippet.letUserIn();
        snippet.map(USER_CODE, USER_CODE | PRESENT | WRITABLE | USER);
        snippet.state.segments[CS].set(0x33, 0, -1, USER_RIGHTS | Segment.L | 0xb);
        snippet.state.segments[SS].set(0x2b, 0, -1, USER_RIGHTS | Segment.DB | 3);
        snippet.state.rflags = RFLAGS_IF | 2;
        snippet.machineCode();
        snippet.cpu.offerUserCode(taker);
    }

    @AfterEach
    void close() {
        snippet.close();
    }

    @Test
    void userCodeThatComputesIsOfferedAgain() {
        // dec rcx; jne back; a word that is no instruction
        snippet.putLong(USER_CODE, 0x0b0f_fb75_c9ff_48L);
        snippet.state.gpr[RCX] = ROUNDS;
        snippet.runAgain(USER_CODE);

        assertSame(Exit.UserCode.USER_CODE, snippet.exit());
        assertEquals(2, taker.slices.size(), taker.slices::toString);
        assertTrue(taker.slices.getFirst() >= 200_000, taker.slices::toString);
        assertTrue(snippet.cpu.r[RCX] > 0, () -> "RCX is " + snippet.cpu.r[RCX]);
        assertTrue(snippet.cpu.isAtUserCode());
    }

    /// What a host may not honour in native code: user code is not offered while the guest relies on it.
    enum Bar {
        CR0_TS,
        CR0_EM,
        CR4_TSD,
        CR4_LA57,
        LOCAL_BREAKPOINT_IN_DR7,
        GLOBAL_BREAKPOINT_IN_DR7,
        IOPL_3,
        SINGLE_STEPS,
        COMPATIBILITY_CODE,
        SIXTEEN_BIT_CODE,
        PROTECTED_MODE,
        VIRTUAL_8086_MODE,
        THE_KERNEL;

        void putUp(X86State state) {
            switch (this) {
                case CR0_TS -> state.cr0 |= X86.CR0_TS;
                case CR0_EM -> state.cr0 |= X86.CR0_EM;
                case CR4_TSD -> state.cr4 |= X86.CR4_TSD;
                case CR4_LA57 -> state.cr4 |= X86.CR4_LA57;
                case LOCAL_BREAKPOINT_IN_DR7 -> state.dr[7] |= 1;
                case GLOBAL_BREAKPOINT_IN_DR7 -> state.dr[7] |= 0x80;
                case IOPL_3 -> state.rflags |= RFLAGS_IOPL;
                case SINGLE_STEPS -> state.rflags |= RFLAGS_TF;
                case COMPATIBILITY_CODE -> code(state, USER_RIGHTS | Segment.DB | 0xb);
                case SIXTEEN_BIT_CODE -> code(state, USER_RIGHTS | 0xb);
                case PROTECTED_MODE -> {
                    state.efer = 0;
                    code(state, USER_RIGHTS | Segment.DB | 0xb);
                }
                case VIRTUAL_8086_MODE -> {
                    state.efer = 0;
                    state.rflags |= RFLAGS_VM;
                    code(state, USER_RIGHTS & ~Segment.G | 3);
                }
                case THE_KERNEL -> {
                    code(state, USER_RIGHTS & ~DPL | Segment.L | 0xb);
                    state.segments[SS].set(0, 0, -1, USER_RIGHTS & ~DPL | Segment.DB | 3);
                }
            }
        }

        private static void code(X86State state, int rights) {
            state.segments[CS].set(rights >> Segment.DPL_SHIFT & 3 | 8, 0, -1, rights);
        }
    }

    @ParameterizedTest
    @EnumSource(Bar.class)
    void userCodeIsNotOfferedUnder(Bar bar) {
        taker.slices.addAll(List.of(1L, 1L));
        snippet.putLong(USER_CODE, 0x0b0f_fb75_c9ff_48L);
        bar.putUp(snippet.state);
        snippet.state.gpr[RCX] = 10;
        snippet.state.rip = USER_CODE;
        snippet.cpu.load(snippet.state);
        assertFalse(snippet.cpu.isAtUserCode());

        snippet.runAgain(USER_CODE);
        assertEquals(0, taker.asked);
        assertNotSame(Exit.UserCode.USER_CODE, snippet.exit());
    }

    /// Whose processor may run it, too.
    @ParameterizedTest
    @EnumSource(
            value = Bar.class,
            names = {"COMPATIBILITY_CODE", "SIXTEEN_BIT_CODE", "PROTECTED_MODE"})
    void codeOfOtherModesIsOfferedToWhoeverTakesIt(Bar mode) {
        taker.takesProtectedMode = true;
        snippet.cpu.offerUserCode(taker);
        mode.putUp(snippet.state);
        snippet.state.rip = USER_CODE;
        snippet.cpu.load(snippet.state);
        assertTrue(snippet.cpu.isAtUserCode());

        snippet.cpu.cr4 &= ~CR4_OSFXSR;
        assertFalse(snippet.cpu.isAtUserCode(), "without SSE");
        snippet.cpu.cr4 |= CR4_OSFXSR;
        snippet.cpu.cr0 &= ~CR0_PG;
        assertFalse(snippet.cpu.isAtUserCode(), "without paging");
    }

    @Test
    void virtual8086CodeIsNobodyElses() {
        taker.takesProtectedMode = true;
        snippet.cpu.offerUserCode(taker);
        Bar.VIRTUAL_8086_MODE.putUp(snippet.state);
        snippet.state.rip = USER_CODE;
        snippet.cpu.load(snippet.state);

        assertFalse(snippet.cpu.isAtUserCode());
    }

    /// In front of user code, with a flat segment of data in the guest's table, and a descriptor behind it.
    private UserState userWithDataAt0x28And(long descriptorAt0x30) {
        int gdt = USER_CODE + 0x800;
        snippet.putLong(gdt + 0x28, 0x00cf_f300_0000_ffffL);
        snippet.putLong(gdt + 0x30, descriptorAt0x30);
        snippet.state.gdtBase = gdt;
        snippet.state.gdtLimit = 0x37;
        snippet.state.rip = USER_CODE;
        snippet.cpu.load(snippet.state);
        UserState user = new UserState();
        snippet.cpu.saveUser(user);
        return user;
    }

    /// The base tells that it was loaded, or the selector alone.
    @Test
    void segmentsThat32BitCodeLoadedElsewhereAreTheGuests() {
        Bar.COMPATIBILITY_CODE.putUp(snippet.state);
        UserState user = userWithDataAt0x28And(0x0040_f300_5678_0fffL);
        user.segments[SS].selector = 0x33;
        user.segments[GS].set(0x33, 0x1234, 0xff, USER_RIGHTS | 3);
        user.segments[ES].set(0, 0, 0, Segment.UNUSABLE);
        snippet.cpu.loadUser(user);

        X86State state = new X86State();
        snippet.cpu.save(state);
        assertEquals(0x33, state.segments[SS].selector);
        assertEquals(0x5678, state.segments[SS].base);
        assertEquals(0xfff, state.segments[SS].limit);
        assertEquals(0x1234, state.segments[GS].base);
        assertEquals(0xff, state.segments[GS].limit);
        assertTrue(state.segments[ES].has(Segment.UNUSABLE));
        assertEquals(0, state.segments[ES].selector);
    }

    @Test
    void descriptorTablesAreCopiedAsFarAsTheyReach() {
        int gdt = USER_CODE + 0x800;
        for (int i = 0; i < 8; i++) {
            snippet.putLong(gdt + 8 * i, 100 + i);
        }
        snippet.state.gdtBase = gdt;
        snippet.state.gdtLimit = 0x1f;
        snippet.state.ldtr.set(0, 0, 0, Segment.UNUSABLE);
        snippet.state.rip = USER_CODE;
        snippet.cpu.load(snippet.state);
        long[] table = new long[8];
        assertEquals(4, snippet.cpu.descriptors(false, table));
        assertEquals(103, table[3]);
        assertEquals(0, snippet.cpu.descriptors(true, table));

        snippet.state.ldtr.set(8, gdt + 16, 0xff, Segment.P | 2);
        snippet.cpu.load(snippet.state);
        assertEquals(8, snippet.cpu.descriptors(true, table));
        assertEquals(102, table[0]);

        long faultAddress = snippet.cpu.cr2;
        snippet.cpu.ldtr.base = 0x7fff_0000_0000L;
        assertEquals(0, snippet.cpu.descriptors(true, table));
        assertEquals(faultAddress, snippet.cpu.cr2);
    }

    @Test
    void userCodeWithoutABarIsOfferedAtOnce() {
        taker.slices.addAll(List.of(1L, 1L));
        snippet.runAgain(USER_CODE);

        assertEquals(1, taker.asked);
        assertSame(Exit.UserCode.USER_CODE, snippet.exit());
        assertEquals(USER_CODE, snippet.cpu.pc);
    }

    /// Nor is the bit that keeps the TLB, or a cache's.
    @Test
    void theNumberOfAProcessIsNoPartOfItsAddressSpace() {
        long table = 0x12_3456_7000L;
        snippet.state.rip = USER_CODE;
        snippet.cpu.load(snippet.state);
        snippet.cpu.cr3 = table | 5 | 1L << 63;
        assertEquals(table, snippet.cpu.addressSpace());
        snippet.cpu.efer = 0;
        snippet.cpu.cr3 = 0x1234_57e8;
        snippet.cpu.cr4 |= CR4_PAE;
        assertEquals(0x1234_57e0, snippet.cpu.addressSpace());
        snippet.cpu.cr4 &= ~CR4_PAE;
        assertEquals(0x1234_5000, snippet.cpu.addressSpace());
    }

    /// For its code of other modes.
    @Test
    void segmentsThatWereLoadedElsewhereAreTheGuests() {
        UserState user = userWithDataAt0x28And(0);
        user.segments[DS].selector = 0x2b;
        user.segments[ES].selector = 0x33;
        user.segments[GS].selector = 0x2b;
        user.segments[GS].base = 0x1234;
        snippet.cpu.loadUser(user);

        X86State state = new X86State();
        snippet.cpu.save(state);
        assertEquals(0x2b, state.segments[DS].selector);
        assertEquals(-1, state.segments[DS].limit);
        assertEquals(USER_RIGHTS | Segment.DB | 3, state.segments[DS].attributes);
        assertEquals(0x33, state.segments[ES].selector);
        assertTrue(state.segments[ES].has(Segment.UNUSABLE));
        assertEquals(0x1234, state.segments[GS].base);
        assertEquals(-1, state.segments[GS].limit);
    }
}
