package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.UserCodeTaker;

/// The classic litmus tests of memory order, with the outcomes that x86 forbids (SDM volume 3, 10.2.3), in the
/// interpreter, in machine code and in regions.
///
/// Instead of running a few instructions many times in step, the processors count: each stores the
/// iteration's number, so that what one saw of another tells which of its iterations came before. Every
/// pair of iterations is a litmus test then, and no barrier slows them down.
class LitmusTest {
    private static final int COUNT = 60_000;
    private static final Duration LIMIT = Duration.ofSeconds(40);

    private static final int X = SmpMachine.DATA;
    private static final int Y = SmpMachine.DATA + 0x1000;
    private static final int SCRATCH = SmpMachine.DATA + 0x2000;
    private static final int FIRST_ARRAY = SmpMachine.DATA + 0x10_0000;
    private static final int ARRAY_BYTES = 0x10_0000;

    // RAX counts from 1 to RCX.
    private static final String LOOP = "b801000000";

    // mov [rdi], rax
    private static final String STORE = LOOP + "48890748ffc04839c876f5";

    // mov [rdi], rax; mov [rsi], rax
    private static final String STORE_STORE = LOOP + "48890748890648ffc04839c876f2";

    // mov rdx, [rdi]; mov rbx, [rsi]; mov [r8+rax*8], rdx; mov [r9+rax*8], rbx
    private static final String LOAD_LOAD = LOOP + "488b17488b1e498914c049891cc148ffc04839c876ea";

    // mov rdx, [rdi]; mov [rsi], rax; mov [r8+rax*8], rdx
    private static final String LOAD_STORE = LOOP + "488b17488906498914c048ffc04839c876ee";

    // mov qword [rdi+rax*8], 1; mov qword [rsi+rax*8], 2
    private static final String TWO_STORES =
            LOOP + "48c704c70100000048c704c60200000048ffc04839c876e8";

    private static int arrayAt(int index) {
        return FIRST_ARRAY + index * ARRAY_BYTES;
    }

    private static void start(
            SmpMachine machine, int processor, String code, int first, int second) {
        X86State state = machine.state(processor, code);
        state.gpr[RCX] = COUNT;
        state.gpr[RDI] = first;
        state.gpr[RSI] = second;
        state.gpr[8] = arrayAt(2 * processor);
        state.gpr[9] = arrayAt(2 * processor + 1);
        state.gpr[10] = SCRATCH + 0x100L * processor;
    }

    private static long[] seen(SmpMachine machine, int index) {
        return machine.array(arrayAt(index), COUNT + 1);
    }

    /// MP: who sees the second store sees the first.
    @ParameterizedTest
    @EnumSource
    void storesAreSeenInOrder(Tier tier) throws Exception {
        try (SmpMachine machine = new SmpMachine(2, tier)) {
            start(machine, 0, STORE_STORE, X, Y);
            start(machine, 1, LOAD_LOAD, Y, X);
            machine.run(LIMIT);
            long[] y = seen(machine, 2);
            long[] x = seen(machine, 3);
            for (int i = 1; i <= COUNT; i++) {
                assertTrue(x[i] >= y[i], "saw " + y[i] + ", then " + x[i] + " of the one before");
            }
            assertTrue(tier != Tier.REGIONS || machine.regions() > 0);
            assertTrue(tier != Tier.MACHINE_CODE || machine.retiredInMachineCode() > COUNT);
        }
    }

    /// LB: no load sees a store that comes after another's load of what follows here.
    @ParameterizedTest
    @EnumSource
    void storesAreNotSeenBeforeEarlierLoads(Tier tier) throws Exception {
        try (SmpMachine machine = new SmpMachine(2, tier)) {
            start(machine, 0, LOAD_STORE, X, Y);
            start(machine, 1, LOAD_STORE, Y, X);
            machine.run(LIMIT);
            long[] first = seen(machine, 0);
            long[] second = seen(machine, 2);
            for (int i = 1; i <= COUNT; i++) {
                assertTrue(second[(int) first[i]] < i, "each saw the other's later store at " + i);
            }
        }
    }

