package straddle.accel.kvm;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import straddle.accel.kvm.ProbeGuest.Outcome;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.HostVerdict.Row;
import straddle.core.accel.HostVerdict.Section;
import straddle.core.arch.x86.X86State;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_device_attr;
import straddle.linux.kvm.kvm_msr_entry;
import straddle.linux.kvm.kvm_msrs;

/// Measures what this host's KVM does: which guest modes run on the processor, what exits cost, and what
/// native user code sees and obeys of what a guest's kernel sets.
///
/// A KVM without the processor's virtualization interprets what it can't run natively, and leaves native
/// code more of the host than a guest should see. Takes some 100 ms; a watchdog ends it after three seconds.
final class HostProbe implements AutoCloseable {
    private static final long LIMIT_MILLIS = 2500;
    private static final int ITERATIONS = 5_000;
    private static final int NATIVE_ITERATIONS = 5_000_000;
    private static final int INSNS_PER_ITERATION = 2;

    /// Faster than any interpreter of a kernel's, so worth a longer look.
    private static final double SURELY_NATIVE_MIPS = 50;

    private static final int ROUND_TRIPS = 60;
    private static final int ECX1_AES = 1 << 25;
    private static final int ECX1_OSXSAVE = 1 << 27;
    private static final long FAR = 1L << 45;

    /// int3, which ends every piece of user code that got so far.
    private static final String END = "cc";

