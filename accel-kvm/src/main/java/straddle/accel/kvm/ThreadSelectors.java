package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.arch.x86.X86;
import straddle.core.vcpu.UserState;
import straddle.host.ExecutableMemory;
import straddle.host.HostException;
import straddle.host.LinuxCall;

/// Native code's data segment selectors under a KVM that leaves them to the thread that runs it: such a KVM neither loads
/// the ones that it is given nor tells which ones user code has loaded.
///
/// They are the thread's own, then, which 64-bit code of the host's has no use for; bases are apart from them. The
/// processor takes what the host's descriptor table has. On one thread only.
final class ThreadSelectors {
    private static final int[] REGISTERS = {X86.ES, X86.DS, X86.FS, X86.GS};
    private static final int BITS = 16;
    private static final int FS_SHIFT = 32;
    private static final long SELECTOR = 0xffff;

    /// By the System V calling convention: selectors to load in RDI, or -1; RAX those that were there. FS stays, on which
    /// the C library relies.
    private static final String CODE =
            "8ce8" // mov eax, gs
                    + "48c1e010" // shl rax, 16
                    + "8ce1" // mov ecx, fs
                    + "4809c8" // or rax, rcx
                    + "48c1e010" // shl rax, 16
                    + "8cd9" // mov ecx, ds
                    + "4809c8" // or rax, rcx
                    + "48c1e010" // shl rax, 16
                    + "8cc1" // mov ecx, es
                    + "4809c8" // or rax, rcx
                    + "4883ffff" // cmp rdi, -1
                    + "740e" // je to the end
                    + "8ec7" // mov es, edi
                    + "48c1ef10" // shr rdi, 16
                    + "8edf" // mov ds, edi
                    + "48c1ef20" // shr rdi, 32
                    + "8eef" // mov gs, edi
                    + "c3"; // ret

    private static final MethodHandle EXCHANGE =
            ExecutableMemory.routine(
                    CODE, FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private static final long KEEP = -1;

    /// Of the system call that sets FS base, and clears the selector (arch/x86/include/uapi/asm/prctl.h).
    private static final int ARCH_PRCTL = 158;

    private static final int ARCH_SET_FS = 0x1002;
    private static final int ARCH_GET_FS = 0x1003;

    /// The host's selector of user code's data and stack, which is its usual one for guests, too.
    private final int data;

    /// What native code found, or last had.
    private long shown;

    private ThreadSelectors(int data) {
        this.data = data;
    }

    /// What [#ask] answered: it is the same for all VMs.
    private static Optional<ThreadSelectors> found;

    /// Asks once.
    ///
    /// @return null where KVM keeps selectors with the vCPU
    static synchronized ThreadSelectors find() throws AcceleratorException, HostException {
        if (found == null) {
            found = Optional.ofNullable(EXCHANGE == null ? null : ask());
        }
        return found.orElse(null);
    }

    /// Has user code load a selector, to see where it stays.
    private static ThreadSelectors ask() throws AcceleratorException, HostException {
        try (ProbeGuest guest = ProbeGuest.create(KvmDevice.open(KvmDevice.PATH), 0)) {
            long before = exchange(0);
            // mov eax, ss; mov ds, eax
            guest.run(ProbeGuest.inMode(GuestMode.LONG_USER), "8cd0 8ed8");
            int loaded = selector(exchange(before), 1);
            return loaded == 0 ? null : new ThreadSelectors(loaded);
        }
    }

    /// The same host's, for another vCPU.
    ThreadSelectors another() {
        return new ThreadSelectors(data);
    }

    /// Before native code is entered. What the processor can't load stays as it is there.
    void put(UserState user) {
        long there = exchange(KEEP);
        if (selector(there, 2) != 0 && isNull(user.segments[X86.FS].selector)) {
            clearFs();
            there &= ~(SELECTOR << FS_SHIFT);
        }
        long wanted = there;
        for (int i = 0; i < REGISTERS.length; i++) {
            int selector = user.segments[REGISTERS[i]].selector;
            if (REGISTERS[i] != X86.FS && (isNull(selector) || selector == data)) {
                wanted = wanted & ~(SELECTOR << BITS * i) | (long) selector << BITS * i;
            }
        }
        if (wanted != there) {
            exchange(wanted);
        }
        shown = wanted;
    }

    /// After native code was left: those that it has loaded.
    void take(UserState user) {
        long there = exchange(KEEP);
        if (there != shown) {
            for (int i = 0; i < REGISTERS.length; i++) {
                if (selector(there ^ shown, i) != 0) {
                    user.segments[REGISTERS[i]].selector = selector(there, i);
                }
            }
            shown = there;
        }
    }

    private static boolean isNull(int selector) {
        return selector <= 3;
    }

    private static int selector(long all, int index) {
        return (int) (all >>> BITS * index & SELECTOR);
    }

    /// Loading a null selector would clear the base with it, which is the C library's.
    private static void clearFs() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment base = arena.allocate(ValueLayout.JAVA_LONG);
            LinuxCall.syscall(ARCH_PRCTL, ARCH_GET_FS, base.address(), 0, 0, 0, 0);
            LinuxCall.syscall(
                    ARCH_PRCTL, ARCH_SET_FS, base.get(ValueLayout.JAVA_LONG, 0), 0, 0, 0, 0);
        }
    }

    private static long exchange(long selectors) {
        try {
            return (long) EXCHANGE.invokeExact(selectors);
        } catch (Throwable e) {
            throw new AssertionError("a routine of selectors threw", e);
        }
    }
}
