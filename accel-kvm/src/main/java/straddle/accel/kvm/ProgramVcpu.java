package straddle.accel.kvm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.user.Access;
import straddle.core.user.BadAddressException;
import straddle.core.user.Frames;
import straddle.core.user.Mapping;
import straddle.core.user.MemoryUser;
import straddle.core.user.NativeVcpu;
import straddle.core.user.UserMemory;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserState;
import straddle.core.vcpu.UserStateOwner;
import straddle.host.HostException;

/// A program's own code on the processor: KVM's vCPU at privilege level 3, under [ProgramTables].
///
/// Whatever ends it, an exception or a system call, is the translator's to execute anew, in front of which the program's
/// state then is. Only pages that are there, or that a fault may bring, are served here.
final class ProgramVcpu implements NativeVcpu, MemoryUser {
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int NO_VECTOR = -1;
    private static final int PAGES_AHEAD = 32;

    /// Linux's selector of 64-bit user code.
    private static final int USER_CODE = 0x33;

    /// x87, SSE and AVX: what translated programs have.
    private static final long COMPONENTS = 7;

    private final KvmVcpu kvm;
    private final VcpuState registers;
    private final Monitor monitor;
    private final Crossing crossing;
    private final UserState user;
    private final X86State extended = new X86State();

    // Under this object's lock.
    private final ProgramTables tables;
    private UserMemory memory;
    private boolean inNative;
    private boolean avx;

    /// Somebody wants the thread.
    private volatile boolean kicked;

    private long slices;
    private long nanos;
    private long systemCalls;
    private long faults;

    ProgramVcpu(ProgramVm vm, KvmVcpu kvm, TablePool pool, Frames frames)
            throws AcceleratorException {
        this.kvm = kvm;
        registers = kvm.registers();
        tables = new ProgramTables(vm, frames, pool);
        monitor = tables.monitor();
        crossing = new Crossing(kvm, monitor);
        user = crossing.user;
    }

    // ---- memory

    @Override
    public void use(UserMemory other) {
        if (memory != null) {
            memory.removeUser(this);
        }
        synchronized (this) {
            memory = other;
            tables.forgetAll();
        }
        if (other != null) {
            other.addUser(this);
        }
    }

    @Override
    public void forget(long start, long end, boolean code) {
        synchronized (this) {
            if (!tables.forget(start, end) || !inNative) {
                return;
            }
        }
        kvm.kick();
    }