    private static final String[] VECTORS = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS",
        "#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM"
    };

    private final KvmDevice device;
    private final ProbeGuest guest;
    private final Thread watchdog;

    /// Takes over the device.
    HostProbe(KvmDevice device) throws AcceleratorException, HostException {
        this.device = device;
        guest = ProbeGuest.create(device, ECX1_AES);
        watchdog = Thread.ofVirtual().name("probe-watchdog").start(this::watch);
    }

    private void watch() {
        try {
            Thread.sleep(LIMIT_MILLIS);
            while (true) {
                guest.vcpu().kick();
                Thread.sleep(10);
            }
        } catch (InterruptedException _) {
            // The probe has ended.
        }
    }

    /// @param host named in the verdict
    HostVerdict measure(String host) throws AcceleratorException, HostException {
        Map<GuestMode, Double> speeds = new EnumMap<>(GuestMode.class);
        for (GuestMode mode : GuestMode.values()) {
            double speed = speed(mode);
            if (speed > 0) {
                speeds.put(mode, speed);
            }
        }
        List<Section> sections =
                List.of(
                        new Section("What native user code sees", seen()),
                        new Section("What native user code obeys", obeyed()),
                        new Section("KVM's capabilities", capabilities()));
        return new HostVerdict(
                host, speeds, userExitMicros(), systemCallMicros(), portExitMicros(), sections);
    }

    /// Millions of instructions a second of a loop; 0 where the mode can't be entered.
    private double speed(GuestMode mode) throws AcceleratorException {
        double first = speed(mode, ITERATIONS);
        return first < SURELY_NATIVE_MIPS ? first : speed(mode, NATIVE_ITERATIONS);
    }

    private double speed(GuestMode mode, int iterations) throws AcceleratorException {
        long few = nanos(mode, 1);
        long many = nanos(mode, iterations);
        if (few < 0 || many < 0) {
            return 0;
        }
        // A native loop of this length is shorter than an exit's jitter.
        long net = Math.max(many - few, 1000);
        return (double) INSNS_PER_ITERATION * iterations / net * 1000;
    }

    /// How long the loop takes with its exit, or -1 if the mode can't be entered. The best of three: on a busy
    /// host a native loop that is interrupted looks like an interpreted one.
    private long nanos(GuestMode mode, int iterations) throws AcceleratorException {
        String count = "%08x".formatted(Integer.reverseBytes(iterations));
        String loop =
                switch (mode) {
                    // mov ecx, n; dec ecx; jnz; then out 0x10, al, where the mode may
                    case REAL -> "66b9" + count + "6649 75fc e610";
                    case PROTECTED_KERNEL, PROTECTED_USER, COMPATIBILITY_USER ->
                            "b9" + count + "49 75fd e610";
                    case LONG_KERNEL -> "b9" + count + "ffc9 75fc e610";
                    case LONG_USER -> "b9" + count + "ffc9 75fc" + END;
                };
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            guest.prepare(ProbeGuest.inMode(mode), loop);
            long start = System.nanoTime();
            int port = guest.runToPort();
            best = Math.min(best, System.nanoTime() - start);
            // A processor that runs the OUT and not the IOPL it was given faults on it.
            if (port != 0x10 && port != BP && port != GP) {
                return -1;
            }
        }
        return best;
    }

    /// From user code through an exception and the monitor's stub to us, and back.
    private double userExitMicros() throws AcceleratorException {
        // int3; jmp back
        return roundTripMicros(ProbeGuest.inMode(GuestMode.LONG_USER), "cc ebfd", BP);
    }

    /// As native code's system calls leave it: to a port access that is user code's own.
    private double systemCallMicros() throws AcceleratorException {
        X86State state = user();
        state.efer |= EFER_SCE;
        state.msrs.put(MSR_LSTAR, ProbeGuest.USER + 4);
        state.msrs.put(MSR_STAR, Monitor.star());
        state.msrs.put(MSR_SFMASK, (long) RFLAGS_IF);
        // syscall; jmp back; then out 15, al; jmp rcx
        return roundTripMicros(state, "0f05 ebfc e60f ffe1", Monitor.SYSCALL_PORT);
    }

    private double portExitMicros() throws AcceleratorException {
        // out 0x80, al; jmp back
        return roundTripMicros(ProbeGuest.inMode(GuestMode.LONG_KERNEL), "e680 ebfc", 0x80);
    }

    /// The median; 0 if the guest does something else.
    private double roundTripMicros(X86State state, String hex, int port)
            throws AcceleratorException {
        guest.prepare(state, hex);
        long[] nanos = new long[ROUND_TRIPS];
        for (int i = 0; i < ROUND_TRIPS; i++) {
            long start = System.nanoTime();
            if (guest.runToPort() != port) {
                return 0;
            }
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return nanos[ROUND_TRIPS / 2] / 1000.0;
    }

    private List<Row> seen() throws AcceleratorException {
        List<Row> rows = new ArrayList<>();
        addCpuid(rows);
        addXcr0(rows);
        addTsc(rows);
        return rows;
    }

    private void addCpuid(List<Row> rows) throws AcceleratorException {
        X86State leaf1 = cpuid(1);
        int ecx = (int) leaf1.gpr[RCX];
        boolean hides = (ecx & ECX1_AES) == 0;
        CpuidEntry asked = guest.asked(1, 0);
        int askedEcx = asked == null ? 0 : asked.ecx() & ~ECX1_AES;
        rows.add(
                new Row(
                        "CPUID 1.ECX",
                        "%08x, asked for %08x".formatted(ecx & ~ECX1_OSXSAVE, askedEcx),
                        hides
                                ? "features can be hidden from native code"
                                : "features can't be hidden: native code sees the host's"));
        CpuidEntry leaf7 = guest.asked(7, 0);
        rows.add(compared("CPUID 7.EBX", (int) cpuid(7).gpr[RBX], leaf7 == null ? 0 : leaf7.ebx()));
        CpuidEntry leafD = guest.asked(0xd, 0);
        rows.add(
                compared(
                        "CPUID 0xD.EAX",
                        (int) cpuid(0xd).gpr[RAX],
                        leafD == null ? 0 : leafD.eax()));
        rows.add(compared("CPUID 1.EAX", (int) leaf1.gpr[RAX], asked == null ? 0 : asked.eax()));
    }

    private static Row compared(String name, int seen, int asked) {
        return new Row(
                name,
                "%08x, asked for %08x".formatted(seen, asked),
                seen == asked ? "as asked" : "the host's");
    }

    private X86State cpuid(int leaf) throws AcceleratorException {
        // xor ecx, ecx; cpuid
        X86State state = user();
        state.gpr[RAX] = leaf;
        return guest.run(state, "31c9 0fa2" + END).state();
    }

    private static X86State user() {
        return ProbeGuest.inMode(GuestMode.LONG_USER);
    }

    private void addXcr0(List<Row> rows) throws AcceleratorException {
        // xor ecx, ecx; xgetbv
        String xgetbv = "31c9 0f01d0" + END;
        Outcome off = guest.run(user(), xgetbv);
        boolean refused = off.vector() == UD;
        rows.add(
                new Row(
                        "XGETBV, CR4.OSXSAVE = 0",
                        refused ? "#UD" : xcr0(off),
                        refused
                                ? "native code can't use more state than the guest allows"
                                : "native code that does not ask CPUID first can use all of it"));
        X86State on = user();
        on.cr4 |= CR4_OSXSAVE;
        try {
            Outcome outcome = guest.run(on, xgetbv);
            rows.add(
                    new Row(
                            "XGETBV, XCR0 = 1",
                            outcome.vector() == BP ? xcr0(outcome) : ending(outcome),
                            outcome.vector() == BP && low(outcome) == 1
                                    ? "as set"
                                    : "native code sees the host's"));
        } catch (AcceleratorException e) {
            rows.add(new Row("CR4.OSXSAVE", "can't be set", "this KVM's guests have no XSAVE"));
        }
    }

    private static String xcr0(Outcome outcome) {
        return outcome.vector() == BP ? Long.toHexString(low(outcome)) : ending(outcome);
    }

    /// EDX:EAX.
    private static long low(Outcome outcome) {
        long[] gpr = outcome.state().gpr;
        return gpr[RDX] << 32 | gpr[RAX] & 0xffff_ffffL;
    }

    private void addTsc(List<Row> rows) throws AcceleratorException {
        long before = tsc(GuestMode.LONG_USER);
        long kernel = tsc(GuestMode.LONG_KERNEL);
        rows.add(
                new Row(
                        "RDTSC at CPL 0 and 3",
                        kernel >= before && kernel - before < FAR ? "agree" : "differ",
                        "with an offset of 0"));
        int refused = setTscOffset(FAR);
        boolean offset = refused == 0 && tsc(GuestMode.LONG_USER) - before > FAR / 2;
        rows.add(
                honoured(
                        "TSC offset",
                        offset,
                        refused != 0 ? "refused" : "ignored",
                        "native RDTSC is the host's own"));
        setTscOffset(0);
        setTsc(before + FAR);
        boolean written = tsc(GuestMode.LONG_USER) - before > FAR / 2;
        rows.add(honoured("IA32_TSC writes", written, "ignored", "native RDTSC is the host's own"));
        setTscOffset(0);
        X86State disabled = user();
        disabled.cr4 |= CR4_TSD;
        rows.add(
                honoured(
                        "CR4.TSD",
                        guest.run(disabled, "0f31" + END).vector() == GP,
                        "ignored",
                        "RDTSC can't be trapped"));
    }

    private long tsc(GuestMode mode) throws AcceleratorException {
        // rdtsc
        return low(guest.run(ProbeGuest.inMode(mode), "0f31" + END));
    }

    /// @return 0, or minus the error number
    private int setTscOffset(long offset) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_LONG, offset);
            MemorySegment attribute = kvm_device_attr.allocate(arena);
            attribute.fill((byte) 0);
            kvm_device_attr.group(attribute, Kvm.KVM_VCPU_TSC_CTRL());
            kvm_device_attr.attr(attribute, Kvm.KVM_VCPU_TSC_OFFSET());
            kvm_device_attr.addr(attribute, value.address());
            return guest.vcpu().descriptor().ioctl(Kvm.KVM_SET_DEVICE_ATTR(), attribute.address());
        }
    }

    private void setTsc(long value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment list = arena.allocate(kvm_msrs.sizeof() + kvm_msr_entry.sizeof(), 8);
            kvm_msrs.nmsrs(list, 1);
            MemorySegment entry = list.asSlice(kvm_msrs.sizeof(), kvm_msr_entry.sizeof());
            kvm_msr_entry.index(entry, MSR_TSC);
            kvm_msr_entry.data(entry, value);
            guest.vcpu().descriptor().ioctl(Kvm.KVM_SET_MSRS(), list.address());
        }
    }

    private List<Row> obeyed() throws AcceleratorException {
        List<Row> rows = new ArrayList<>();
        addTraps(rows);
        addPages(rows);
        addSyscall(rows);
        return rows;
    }

    private void addTraps(List<Row> rows) throws AcceleratorException {
        X86State switched = user();
        switched.cr0 |= CR0_TS;
        // movaps xmm0, xmm1
        rows.add(expect("CR0.TS", switched, "0f28c1", NM, "no lazy FPU switching in native code"));
        X86State watched = user();
        watched.dr[0] = ProbeGuest.USER + 1;
        watched.dr[7] = 0x401;
        // nop; nop
        rows.add(expect("DR7", watched, "9090", DB, "no hardware breakpoints in native code"));
        X86State privileged = user();
        privileged.rflags |= RFLAGS_IOPL;
        // pushfq; pop rax
        Outcome flags = guest.run(privileged, "9c 58" + END);
        rows.add(
                honoured(
                        "RFLAGS.IOPL",
                        (flags.state().gpr[RAX] & RFLAGS_IOPL) == RFLAGS_IOPL,
                        "reads " + ((flags.state().gpr[RAX] & RFLAGS_IOPL) >> 12),
                        "no native code while the guest gives ports away"));
        X86State umip = user();
        umip.cr4 |= CR4_UMIP;
        // smsw eax
        rows.add(expect("CR4.UMIP", umip, "0f01e0", GP, "native code sees the monitor's tables"));
        X86State aligned = user();
        aligned.cr0 |= CR0_AM;
        aligned.rflags |= RFLAGS_AC;
        aligned.gpr[RBX] = ProbeGuest.DATA_PAGE + 1;
        // mov eax, [rbx]
        rows.add(expect("RFLAGS.AC", aligned, "8b03", AC, "no alignment checks in native code"));
        X86State stepped = user();
        stepped.rflags |= RFLAGS_TF;
        // nop; nop
        rows.add(expect("RFLAGS.TF", stepped, "9090", DB, "no single steps in native code"));
    }

    private void addPages(List<Row> rows) throws AcceleratorException {
        String open = "native code reaches what the guest's kernel protects";
        X86State execute = user();
        execute.gpr[RBX] = ProbeGuest.NO_EXECUTE_PAGE;
        // jmp rbx
        rows.add(expect("page: no execute", execute, "ffe3", PF, open));
        X86State supervisor = user();
        supervisor.gpr[RBX] = ProbeGuest.SUPERVISOR_PAGE;
        // mov eax, [rbx]
        rows.add(expect("page: supervisor", supervisor, "8b03", PF, open));
        X86State write = user();
        write.gpr[RBX] = ProbeGuest.READ_ONLY_PAGE;
        // mov [rbx], eax
        rows.add(expect("page: read-only", write, "8903", PF, open));
    }

    private void addSyscall(List<Row> rows) throws AcceleratorException {
        X86State state = user();
        state.msrs.put(MSR_LSTAR, ProbeGuest.LSTAR);
        state.msrs.put(MSR_STAR, 0x0023_0010L << 32);
        state.msrs.put(MSR_SFMASK, (long) RFLAGS_IF);
        // syscall
        Outcome outcome = guest.run(state, "0f05" + END);
        rows.add(
                outcome.vector() == UD
                        ? new Row("SYSCALL, EFER.SCE = 0", "#UD", "as the manual has it")
                        : new Row(
                                "SYSCALL, EFER.SCE = 0",
                                ending(outcome)
                                        + (outcome.rip() == ProbeGuest.LSTAR ? " at LSTAR" : ""),
                                "an LSTAR that is never mapped tells it from other faults"));
    }

    private Row expect(String name, X86State state, String hex, int vector, String otherwise)
            throws AcceleratorException {
        Outcome outcome;
        try {
            outcome = guest.run(state, hex + END);
        } catch (AcceleratorException e) {
            return new Row(name, "refused", e.getMessage());
        }
        String instead = outcome.vector() == BP ? "ignored" : ending(outcome);
        return honoured(name, outcome.vector() == vector, instead, otherwise);
    }

    private static Row honoured(String name, boolean is, String instead, String otherwise) {
        return is ? new Row(name, "honoured", "") : new Row(name, instead, otherwise);
    }

    private static String ending(Outcome outcome) {
        int vector = outcome.vector();
        return vector < 0
                ? outcome.what()
                : vector < VECTORS.length ? VECTORS[vector] : "vector " + vector;
    }

    private List<Row> capabilities() {
        return List.of(
                capability(
                        "interrupt controllers",
                        Kvm.KVM_CAP_IRQCHIP(),
                        "in-kernel PIC, I/O APIC, local APICs"),
                capability(
                        "split interrupt controllers",
                        Kvm.KVM_CAP_SPLIT_IRQCHIP(),
                        "in-kernel local APICs only"),
                capability("irqfd", Kvm.KVM_CAP_IRQFD(), "events that interrupt the guest"),
                capability("ioeventfd", Kvm.KVM_CAP_IOEVENTFD(), "writes that signal events"),
                capability(
                        "synchronised registers",
                        Kvm.KVM_CAP_SYNC_REGS(),
                        "a bit each: general, segment and control, events"),
                capability("XSAVE bytes", Kvm.KVM_CAP_XSAVE2(), "of a vCPU's extended state"),
                capability("memory slots", Kvm.KVM_CAP_NR_MEMSLOTS(), ""),
                capability("read-only slots", Kvm.KVM_CAP_READONLY_MEM(), "ROM"),
                capability("dirty ring bytes", Kvm.KVM_CAP_DIRTY_LOG_RING(), ""),
                capability("vCPUs", Kvm.KVM_CAP_MAX_VCPUS(), "at most"),
                capability(
                        "TSC scaling",
                        Kvm.KVM_CAP_TSC_CONTROL(),
                        "another frequency than the host's"),
                capability(
                        "nested virtualization", Kvm.KVM_CAP_NESTED_STATE(), "bytes of its state"),
                capability(
                        "user-space MSRs",
                        Kvm.KVM_CAP_X86_USER_SPACE_MSR(),
                        "unknown registers can exit"));
    }

    private Row capability(String name, int number, String meaning) {
        int value = device.extension(number);
        return new Row(
                name, value == 0 ? "no" : value == 1 ? "yes" : Integer.toString(value), meaning);
    }

    @Override
    public void close() {
        watchdog.interrupt();
        try {
            watchdog.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        guest.close();
    }
}
