package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static straddle.accel.kvm.HandmadeTranslator.USER;
import static straddle.accel.kvm.HybridGuest.ALL;
import static straddle.accel.kvm.HybridGuest.ROOT;
import static straddle.accel.kvm.HybridGuest.USER_GPA;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserState;
import straddle.core.vcpu.Vcpu;

/// Native slices of 32-bit and 16-bit code, as [HybridVcpuTest] has them of 64-bit code. This host's KVM may interpret them: what they
/// compute is the same.
@Timeout(60)
class HybridProtectedModeTest {
    private static final int CODE = 0x23;
    private static final int DATA = 0x2b;
    private static final int THREAD = 0x63;
    private static final long PATIENCE_MILLIS = 3000;

    /// The kernels that 32-bit programs have.
    enum Kernel {
        LONG_MODE {
            @Override
            void map(AddressSpace memory, UserState user) {
                HybridGuest.linkFourLevels(memory);
                mapPages(memory, 8);
            }
        },
        PAE {
            @Override
            void map(AddressSpace memory, UserState user) {
                user.addressSpace = ROOT + 0x20;
                user.efer = X86.EFER_NXE;
                memory.write(user.addressSpace, 8, 0x3000 | UserTables.PRESENT);
                memory.write(0x3000 + (USER >>> 21) * 8, 8, 0x4000 | ALL);
                mapPages(memory, 8);
            }
        },
        TWO_LEVELS {
            @Override
            void map(AddressSpace memory, UserState user) {
                user.efer = 0;
                user.cr4 = X86.CR4_PSE;
                memory.write(ROOT + (USER >>> 22) * 4, 4, 0x4000 | ALL);
                mapPages(memory, 4);
            }
        };

        abstract void map(AddressSpace memory, UserState user);

        static void mapPages(AddressSpace memory, int entryBytes) {
            long first = USER >>> 12 & (entryBytes == 4 ? 1023 : 511);
            for (int page = 0; page < 4; page++) {
                memory.write(
                        0x4000 + (first + page) * entryBytes,
                        entryBytes,
                        USER_GPA + page * 0x1000L | ALL);
            }
        }
    }

    private HybridGuest guest;
    private AddressSpace memory;
    private HandmadeTranslator translator;
    private UserState user;
    private Vcpu vcpu;
    private int verify;

    @BeforeEach
    void enterUserCode() throws Exception {
        TestVm.assumeKvm();
        guest = new HybridGuest();
        memory = guest.memory;
        translator = guest.translator;
        user = translator.user;
        load(X86.CS, CODE);
        for (int register : new int[] {X86.ES, X86.SS, X86.DS}) {
            load(register, DATA);
        }
        user.segments[X86.FS].set(0, 0, 0, Segment.UNUSABLE);
        load(X86.GS, THREAD);
    }

    private void load(int register, int selector) {
        user.segments[register].load(selector, translator.gdt[selector >>> 3]);
    }

    @AfterEach
    void close() {
        if (guest != null) {
            guest.close();
        }
    }

    private void start(Kernel kernel, String hex) throws Exception {
        kernel.map(memory, user);
        guest.put(0, hex);
        guest.start(InterruptSource.NONE, verify);
        vcpu = guest.vcpu;
    }

    /// What does not end is kicked, wherever it is.
    private void run() throws Exception {
        run(PATIENCE_MILLIS);
    }

