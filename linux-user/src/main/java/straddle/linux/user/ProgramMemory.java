package straddle.linux.user;

import straddle.core.user.UserMemory;

/// An address space with its heap's end, shared by the processes that vfork(2) lets share it.
final class ProgramMemory {
    final UserMemory memory;
    long heapStart;
    long heapEnd;
    long trampoline;

    /// Whether a MIPS program has floating-point registers of 64 bits.
    boolean wideFloats;

    private int users = 1;

    ProgramMemory(UserMemory memory) {
        this.memory = memory;
    }

    synchronized ProgramMemory retain() {
        users++;
        return this;
    }

    /// The last user's gives its pages back.
    void release() {
        synchronized (this) {
            if (--users > 0) {
                return;
            }
        }
        memory.clear();
    }

    ProgramMemory fork() {
        ProgramMemory copy = new ProgramMemory(memory.fork());
        copy.heapStart = heapStart;
        copy.heapEnd = heapEnd;
        copy.trampoline = trampoline;
        copy.wideFloats = wideFloats;
        return copy;
    }
}
