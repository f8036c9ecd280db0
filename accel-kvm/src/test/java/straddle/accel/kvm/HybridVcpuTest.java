package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static straddle.accel.kvm.HandmadeTranslator.USER;
import static straddle.accel.kvm.HybridGuest.ALL;
import static straddle.accel.kvm.HybridGuest.ROOT;
import static straddle.accel.kvm.HybridGuest.USER_GPA;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserState;
import straddle.core.vcpu.Vcpu;
import straddle.host.KickSignal;
import straddle.host.LinuxCall;

/// Native slices under a translator that does next to nothing. The guest's tables lie at 0x1000 to 0x4000 and map
/// four pages of user code to 0x20_0000.
@Timeout(60)
class HybridVcpuTest {
    private static final String SYSCALL = "0f05";

    /// What asking for a thread's allocations allocates, in bytes, once it is compiled.
    private static final long MOST_OF_MEASURING = 64;

    private static final long COMPILERS_PATIENCE = TimeUnit.SECONDS.toNanos(40);

    private HybridGuest guest;
    private AddressSpace memory;
    private HandmadeTranslator translator;
    private Vcpu vcpu;
    private volatile boolean interruptWaits;

    @BeforeEach
    void mapUserCode() throws Exception {
        TestVm.assumeKvm();
        guest = new HybridGuest();
        memory = guest.memory;
        translator = guest.translator;
        HybridGuest.linkFourLevels(memory);
        for (int page = 0; page < 4; page++) {
            mapUserPage(page, ALL);
        }
    }

    private void mapUserPage(long page, long rights) {
        long entry = 0x4000 + ((USER >>> 12) + page & 511) * 8;
        memory.write(entry, 8, USER_GPA + page * 0x1000L | rights);
    }

    @AfterEach
    void close() {
        if (guest != null) {
            guest.close();
        }
    }

    private void start(String hex, int verify) throws Exception {
        guest.put(0, hex);
        guest.start(new Interrupts(), verify);
        vcpu = guest.vcpu;
    }

    private final class Interrupts implements InterruptSource {
        @Override
        public boolean pending() {
            return interruptWaits;
        }

        @Override
        public int acknowledge() {
            return -1;
        }
    }

    private int[] selectors() {
        return Arrays.stream(translator.user.segments).mapToInt(each -> each.selector).toArray();
    }

    private long figure(String name) {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        return statistics.of("hybrid", name);
    }

    @Test
    void theTranslatorGetsASystemCallInFrontOfIt() throws Exception {
        start("b805000000" + SYSCALL, 0);

        assertSame(Exit.Kicked.KICKED, vcpu.run());
        assertEquals(5, translator.user.gpr[X86.RAX]);
        assertEquals(USER + 5, translator.user.rip);
        assertEquals(1, figure("system calls from there"));
    }

    /// The port of the gate that SYSCALL leads to, which is no more the program's than others.
    @Test
    void accessesToTheGatesPortAreTheGuestsToJudge() throws Exception {
        translator.user.gpr[X86.RAX] = 0x55;
        translator.user.gpr[X86.RDX] = Monitor.SYSCALL_PORT;
        translator.user.gpr[X86.RDI] = USER + 0x1000;
        translator.user.gpr[X86.RSI] = USER + 0x1000;
        memory.write(USER_GPA + 0x1000, 1, 0x77);
        // inc rbx, and each behind it: out 15,al; out dx,al; outsb; in al,15; in al,dx; insb
        for (String access : List.of("e60f", "ee", "6e", "e40f", "ec", "6c")) {
            if (vcpu == null) {
                start("48ffc3" + access + "ebfe", 0);
            } else {
                memory.write(
                        USER_GPA + 3,
                        MemorySegment.ofArray(HexFormat.of().parseHex(access + "ebfe")));
            }
            translator.entries = 2;
            vcpu.run();

            assertEquals(USER + 3, translator.user.rip, access);
        }
        assertEquals(12, translator.user.gpr[X86.RBX]);
        assertEquals(0x55, translator.user.gpr[X86.RAX]);
        assertEquals(USER + 0x1000, translator.user.gpr[X86.RDI]);
        assertEquals(USER + 0x1000, translator.user.gpr[X86.RSI]);
        assertEquals(0x77, memory.read(USER_GPA + 0x1000, 1));
        assertEquals(0, figure("system calls from there"));
    }