    private void run(long patienceMillis) throws Exception {
        Thread watchdog =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                Thread.sleep(patienceMillis);
                                vcpu.kick();
                            } catch (InterruptedException _) {
                                // It has ended.
                            }
                        });
        assertSame(Exit.Kicked.KICKED, vcpu.run());
        watchdog.interrupt();
    }

    private long figure(String name) {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        return statistics.of("hybrid", name);
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void theTranslatorGetsWhatEndsItInFrontOfIt(Kernel kernel) throws Exception {
        // mov eax,5; lea ebx,[ebx-1]; push eax; pop ecx; and each behind it: int 0x80; sysenter;
        // syscall; int3; into; hlt; in al,dx; out 15,al
        start(kernel, "b805000000 8d5bff 50 59");
        List<String> ends = List.of("cd80", "0f34", "0f05", "cc", "ce", "f4", "ec", "e60f", "0f0b");
        for (String end : ends) {
            guest.put(10, end + "ebfe");
            user.rflags |= X86.RFLAGS_OF;
            user.gpr[X86.RBX] = 0;
            user.gpr[X86.RCX] = 0;
            user.gpr[X86.RDX] = 0x3f8;
            translator.entries = 1;
            run();

            assertEquals(USER + 10, user.rip, end);
            assertEquals(5, user.gpr[X86.RAX], end);
            assertEquals(5, user.gpr[X86.RCX], end);
            assertEquals(0xffff_ffffL, user.gpr[X86.RBX], end);
            assertEquals(USER + HandmadeTranslator.USER_BYTES, user.gpr[X86.RSP], end);
        }
        assertEquals(ends.size(), figure("slices of 32-bit and 16-bit code"));
        assertEquals(0, figure("system calls from there"));
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void manySlicesHaveTheirSegments(Kernel kernel) throws Exception {
        assertEquals(USER + 0x1000, user.segments[X86.GS].base);
        translator.entries = 100;
        // inc dword gs:[8]; mov eax,ds; push eax; pop ebx; int 0x80
        start(kernel, "65ff0508000000 8cd8 50 5b cd80");
        run();

        assertEquals(100, memory.read(USER_GPA + 0x1008, 4));
        assertEquals(DATA, user.gpr[X86.RBX]);
        assertEquals(100, figure("slices of 32-bit and 16-bit code"));
    }

    /// Its code segment is that of its own mode: what else it may jump to is the translator's.
    @ParameterizedTest
    @EnumSource(Kernel.class)
    void farJumpsToOtherCodeAreTheTranslators(Kernel kernel) throws Exception {
        // inc ebx; jmp 0x33:USER
        start(kernel, "43 ea000040003300");
        run();

        assertEquals(1, user.gpr[X86.RBX]);
        assertEquals(USER + 1, user.rip);
        assertEquals(CODE, user.segments[X86.CS].selector);
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void segmentsThatNativeCodeLoadsAreKnown(Kernel kernel) throws Exception {
        // mov eax,0x63; mov fs,eax; mov es,eax; mov eax,0x2b; mov gs,eax; xor eax,eax; mov ds,eax;
        // int 0x80
        start(kernel, "b863000000 8ee0 8ec0 b82b000000 8ee8 31c0 8ed8 cd80");
        run();

        assertSegment(X86.FS, THREAD, USER + 0x1000, 0xfff);
        assertSegment(X86.ES, THREAD, USER + 0x1000, 0xfff);
        assertSegment(X86.GS, DATA, 0, -1);
        assertSegment(X86.SS, DATA, 0, -1);
        assertEquals(0, user.segments[X86.DS].selector);
        assertTrue(user.segments[X86.DS].has(Segment.UNUSABLE));
    }

    private void assertSegment(int register, int selector, long base, int limit) {
        Segment segment = user.segments[register];
        assertEquals(selector, segment.selector);
        assertEquals(base, segment.base);
        assertEquals(limit, segment.limit);
    }

    /// The translator loads it from the guest's table then.
    @ParameterizedTest
    @EnumSource(Kernel.class)
    void aStackSegmentThatNativeCodeLoadsIsKnown(Kernel kernel) throws Exception {
        // mov eax,0x63; mov ss,eax; mov esp,0x800; push eax; int 0x80
        start(kernel, "b863000000 8ed0 bc00080000 50 cd80");
        run();

        assertEquals(THREAD, user.segments[X86.SS].selector);
        assertEquals(0x7fc, user.gpr[X86.RSP]);
        assertEquals(THREAD, memory.read(USER_GPA + 0x17fc, 4));
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void limitsAreKept(Kernel kernel) throws Exception {
        // mov eax,gs:[0xffc]; inc ebx; mov eax,gs:[0xffd]
        memory.write(USER_GPA + 0x1ffc, 4, 0x1234_5678);
        start(kernel, "65a1fc0f0000 43 65a1fd0f0000");
        run();

        assertEquals(0x1234_5678, user.gpr[X86.RAX]);
        assertEquals(1, user.gpr[X86.RBX]);
        assertEquals(USER + 7, user.rip);
    }

    /// What asks about segments finds those of the guest's user code.
    @ParameterizedTest
    @EnumSource(Kernel.class)
    void descriptorsAreToldOf(Kernel kernel) throws Exception {
        user.gpr[X86.RAX] = 0x7b;
        user.gpr[X86.RBX] = 0x10;
        user.gpr[X86.RCX] = 0x99;
        // lsl esi,eax; sete dl; lsl edi,ebx; sete dh; lsl edi,ecx; sete ch; int 0x80
        start(kernel, "0f03f0 0f94c2 0f03fb 0f94c6 0f03f9 0f94c5 cd80");
        translator.gdt[2] = 0x00cf_9300_0000_ffffL; // the kernel's own
        run();
        assumeTrue(user.rip != USER, "This host's KVM interprets 32-bit code, and lacks LSL.");

        assertEquals(0x5007, user.gpr[X86.RSI]);
        assertEquals(0x0001, user.gpr[X86.RDX] & 0xffff);
        assertEquals(0x0099, user.gpr[X86.RCX]);
    }

    @ParameterizedTest
    @ValueSource(ints = {CODE, DATA})
    void codeIsNotEnteredOnceItsSegmentsHaveChangedInMemory(int selector) throws Exception {
        start(Kernel.TWO_LEVELS, "43 cd80");
        translator.gdt[selector >>> 3] -= 1; // a page less
        run();

        assertEquals(0, figure("slices on the processor"));
        assertEquals(0, user.gpr[X86.RBX]);
    }

    @Test
    void segmentsWithoutMeaningInLegacyModeHaveNone() throws Exception {
        translator.gdt[CODE >>> 3] |= 1L << 53; // L
        start(Kernel.PAE, "8d5bff cd80");
        run();

        assertEquals(1, figure("slices of 32-bit and 16-bit code"));
        assertEquals(0xffff_ffffL, user.gpr[X86.RBX]);
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void localTablesAreTheGuests(Kernel kernel) throws Exception {
        start(kernel, "cd80");
        run(); // so that no page is missing: an interpreting KVM may not return to such code from a
        // fault
        translator.ldt[0] = 0x0040_f340_1000_0fffL; // data, at USER + 0x1000
        translator.ldt[1] = 0x0000_fb40_1000_0fffL; // 16-bit code there
        user.segments[X86.CS].load(0x0f, translator.ldt[1]);
        user.segments[X86.DS].load(7, translator.ldt[0]);
        // inc ax; mov ax,[0x20]; mov bx,7; mov es,bx; mov es:[0x24],bx; int 0x80
        guest.put(0x1010, "40 a12000 bb0700 8ec3 26891e2400 cd80");
        memory.write(USER_GPA + 0x1020, 2, 0x4321);
        translator.start = 0x10;
        translator.entries = 1;
        run();

        assertEquals(0x4321, user.gpr[X86.RAX]);
        assertEquals(7, memory.read(USER_GPA + 0x1024, 2));
        assertSegment(X86.ES, 7, USER + 0x1000, 0xfff);
        assertEquals(0x1e, user.rip);
        assertEquals(0x0f, user.segments[X86.CS].selector);
    }

    @Test
    void withoutALocalTableNothingOfItIsFound() throws Exception {
        translator.ldt[0] = 0x0040_f340_1000_0fffL;
        // mov eax,7; mov ds,eax; int 0x80
        start(Kernel.LONG_MODE, "b807000000 8ed8 cd80");
        run();
        assertEquals(USER + 7, user.rip);
        translator.ldt[0] = 0;
        load(X86.DS, DATA);
        translator.entries = 1;
        run();

        assertEquals(USER + 5, user.rip);
    }

    /// As a program does whose libraries are 64-bit code.
    @Test
    void slicesOfBothWidthsFollowEachOther() throws Exception {
        // 32-bit: dec eax; inc eax, which is a prefix elsewhere; inc dword gs:[0]; int 0x80
        start(Kernel.LONG_MODE, "48 ffc0 65ff0500000000 cd80");
        // 64-bit: inc rax; inc rbx; syscall
        guest.put(0x100, "48ffc0 48ffc3 0f05");
        Segment code64 = new Segment();
        code64.load(0x33, translator.gdt[0x33 >>> 3]);
        Segment code32 = new Segment();
        code32.copyFrom(user.segments[X86.CS]);
        for (int round = 1; round <= 20; round++) {
            user.segments[X86.CS].copyFrom(code32);
            load(X86.GS, THREAD);
            user.gpr[X86.RAX] = 7;
            translator.start = USER;
            translator.entries = 1;
            run();
            assertEquals(7, user.gpr[X86.RAX]);
            assertEquals(round, memory.read(USER_GPA + 0x1000, 4));
            assertEquals(USER + 10, user.rip);

            user.segments[X86.CS].copyFrom(code64);
            user.segments[X86.GS].set(0, 0, 0, Segment.UNUSABLE);
            translator.start = USER + 0x100;
            translator.entries = 1;
            run();
            assertEquals(8, user.gpr[X86.RAX]);
            assertEquals(round, user.gpr[X86.RBX]);
            assertEquals(USER + 0x106, user.rip);
        }
        assertEquals(20, figure("slices of 32-bit and 16-bit code"));
        assertEquals(40, figure("slices on the processor"));
        assertEquals(20, figure("system calls from there"));
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void pagesAreFilledInAndFaultsAreTheGuests(Kernel kernel) throws Exception {
        user.gpr[X86.RSI] = USER + 0x3000;
        // mov [esi],esi; inc ebx; mov eax,[esi+0x1000]
        start(kernel, "8936 43 8b8600100000");
        run();

        assertEquals(USER + 0x3000, memory.read(USER_GPA + 0x3000, 4));
        assertEquals(1, user.gpr[X86.RBX]);
        assertEquals(USER + 3, user.rip);
        assertEquals(List.of("0x404000"), translator.raised);
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void aKickEndsALoop(Kernel kernel) throws Exception {
        // inc ebx; jmp back
        start(kernel, "43 ebfd");
        run(100);

        assertTrue(user.gpr[X86.RBX] > 0);
        assertTrue(user.rip == USER || user.rip == USER + 1, () -> "RIP is " + user.rip);
        assertFalse(user.rip >>> 32 != 0);
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void aSliceThatIsAsForeseenGoesOn(Kernel kernel) throws Exception {
        translator.rehearsal = new Foresight.Prophecy(USER + 1, "");
        translator.entries = 3;
        verify = 100;
        // inc ebx; inc ecx; int 0x80
        start(kernel, "43 41 cd80");
        run();

        assertEquals(3, user.gpr[X86.RBX]);
        assertEquals(3, user.gpr[X86.RCX]);
        assertEquals(USER + 2, user.rip);
        assertEquals(0x41, memory.read(USER_GPA + 1, 1));
    }
}