    /// SB: with a full fence between, one of two processors sees the other's store. Without, x86 lets both miss it.
    @ParameterizedTest(name = "{0}, {2}")
    @CsvSource({
        "mfence, 0faef0, eb, INTERPRETER",
        "mfence, 0faef0, eb, MACHINE_CODE",
        "mfence, 0faef0, eb, REGIONS",
        "'xchg [r10], rbx', 49871a, eb, INTERPRETER",
        "'xchg [r10], rbx', 49871a, eb, MACHINE_CODE",
        "'xchg [r10], rbx', 49871a, eb, REGIONS",
        "'lock add qword [r10], 0', f049830200, e9, INTERPRETER",
        "'lock add qword [r10], 0', f049830200, e9, MACHINE_CODE",
        "'lock add qword [r10], 0', f049830200, e9, REGIONS",
    })
    void afterAFenceTheOthersStoreIsSeen(String name, String fence, String back, Tier tier)
            throws Exception {
        String code = LOOP + "488907" + fence + "488b16498914c048ffc04839c876" + back;
        try (SmpMachine machine = new SmpMachine(2, tier)) {
            start(machine, 0, code, X, Y);
            start(machine, 1, code, Y, X);
            machine.run(LIMIT);
            long[] first = seen(machine, 0);
            long[] second = seen(machine, 2);
            for (int i = 1; i <= COUNT; i++) {
                int next = (int) first[i] + 1;
                assertTrue(
                        next > COUNT || second[next] >= i,
                        name + ": neither saw the other's store, at " + i + " and " + next);
            }
        }
    }

    /// IRIW: two readers agree on the order of two writers' stores.
    @ParameterizedTest
    @EnumSource
    void allSeeTwoProcessorsStoresInOneOrder(Tier tier) throws Exception {
        try (SmpMachine machine = new SmpMachine(4, tier)) {
            start(machine, 0, STORE, X, X);
            start(machine, 1, STORE, Y, Y);
            start(machine, 2, LOAD_LOAD, X, Y);
            start(machine, 3, LOAD_LOAD, Y, X);
            machine.run(LIMIT);
            long[] x1 = seen(machine, 4);
            long[] y1 = seen(machine, 5);
            long[] y2 = seen(machine, 6);
            long[] x2 = seen(machine, 7);
            // One reader saw X reach x1 while Y was y1; the other saw Y reach y2 while X was x2.
            int j = 1;
            for (int i = 1; i <= COUNT; i++) {
                while (j <= COUNT && y2[j] <= y1[i]) {
                    j++;
                }
                assertTrue(j > COUNT || x2[j] >= x1[i], "the readers disagree at " + i + ", " + j);
            }
        }
    }

    /// 2+2W: two processors' stores to two places end in an order that both kept.
    @ParameterizedTest
    @EnumSource
    void storesTakeEffectInOrder(Tier tier) throws Exception {
        try (SmpMachine machine = new SmpMachine(2, tier)) {
            start(machine, 0, TWO_STORES, arrayAt(0), arrayAt(1));
            start(machine, 1, TWO_STORES, arrayAt(1), arrayAt(0));
            machine.run(LIMIT);
            long[] x = seen(machine, 0);
            long[] y = seen(machine, 1);
            for (int i = 1; i <= COUNT; i++) {
                assertTrue(x[i] == 2 || y[i] == 2, "both first stores came last at " + i);
            }
        }
    }

    /// A locked instruction is one access, however it lies.
    @ParameterizedTest(name = "{0}, at {1}, {2}")
    @CsvSource({
        "lock inc qword, 0, INTERPRETER",
        "lock inc qword, 0, MACHINE_CODE",
        "lock inc qword, 0, REGIONS",
        "lock inc qword across 8 bytes, 4, MACHINE_CODE",
        "lock inc qword across lines, 0x3d, REGIONS",
        "lock inc qword across pages, 0xffd, MACHINE_CODE",
    })
    void lockedIncrementsAreNotLost(String name, String at, Tier tier) throws Exception {
        int address = SmpMachine.DATA + Integer.decode(at);
        long count = address % 8 == 0 ? COUNT : COUNT / 30;
        try (SmpMachine machine = new SmpMachine(2, tier)) {
            for (int i = 0; i < 2; i++) {
                start(machine, i, LOOP + "f048ff0748ffc04839c876f4", address, address);
                machine.states.get(i).gpr[RCX] = count;
            }
            machine.run(LIMIT);
            assertEquals(2 * count, machine.getLong(address), name);
        }
    }

    /// Counts how often it was kept out, and let in again.
    private static final class KeptOut implements UserCodeTaker {
        private int times;
        private boolean now;

        @Override
        public void keepOut() {
            times++;
            now = true;
        }