    @Test
    void otherPortsStayForbidden() throws Exception {
        // out 14,al
        start("48ffc3 e60e ebfe", 0);
        vcpu.run();

        assertEquals(USER + 3, translator.user.rip);
        assertEquals(1, figure("exits with vector 13"));
    }

    @Test
    void aJumpToTheGateIsNoSystemCall() throws Exception {
        translator.user.gpr[X86.RAX] = Monitor.gate();
        start("ffe0", 0);
        vcpu.run();
        assertEquals(Monitor.gate(), translator.user.rip);

        translator.entries = 1;
        translator.user.gpr[X86.RAX] = Monitor.gate() + 2;
        vcpu.run();
        assertEquals(Monitor.gate() + 2, translator.user.rip);
        assertEquals(0, figure("system calls from there"));
    }

    @Test
    void registersSurviveManySlices() throws Exception {
        translator.entries = 100;
        translator.user.gpr[X86.RBX] = 1000;
        // inc rbx; xor rdx,rdx; push rbx; pop rdi
        start("48ffc3 4831d2 53 5f" + SYSCALL, 0);
        vcpu.run();

        assertEquals(1100, translator.user.gpr[X86.RBX]);
        assertEquals(1100, translator.user.gpr[X86.RDI]);
        assertEquals(USER + HandmadeTranslator.USER_BYTES, translator.user.gpr[X86.RSP]);
        assertEquals(100, figure("slices on the processor"));
    }

    @Test
    void vectorsStayWithTheProcessorUntilTheyAreAskedFor() throws Exception {
        translator.entries = 50;
        // movq xmm0,rbx; inc rbx
        start("66480f6ec3 48ffc3" + SYSCALL, 0);
        vcpu.run();
        assertEquals(1, translator.extendedSaved);
        assertEquals(0, translator.extendedBrought);

        translator.bring();
        assertEquals(49, translator.extended.xsaveBuffer().getLong(160));
    }

    @Test
    void vectorsOfAnotherThreadAreItsOwn() throws Exception {
        start("66480f6ec3" + SYSCALL, 0);
        translator.user.gpr[X86.RBX] = 1;
        vcpu.run();
        translator.user.segments[X86.FS].base = 0x1000;
        translator.entries = 1;
        vcpu.run();

        assertEquals(2, translator.extendedSaved);
    }

    @Test
    void vectorsOfAnotherProcessAreItsOwn() throws Exception {
        start("66480f6ec3" + SYSCALL, 0);
        translator.user.gpr[X86.RBX] = 1;
        vcpu.run();
        long other = 0x5000;
        memory.write(other + (USER >>> 39) * 8, 8, 0x2000 | ALL);
        translator.user.addressSpace = other;
        translator.praise();
        translator.entries = 1;
        vcpu.run();

        assertEquals(2, translator.extendedSaved);
        assertEquals(2, figure("slices on the processor"));
    }

    /// The kernel, which does not know of them, can't have cleared them.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void vectorsOfAProcessThatEndedAreNobodys(boolean takenBefore) throws Exception {
        assumeTrue(
                Files.readString(Path.of("/proc/cpuinfo")).contains("avx512bw"),
                "This host has no AVX-512.");
        translator.user.gpr[X86.RBX] = 0x1234;
        // kmovq k1,rbx; and later: kmovq rax,k1
        start("c4e1fb92cb" + SYSCALL, 0);
        vcpu.run();
        if (takenBefore) {
            translator.bring();
        }
        long entry = ROOT + (USER >>> 39) * 8;
        memory.write(entry, 8, 0);
        if (!takenBefore) {
            translator.bring(); // as the next process's kernel entry does
        }
        memory.write(entry, 8, 0x2000 | ALL);
        memory.write(
                USER_GPA, MemorySegment.ofArray(HexFormat.of().parseHex("c4e1fb93c1" + SYSCALL)));
        translator.user.gpr[X86.RAX] = 0x55;
        translator.praise();
        translator.entries = 1;
        vcpu.run();

