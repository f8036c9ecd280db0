package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import straddle.linux.libc.Libc;

/// Machine code in memory of its own: written while it can't be executed, then executable and read-only.
public final class ExecutableMemory {
    private static final String REMEDY =
            "The host may forbid programs to make their own code (SELinux's execmem, a hardened kernel): allow it for this JVM.";

    private static final long HUGE_PAGE_BYTES = 2 << 20;

    private final MemorySegment code;

    private ExecutableMemory(MemorySegment code) {
        this.code = code;
    }

    /// Places a copy of machine code at a page boundary.
    ///
    /// @param machineCode one byte at least
    /// @param arena when it closes, the code goes: none of it may run by then
    @SuppressWarnings("restricted")
    public static ExecutableMemory of(byte[] machineCode, Arena arena) throws HostException {
        if (machineCode.length == 0) {
            throw new IllegalArgumentException("there is no code of 0 bytes");
        }
        long bytes = machineCode.length;
        long address =
                NativeCall.mmap(
                        bytes,
                        Libc.PROT_READ() | Libc.PROT_WRITE(),
                        Libc.MAP_PRIVATE() | Libc.MAP_ANONYMOUS(),
                        -1);
        if (address < 0) {
            throw new HostException("mmap", (int) -address, "Free memory on the host.");
        }
        MemorySegment code =
                MemorySegment.ofAddress(address)
                        .reinterpret(
                                bytes, arena, memory -> NativeCall.munmap(memory.address(), bytes));
        code.copyFrom(MemorySegment.ofArray(machineCode));
        int result = NativeCall.mprotect(address, bytes, Libc.PROT_READ() | Libc.PROT_EXEC());
        if (result < 0) {
            throw new HostException("mprotect(PROT_EXEC)", -result, REMEDY);
        }
        return new ExecutableMemory(code.asReadOnly());
    }

    /// Whether this host is one whose machine code is made here, x86-64 with Linux, and allows programs to make their own.
    public static boolean isPossible() {
        if (!isX86Linux()) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            writable(1, arena);
            return true;
        } catch (HostException _) {
            return false;
        }
    }

    /// Memory that can be both written and executed, at a page boundary, in huge pages where it is large and the host allows it. What is never used takes none.
    ///
    /// @param arena when it closes, the memory goes: none of it may run by then
    @SuppressWarnings("restricted")
    public static long writable(long bytes, Arena arena) throws HostException {
        long address =
                NativeCall.mmap(
                        bytes,
                        Libc.PROT_READ() | Libc.PROT_WRITE() | Libc.PROT_EXEC(),
                        Libc.MAP_PRIVATE() | Libc.MAP_ANONYMOUS(),
                        -1);
        if (address < 0) {
            throw new HostException("mmap(PROT_EXEC)", (int) -address, REMEDY);
        }
        if (bytes >= HUGE_PAGE_BYTES) {
            // A kernel that refuses the advice is slower, no more.
            NativeCall.madvise(address, bytes, Libc.MADV_HUGEPAGE());
        }
        MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, memory -> NativeCall.munmap(memory.address(), bytes));
        return address;
    }

    /// A handle that takes a function's address first, to call it by the C library's calling convention.
    @SuppressWarnings("restricted")
    public static MethodHandle anyFunction(
            FunctionDescriptor descriptor, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(descriptor, options);
    }

    private static boolean isX86Linux() {
        return "amd64".equals(System.getProperty("os.arch"))
                && "Linux".equals(System.getProperty("os.name"));
    }

    /// A routine of x86-64 machine code that ends at once, to call for as long as the JVM runs; null where the host has
    /// another processor or another operating system than Linux, or forbids it.
    ///
    /// @param machineCode in hexadecimal, by the System V calling convention
    public static MethodHandle routine(String machineCode, FunctionDescriptor descriptor) {
        if (!isX86Linux()) {
            return null;
        }
        try {
            return of(HexFormat.of().parseHex(machineCode), Arena.global())
                    .function(0, descriptor, Linker.Option.critical(false));
        } catch (HostException _) {
            return null;
        }
    }

    /// The code, read-only.
    public MemorySegment bytes() {
        return code;
    }

    /// The function whose first instruction is at an offset, by the C library's calling convention.
    ///
    /// The handle is valid while the arena is open. A function that may run for long must not be linked with [Linker.Option#critical(boolean)]: garbage collection would wait for it.
    @SuppressWarnings("restricted")
    public MethodHandle function(
            long offset, FunctionDescriptor descriptor, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(code.asSlice(offset), descriptor, options);
    }
}