        @Override
        public void letIn() {
            now = false;
        }

        @Override
        public boolean wants(long cr3) {
            return false;
        }

        @Override
        public boolean wantsUndefined(long pc) {
            return false;
        }

        @Override
        public void translated(long addressSpace, long instructions, boolean goesOn) {}

        @Override
        public void codeFound(long gpa) {}
    }

    /// User code on the host's processor sees no half of a locked access: it has to leave where the host has no such access.
    @ParameterizedTest(name = "at {0}")
    @CsvSource({"0, 0", "4, 10", "0x3d, 10"})
    void anotherProcessorsNativeCodeIsKeptOut(String at, int times) throws Exception {
        int address = SmpMachine.DATA + Integer.decode(at);
        KeptOut taker = new KeptOut();
        try (SmpMachine machine = new SmpMachine(2, Tier.INTERPRETER)) {
            machine.offerUserCode(1, taker);
            start(machine, 0, LOOP + "f048ff0748ffc04839c876f4", address, address);
            machine.states.get(0).gpr[RCX] = 10;
            machine.state(1, "90");
            machine.run(LIMIT);
            assertEquals(10, machine.getLong(address));
        }
        assertEquals(times, taker.times);
        assertFalse(taker.now);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        // mov r11d, 1; mov rax, [rdi]; mov rdx, [rdi+8]; 1: lea rbx, [rax+1]; lea rcx, [rdx-1];
        // lock cmpxchg16b [rdi]; jnz 1b; inc r11; cmp r11, r12; jbe 1b
        "cmpxchg16b, 41bb01000000488b07488b5708488d5801488d4afff0480fc70f75f149ffc34d39e376e9, 8, 2000",
        "cmpxchg8b, 41bb010000008b078b57048d58018d4afff00fc70f75f449ffc34d39e376ec, 4, 60000",
    })
    void pairsAreExchangedAsOne(String name, String code, int half, int count) throws Exception {
        try (SmpMachine machine = new SmpMachine(2, Tier.INTERPRETER)) {
            for (int i = 0; i < 2; i++) {
                start(machine, i, code, X, X);
                machine.states.get(i).gpr[12] = count;
            }
            machine.run(LIMIT);
            long mask = half == 8 ? -1 : 0xffff_ffffL;
            assertEquals(2L * count, machine.getLong(X) & mask, name);
            assertEquals(-2L * count & mask, machine.getLong(X + half) & mask, name);
        }
    }

    /// One processor writes another's code and tells it; after a serializing instruction that one runs the
    /// new code (SDM volume 3, 10.1.3).
    @ParameterizedTest
    @EnumSource
    void codeThatAnotherProcessorWroteIsRun(Tier tier) throws Exception {
        int count = 2000;
        int target = 0x30_0000;
        int acknowledged = SCRATCH;
        try (SmpMachine machine = new SmpMachine(2, tier)) {
            machine.putBytes(target, new byte[] {(byte) 0xb8, 0, 0, 0, 0, (byte) 0xc3});
            // mov eax, 1; 1: mov [rdi], eax; mov [rsi], eax; 2: cmp [r8], eax; jne 2b; inc eax;
            // cmp eax, ecx; jbe 1b
            X86State writer = machine.state(0, "b8010000008907890641390075fbffc039c876f1");
            writer.gpr[RDI] = target + 1L;
            writer.gpr[RSI] = X;
            writer.gpr[8] = acknowledged;
            writer.gpr[RCX] = count;
            // mov r11d, 1; 1: cmp [rsi], r11d; jne 1b; xor eax, eax; cpuid; call r9; cmp eax, r11d;
            // jne 3f; mov [r8], r11d; inc r11; cmp r11, r12; jbe 1b; xor r15d, r15d; jmp 4f;
            // 3: mov r15d, 1; mov [r8], r11d; 4: nop
            X86State runner =
                    machine.state(
                            1,
                            "41bb0100000044391e75fb31c00fa241ffd14439d8751045891849ffc34d39e376e4"
                                    + "4531ffeb0941bf0100000045891890");
            runner.gpr[RSI] = X;
            runner.gpr[8] = acknowledged;
            runner.gpr[9] = target;
            runner.gpr[12] = count;
            machine.run(LIMIT);
            assertEquals(0, machine.states.get(1).gpr[15], "old code ran");
            assertEquals(count + 1L, machine.states.get(1).gpr[11]);
        }
    }
}