        assertEquals(0, translator.user.gpr[X86.RAX]);
    }

    /// As the guest, which has gone to another engine, may just be about to tell it.
    @Test
    void aTableThatIsWrittenWhileTheEngineIsClosedIsNobodys() throws Exception {
        start(SYSCALL, 0);
        vcpu.run();
        mapUserPage(0, 0);
        long entry = 0x4000;
        vcpu.close();
        guest.accelerator.close();
        ((HybridVcpu) vcpu).tableWritten(entry, 8);
        ((HybridVcpu) vcpu).forgetMap();

        assertEquals(1, figure("slices on the processor"));
    }

    /// Stores to a page that is nobody's table any more are not slow for the rest of the guest's life.
    @Test
    void tablesAreNotWatchedOnceTheGuestHasMoved() throws Exception {
        start(SYSCALL, 0);
        vcpu.run();
        DirtyPages dirty = ((Region.Ram) memory.at(0)).block().dirty();
        assertEquals(DirtyPages.PT, dirty.readersAt(0x4000) & DirtyPages.PT);
        guest.accelerator.retire();

        for (long table = ROOT; table <= 0x4000; table += 0x1000) {
            assertEquals(0, dirty.readersAt(table) & DirtyPages.PT);
        }
    }

    @Test
    void segmentsThatNativeCodeLoadsAreKnown() throws Exception {
        // mov eax,ss; mov ds,eax; mov es,eax; mov fs,eax; mov gs,eax
        start("8cd0 8ed8 8ec0 8ee0 8ee8" + SYSCALL, 0);
        vcpu.run();

        assertArrayEquals(new int[] {0x2b, 0x33, 0x2b, 0x2b, 0x2b, 0x2b}, selectors());
    }

    @Test
    void segmentsThatAnotherProgramLoadedAreItsOwn() throws Exception {
        start("8cd0 8ed8 8ec0 8ee0 8ee8" + SYSCALL, 0);
        vcpu.run();
        // mov ebx,ds; mov edi,es; mov edx,fs; mov esi,gs; mov eax,ss; mov es,eax
        memory.write(
                USER_GPA,
                MemorySegment.ofArray(
                        HexFormat.of().parseHex("8cdb8cc78ce28cee8cd08ec0" + SYSCALL)));
        for (int register = X86.DS; register <= X86.GS; register++) {
            translator.user.segments[register].selector = 0;
        }
        translator.entries = 1;
        vcpu.run();

        assertEquals(0, translator.user.gpr[X86.RBX]);
        assertEquals(0x2b, translator.user.gpr[X86.RDI]);
        assertEquals(0, translator.user.gpr[X86.RDX]);
        assertEquals(0, translator.user.gpr[X86.RSI]);
        assertArrayEquals(new int[] {0x2b, 0x33, 0x2b, 0, 0, 0}, selectors());
    }

    /// Each of its faults takes the page of the one before away, which uses up tables until all are made anew.
    @Test
    void aSliceGoesOnWhenAllTablesAreMadeAnew() throws Exception {
        // mov al,[0x401000]; mov al,[0x402000]; inc rbx; cmp rbx,1200; jne to the start
        start("8a042500104000 8a042500204000 48ffc3 4881fbb0040000 75e6" + SYSCALL, 0);
        mapUserPage(1, 0);
        mapUserPage(2, 0);
        translator.beforeTouch =
                linear -> {
                    long page = linear >>> 12 & 3;
                    if (page != 0) {
                        mapUserPage(3 - page, 0);
                        mapUserPage(page, ALL);
                    }
                };
        vcpu.run();

        assertEquals(1200, translator.user.gpr[X86.RBX]);
        assertEquals(USER + 26, translator.user.rip);
        assertTrue(figure("tables all forgotten") > 0);
    }

    @Test
    void aFaultOfTheGuestsComesBackInFrontOfItsInstruction() throws Exception {
        // inc rbx; mov rax,[0x500000]
        start("48ffc3 488b042500005000" + SYSCALL, 0);
        vcpu.run();

        assertEquals(USER + 3, translator.user.rip);
        assertEquals(List.of("0x500000"), translator.raised);
        assertEquals(1, figure("page faults of the guest's"));
    }

    @Test
    void aFaultOfAStoreIsRaisedAsOne() throws Exception {
        // movups [0x500000],xmm0
        start("0f11042500005000" + SYSCALL, 0);
        vcpu.run();

        assertEquals(USER, translator.user.rip);
        assertEquals(List.of("0x500000 write"), translator.raised);
    }

    /// A trap: the instruction has been executed.
    @Test
    void aBreakpointIsDeliveredBehindItsInstruction() throws Exception {
        // inc rbx; int3
        start("48ffc3 cc" + SYSCALL, 0);
        vcpu.run();

        assertEquals(List.of("3 at 0x400004"), translator.begun);
        assertEquals(USER + 4, translator.user.rip);
    }

    @Test
    void aStepThatUserCodeAsksForItselfIsToldInDr6() throws Exception {
        // pushfq; or qword [rsp],0x100; popfq; inc rbx
        start("9c 48810c2400010000 9d 48ffc3 90" + SYSCALL, 0);
        vcpu.run();

        assertEquals(List.of("1 at 0x40000d"), translator.begun);
        assertEquals(1 << 14, translator.begunDr6 & 1 << 14);
        assertEquals(1, translator.user.gpr[X86.RBX]);
    }

    /// A fault: the translator executes the instruction, and raises what is to be raised.
    @ParameterizedTest
    @ValueSource(strings = {"f4", "48f7f1", "0f0b", "cd80"})
    void afterAFaultTheTranslatorIsInFrontOfTheInstruction(String hex) throws Exception {
        // inc rbx; and hlt, div rcx, ud2, int 0x80
        start("48ffc3" + hex + SYSCALL, 0);
        vcpu.run();

        assertEquals(List.of(), translator.begun);
        assertEquals(USER + 3, translator.user.rip);
        assertEquals(1, translator.user.gpr[X86.RBX]);
    }

    @Test
    void anInstructionThatNeitherHasIsTriedOnce() throws Exception {
        // inc rbx; ud2
        start("48ffc3 0f0b", 0);

        assertTrue(translator.offersUndefined(USER + 3));
        vcpu.run();
        assertEquals(USER + 3, translator.user.rip);
        assertFalse(translator.offersUndefined(USER + 3));
        assertTrue(translator.offersUndefined(USER + 3));
        assertEquals(2, figure("instructions that only the processor may have"));
    }

    /// Such as a store by a vector instruction that the translator lacks.
    @Test
    void anInstructionThatOnlyTheProcessorHasMayStoreToCode() throws Exception {
        translator.user.gpr[X86.RAX] = 0x77;
        // mov [0x401000],al
        start("88042500104000" + SYSCALL, 0);
        ((Region.Ram) memory.at(0)).block().dirty().arm(USER_GPA + 0x1000, DirtyPages.CODE);
        vcpu.run();
        assertEquals(USER, translator.user.rip);
        assertEquals(0, memory.read(USER_GPA + 0x1000, 1));

        assertTrue(translator.offersUndefined(USER));
        translator.entries = 1;
        vcpu.run();
        assertEquals(USER + 7, translator.user.rip);
        assertEquals(0x77, memory.read(USER_GPA + 0x1000, 1));
    }

    /// The translator can't find out by executing it.
    @Test
    void whatFaultsAndIsUnknownToTheTranslatorIsTheProcessorsToRaise() throws Exception {
        translator.user.gpr[X86.RAX] = 1L << 63;
        // inc rbx; mov rax,[rax]
        start("48ffc3 488b00", 0);
        assertTrue(translator.offersUndefined(USER + 3));
        vcpu.run();

        assertEquals(List.of("13 at 0x400003"), translator.begun);
        assertEquals(USER + 3, translator.user.rip);
    }

    /// It begins translated, as each does: it asks CPUID early.
    @Test
    void anotherProcessUnderTheSameTableIsTranslatedAtFirst() throws Exception {
        start(SYSCALL, 0);
        assertTrue(translator.isWanted());
        vcpu.run();
        assertTrue(translator.isWanted());
        long top = ROOT + (USER >>> 39) * 8;
        long entry = memory.read(top, 8);
        memory.write(top, 8, 0);
        memory.write(top, 8, entry);

        assertFalse(translator.isWanted());
        assertFalse(translator.isWanted());
    }

    @Test
    void nothingGoesToTheProcessorWhileAnInterruptWaits() throws Exception {
        start(SYSCALL, 0);
        interruptWaits = true;
        assertFalse(translator.isWanted());
        vcpu.run();

        assertEquals(0, figure("slices on the processor"));
    }

    @Test
    void aKickEndsALoop() throws Exception {
        start("ebfe", 0);
        Thread kicker = Thread.ofPlatform().start(this::kickSoon);

        assertSame(Exit.Kicked.KICKED, vcpu.run());
        kicker.join();
        assertEquals(USER, translator.user.rip);
    }

    /// Somebody else's, which has a handler, and a kick's that nobody has kicked for.
    @Test
    void anInterruptIsTheTranslatorsAndNotTheLoops() throws Exception {
        start("ebfe", 0);
        translator.entries = 2;
        Thread other =
                Thread.ofPlatform()
                        .start(() -> {
                            sleep(50);
                            vcpu.interrupt();
                            sleep(50);
                            vcpu.kick();
                        });

        assertSame(Exit.Kicked.KICKED, vcpu.run());
        other.join();
        assertEquals(0, translator.entries);
        assertEquals(1, translator.interrupts.get());
        assertEquals(2, figure("slices on the processor"));
    }

    @Test
    void otherSignalsDoNotEndALoop() throws Exception {
        LinuxCall.prepareInterrupts();
        // inc qword [0x401000]; jmp back
        start("48ff042500104000 ebf6", 0);
        AtomicInteger id = new AtomicInteger();
        Thread runner =
                Thread.ofPlatform()
                        .start(() -> {
                            id.set(LinuxCall.threadId());
                            assertSame(Exit.Kicked.KICKED, runIt());
                        });
        for (int i = 0; i < 20; i++) {
            awaitMoreThan(counted());
            LinuxCall.interrupt(id.get());
            KickSignal.send(id.get());
        }
        awaitMoreThan(counted());
        awaitMoreThan(counted());
        assertTrue(runner.isAlive());
        vcpu.kick();
        runner.join();
        assertEquals(1, figure("slices on the processor"));
    }

    /// Whoever translates code waits until no other vCPU's native code can write to it unnoticed.
    @Test
    void codeIsProtectedOnceNativeCodeHasBeenLeft() throws Exception {
        // mov [0x401000],al; jmp back
        start("88042500104000 ebf7", 0);
        Thread runner = Thread.ofPlatform().start(() -> assertSame(Exit.Kicked.KICKED, runIt()));
        for (int i = 0; i < 20; i++) {
            Thread.sleep(5);
            ((HybridVcpu) vcpu).protect(USER_GPA + 0x1000);
        }
        vcpu.kick();
        runner.join();
        assertEquals(USER, translator.user.rip & ~7L);
        assertTrue(figure("rights taken away") > 0);
    }

    /// Not even what it could store when somebody began to look at the page.
    @Test
    void onceAPageIsProtectedNativeCodeStoresNothingThere() throws Exception {
        // inc qword [0x401000]; jmp back
        start("48ff042500104000 ebf6", 0);
        Thread runner = Thread.ofPlatform().start(() -> assertSame(Exit.Kicked.KICKED, runIt()));
        awaitMoreThan(0);
        ((Region.Ram) memory.at(0)).block().dirty().arm(USER_GPA + 0x1000, DirtyPages.CODE);
        ((HybridVcpu) vcpu).protect(USER_GPA + 0x1000);
        long before = counted();
        Thread.sleep(20);
        long after = counted();
        vcpu.kick();
        runner.join();

        assertEquals(before, after);
        assertEquals(USER, translator.user.rip);
    }

    @Test
    void nativeCodeGoesOnUnderTablesOfTheMapThatHasChanged() throws Exception {
        // inc qword [0x401000]; jmp back
        start("48ff042500104000 ebf6", 0);
        Thread runner = Thread.ofPlatform().start(() -> assertSame(Exit.Kicked.KICKED, runIt()));
        awaitMoreThan(0);
        ((HybridVcpu) vcpu).forgetMap();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (figure("tables all forgotten") == 0 && System.nanoTime() - end < 0) {
            Thread.sleep(1);
        }
        long resets = figure("tables all forgotten");
        awaitMoreThan(counted());
        vcpu.kick();
        runner.join();

        assertEquals(1, resets);
    }

    @Test
    void whoIsKeptOutComputesNothingUntilLetIn() throws Exception {
        // inc qword [0x401000]; jmp back
        start("48ff042500104000 ebf6", 0);
        Thread runner = Thread.ofPlatform().start(() -> assertSame(Exit.Kicked.KICKED, runIt()));
        awaitMoreThan(0);
        ((HybridVcpu) vcpu).keepOut();
        long before = counted();
        Thread.sleep(20);
        long after = counted();
        ((HybridVcpu) vcpu).letIn();

        assertEquals(before, after);
        awaitMoreThan(after);
        vcpu.kick();
        runner.join();
    }

    private long counted() {
        return memory.read(USER_GPA + 0x1000, 8);
    }

    private void awaitMoreThan(long count) throws InterruptedException {
        while (counted() <= count) {
            Thread.sleep(1);
        }
    }

    private Exit runIt() {
        try {
            return vcpu.run();
        } catch (AcceleratorException e) {
            throw new AssertionError(e);
        }
    }

    private void kickSoon() {
        sleep(50);
        vcpu.kick();
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// HotSpot's compilers have to be through first, for which a busy host needs its time.
    @Test
    void anExitAllocatesNothing() throws Exception {
        start("48ffc3" + SYSCALL, 0);
        long ofMeasuring = Long.MAX_VALUE;
        long ofSlices = Long.MAX_VALUE;
        long begin = System.nanoTime();
        while ((ofMeasuring > MOST_OF_MEASURING || ofSlices > ofMeasuring)
                && System.nanoTime() - begin < COMPILERS_PATIENCE) {
            ofMeasuring = Math.min(ofMeasuring, allocated(0));
            ofSlices = Math.min(ofSlices, allocated(300));
        }

        assertTrue(
                ofSlices <= ofMeasuring,
                "300 slices: at least " + ofSlices + " bytes, and " + ofMeasuring + " without");
    }

    private long allocated(int slices) throws Exception {
        // By reflection, as this module has no need of java.management.
        Object threads =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        Method allocated =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getCurrentThreadAllocatedBytes");
        translator.entries = slices;
        long before = (long) allocated.invoke(threads);
        vcpu.run();
        return (long) allocated.invoke(threads) - before;
    }

    @Test
    void aSliceThatIsAsForeseenGoesOn() throws Exception {
        translator.rehearsal = new Foresight.Prophecy(USER + 3, "");
        translator.entries = 3;
        // inc rbx; inc rcx
        start("48ffc3 49ffc0" + SYSCALL, 100);

        assertSame(Exit.Kicked.KICKED, vcpu.run());
        assertEquals(3, translator.user.gpr[X86.RBX]);
        assertEquals(3, translator.user.gpr[8]);
        assertEquals(USER + 6, translator.user.rip);
        assertEquals(0xc0ff49, memory.read(USER_GPA + 3, 4) & 0xff_ffff);
    }

    @Test
    void aDifferenceStopsTheVm() throws Exception {
        translator.rehearsal = new Foresight.Prophecy(USER + 3, "rbx");
        start("48ffc3 49ffc0" + SYSCALL, 100);

        Exit.Unhandled found = assertInstanceOf(Exit.Unhandled.class, vcpu.run());
        assertTrue(found.sentence().contains("they differ in rbx"), found.sentence());
        assertEquals(USER + 3, translator.user.rip);
        assertEquals(1, translator.user.gpr[X86.RBX]);
    }

    @Test
    void anEndThatIsNotComeToStopsTheVm() throws Exception {
        translator.rehearsal = new Foresight.Prophecy(USER + 0x100, "rip");
        start("48ffc3" + SYSCALL, 100);

        Exit.Unhandled found = assertInstanceOf(Exit.Unhandled.class, vcpu.run());
        assertTrue(found.sentence().contains("where 0x400100 was foreseen"), found.sentence());
    }

    /// Has a timer fire: while it foresees a slice, or while it compares.
    private final class Clockwork implements Foresight {
        private final boolean foreseeing;

        Clockwork(boolean foreseeing) {
            this.foreseeing = foreseeing;
        }

        @Override
        public Obstacle rehearse(int most) {
            interruptWaits = foreseeing;
            return foreseeing ? Obstacle.UNREPEATABLE : Obstacle.NONE;
        }

        @Override
        public String difference() {
            interruptWaits = true;
            return "";
        }
    }

    /// Nobody kicks this thread for what it did itself.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptThatComesOfACheckEndsTheSlice(boolean ofForeseeing) throws Exception {
        translator.rehearsal = new Clockwork(ofForeseeing);
        // inc rbx; jmp to itself
        start("48ffc3 ebfe", 100);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicBoolean late = new AtomicBoolean();
        Thread kicker =
                Thread.ofPlatform()
                        .start(() -> {
                            late.set(!hasEnded(ended));
                            vcpu.kick();
                        });
        vcpu.run();
        ended.countDown();
        kicker.join();

        assertFalse(late.get());
    }

    private static boolean hasEnded(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            return false;
        }
    }

    /// What native code could not do with, or would lose.
    private enum Bar {
        INTERRUPTS_OFF,
        CODE_OF_A_LOCAL_TABLE,
        STACK_OF_A_LOCAL_TABLE,
        DS_OF_A_LOCAL_TABLE,
        ES_OF_A_LOCAL_TABLE,
        FS_OF_A_LOCAL_TABLE,
        GS_OF_A_THREAD,
        NO_STACK_SEGMENT;

        void putUp(UserState user) {
            switch (this) {
                case INTERRUPTS_OFF -> user.rflags &= ~X86.RFLAGS_IF;
                case CODE_OF_A_LOCAL_TABLE -> user.segments[X86.CS].selector = 0x0f;
                case STACK_OF_A_LOCAL_TABLE -> user.segments[X86.SS].selector = 0x0f;
                case DS_OF_A_LOCAL_TABLE -> user.segments[X86.DS].selector = 0x0f;
                case ES_OF_A_LOCAL_TABLE -> user.segments[X86.ES].selector = 0x0f;
                case FS_OF_A_LOCAL_TABLE -> user.segments[X86.FS].selector = 0x0f;
                case GS_OF_A_THREAD -> user.segments[X86.GS].selector = 0x63;
                case NO_STACK_SEGMENT -> user.segments[X86.SS].selector = 3;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Bar.class)
    void userCodeIsNotEnteredWith(Bar bar) throws Exception {
        bar.putUp(translator.user);
        start("48ffc3" + SYSCALL, 0);

        assertSame(Exit.Kicked.KICKED, vcpu.run());
        assertEquals(0, figure("slices on the processor"));
        assertEquals(0, translator.user.gpr[X86.RBX]);
        assertEquals(USER, translator.user.rip);
    }

    /// Can foresee every third slice only.
    private static final class Doubter implements Foresight {
        private int asked;

        @Override
        public Obstacle rehearse(int most) {
            return asked++ % 3 == 0 ? Obstacle.NONE : Obstacle.UNREPEATABLE;
        }
    }

    @Test
    void aSliceThatCanNotBeCheckedLeavesItsTurnToTheNext() throws Exception {
        translator.rehearsal = new Doubter();
        translator.entries = 1000;
        start("48ffc3 49ffc0" + SYSCALL, 10);
        vcpu.run();

        assertEquals(1000, verified("slices on the processor"));
        long checked = verified("slices checked");
        assertTrue(checked >= 100 && checked <= 102, () -> checked + " slices were checked");
        assertTrue(
                verified("slices that began with an instruction whose result can't be foreseen")
                        > 190);
    }

    @Test
    void atAHundredPercentEachSliceIsChecked() throws Exception {
        translator.rehearsal = new Foresight.Prophecy(USER + 3, "");
        translator.entries = 50;
        start("48ffc3 49ffc0" + SYSCALL, 100);
        vcpu.run();

        assertEquals(50, verified("slices checked"));
    }

    private long verified(String name) {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        return statistics.of("verification", name);
    }

    @Test
    void theStateThatIsSavedHasTheRegistersOfNativeCode() throws Exception {
        start("48ffc3" + SYSCALL, 0);
        vcpu.run();
        X86State state = new X86State();
        vcpu.save(state);

        assertEquals(1, state.gpr[X86.RBX]);
    }

    @Test
    void aFlightRecordingHasWhatRanOnTheProcessor(@TempDir Path directory) throws Exception {
        translator.entries = 7;
        start("48ffc3" + SYSCALL, 0);
        vcpu.run();
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("straddle.HybridSummary");
            recording.start();
            vcpu.close();
            recording.stop();
            recording.dump(file);
        }
        guest.vcpu = null;
        guest.accelerator.close();
        RecordedEvent event = RecordingFile.readAllEvents(file).getFirst();

        assertEquals(7, event.getLong("slices"));
        assertEquals(7, event.getLong("systemCalls"));
        assertTrue(event.getDuration("nanos").isPositive());
    }

    @Test
    void theMonitorShowsWhatRanOnTheProcessor() throws Exception {
        translator.entries = 7;
        start("48ffc3" + SYSCALL, 0);
        vcpu.run();

        assertTrue(vcpu.topics().containsKey("hybrid"));
        assertTrue(vcpu.describe("hybrid").startsWith("7 slices on the processor"));
    }
}