    @Override
    public synchronized void awaitForgotten() {
        boolean interrupted = false;
        while (inNative && tables.isStale()) {
            try {
                wait();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// @return the top-level table's address
    private synchronized long enter() throws HostException {
        long root = tables.root(memory);
        inNative = true;
        return root;
    }

    private synchronized void leave() {
        inNative = false;
        notifyAll();
    }

    // ---- running

    @Override
    public Ending run(UserStateOwner program) throws AcceleratorException {
        program.saveUser(user);
        if (!isPlain()) {
            return Ending.INSTRUCTION;
        }
        long start = System.nanoTime();
        try {
            program.saveExtended(extended);
            giveExtended();
            Ending ending = stay();
            registers.saveExtended(extended);
            keepKnown();
            program.loadUser(user);
            program.loadExtended(extended);
            return ending;
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        } finally {
            slices++;
            nanos += System.nanoTime() - start;
        }
    }

    /// Nothing is set that a host may not honour for native code.
    private boolean isPlain() {
        return user.segments[X86.CS].selector == USER_CODE
                && (user.rflags & X86.RFLAGS_TF) == 0
                && crossing.canRun((local, to) -> 0);
    }

    private void giveExtended() throws HostException {
        if (!avx && user.xcr0 != 0) {
            registers.allowAvx();
            avx = true;
        }
        keepKnown();
        registers.loadExtended(extended);
    }

    /// No other component is the program's, whatever the processor has.
    private void keepKnown() {
        long has = (long) LONG.get(extended.xsave, X86State.XSTATE_BV_OFFSET);
        LONG.set(extended.xsave, X86State.XSTATE_BV_OFFSET, has & COMPONENTS);
    }

    private Ending stay() throws HostException, AcceleratorException {
        long loadedRoot = -1;
        while (true) {
            long root = enter();
            Exit exit;
            try {
                if (loadedRoot == -1) {
                    registers.loadUser(user, root);
                } else if (root != loadedRoot) {
                    registers.loadRoot(root);
                }
                loadedRoot = root;
                exit = kvm.run();
            } finally {
                leave();
            }
            if (exit instanceof Exit.Port port && registers.cpl() == 3) {
                atPort(port);
                return Ending.INSTRUCTION;
            } else if (exit instanceof Exit.PortWrite write) {
                if (Monitor.isAtOut(registers.rip())) {
                    kvm.complete();
                }
                if (write.port != X86.PF || !serveFault()) {
                    takeOut(write.port);
                    return switch (write.port) {
                        case X86.DB -> Ending.STEPPED;
                        case X86.PF -> Ending.WITHHELD;
                        default -> Ending.INSTRUCTION;
                    };
                }
                if (kicked) {
                    kicked = false;
                    takeOut(NO_VECTOR);
                    return Ending.KICKED;
                }
            } else if (exit == Exit.Kicked.KICKED) {
                if (kicked && crossing.isTold()) {
                    kicked = false;
                    takeOut(NO_VECTOR);
                    return Ending.KICKED;
                }
            } else if (exit instanceof Exit.Unhandled && registers.cpl() == 3) {
                registers.dropException();
                takeOut(NO_VECTOR);
                return Ending.INSTRUCTION;
            } else {
                throw new AcceleratorException(
                        "KVM stopped with %s in a program's code.".formatted(exit));
            }
        }
    }

    /// Whether a page fault was one of these tables only, and the program goes on.
    private boolean serveFault() {
        faults++;
        if (!crossing.isFaultOfUser()) {
            return false;
        }
        long linear = registers.cr2();
        boolean write = crossing.isFaultOfStore();
        boolean fetch = crossing.isFaultOfFetch();
        Access access = write ? Access.STORE : fetch ? Access.FETCH : Access.LOAD;
        long entry = memory.translate(linear, access);
        if (entry == UserMemory.COPY_FIRST) {
            if (!memory.copyForStore(linear)) {
                return false;
            }
            entry = memory.translate(linear, access);
        }
        if (entry < 0) {
            return false;
        }
        if (access == Access.STORE && tables.allows(linear - UserMemory.PAGE_BYTES, true, false)) {
            populate(linear);
        }
        synchronized (this) {
            if (tables.isStale()) {
                // Filled in again with what the page has now, if it was in use.
                return true;
            }
            tables.fill(memory, linear);
            return tables.allows(linear, write, fetch);
        }
    }

    /// Memory that is filled from one end: pages to come are made at once, as each would cost an exit.
    private void populate(long linear) {
        Mapping mapping = memory.mappingAt(linear);
        if (mapping == null || mapping.source() != null || mapping.shared()) {
            return;
        }
        long end = Math.min(mapping.end(), linear + (long) PAGES_AHEAD * UserMemory.PAGE_BYTES);
        for (long next = linear + UserMemory.PAGE_BYTES; next < end; ) {
            if (memory.translate(next, Access.STORE) < 0) {
                return;
            }
            next += UserMemory.PAGE_BYTES;
        }
    }

    /// The gate that SYSCALL leads to; or the program's own access to its port, which must not have happened.
    private void atPort(Exit.Port port) throws HostException, AcceleratorException {
        boolean system = crossing.isAtSyscall();
        takeOut(system ? Monitor.SYSCALL_PORT : NO_VECTOR);
        if (!system) {
            crossing.rewindAccess(port, this::byteAt);
        }
    }

    private int byteAt(long linear) {
        try {
            return (int) memory.get(linear, 1);
        } catch (BadAddressException _) {
            return 0;
        }
    }

    /// Takes the program's registers out of KVM's vCPU, in front of what has to be done.
    private void takeOut(int vector) {
        crossing.takeOut(vector);
        if (vector == Monitor.SYSCALL_PORT || crossing.isLostSyscall()) {
            systemCalls++;
            crossing.rewindSyscall();
        }
        if (vector != Monitor.SYSCALL_PORT) {
            user.rflags &= ~X86.RFLAGS_RF;
        }
    }

    @Override
    public void kick() {
        kicked = true;
        kvm.kick();
    }

    @Override
    public void statistics(Statistics to) {
        to.tier("on the processor", -1, nanos);
        to.count("native", "slices on the processor", slices);
        to.count("native", "system calls from there", systemCalls);
        to.count("native", "page faults", faults);
        to.count("native", "times that 2 MiB were filled in", tables.fills());
        to.count("native", "times that all was forgotten", tables.resets());
    }

    @Override
    public void close() {
        use(null);
        kvm.close();
    }
}
