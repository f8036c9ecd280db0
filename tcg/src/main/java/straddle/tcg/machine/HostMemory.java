package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import java.util.function.IntSupplier;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.MicroOp;

/// What accesses the guest's memory: looks its page up in the TLB; what that does not answer is asked of its victims and
/// of Java, out of line.
abstract class HostMemory extends HostState {
    HostMemory(MachineCode owner, Assembler asm, Tb tb, int zeroSlot) {
        super(owner, asm, tb, zeroSlot);
    }

    /// Whether what is being written is a loop, and not what leads to it.
    abstract boolean isLooping();

    /// Has RCX be what to add to a virtual address.
    ///
    /// @return the jump to where the TLB does not answer, known once the code out of line is written
    IntSupplier reach(int virtual, int width, int tag) {
        // Another vCPU that takes a page back looks at the TLB's entries alone.
        boolean mayHaveSite = tag == Tlb.READ || !owner.isShared();
        if (mayHaveSite && (readsStackPointer || isLooping())) {
            int site = readsStackPointer ? MachineCode.stackSite(tag) : owner.site(tag);
            return reachBySite(virtual, width, tag, site);
        }
        lastPage(virtual, width);
        asm.move32(RCX, virtual);
        int miss = findEntry(tag);
        long found = asm.here();
        asm.load(RCX, RCX, Tlb.ADDEND);
        return () -> askVictims(virtual, tag, miss, found);
    }

    /// Out of line, where the TLB's entry is for another page.
    private int askVictims(int virtual, int tag, int miss, long found) {
        asm.patchHere(miss);
        asm.move(RAX, virtual);
        asm.callTo(owner.findAddress(tag));
        int none = asm.jumpIf(CC_NE);
        asm.jumpTo(found);
        return none;
    }

    /// With the page in RDX and the address in RCX, has RCX point to the TLB's entry; returns the jump to where it does
    /// not answer.
    private int findEntry(int tag) {
        asm.shift(SHR, false, RCX, Tlb.INDEX_SHIFT);
        asm.arithmeticConstant(AND, false, RCX, Tlb.INDEX_MASK);
        asm.address(RCX, RCX, TLB, 0, 0);
        asm.arithmeticMemoryCompare(RDX, RCX, tag);
        return asm.jumpIf(CC_NE);
    }

    /// Has RDX be the page of an access's last byte.
    private void lastPage(int virtual, int width) {
        if (width > 1) {
            asm.address(RDX, virtual, width - 1);
        } else {
            asm.move(RDX, virtual);
        }
        asm.arithmeticConstant(AND, true, RDX, -4096);
    }

    /// An access within a loop, or to the stack, looks first at where one went before, for which the host need not know
    /// the address. Only one that is aligned does: another may begin in the page before.
    private IntSupplier reachBySite(int virtual, int width, int tag, int site) {
        asm.move(RDX, virtual);
        asm.arithmeticConstant(AND, true, RDX, Tlb.alignedPage(width));
        asm.arithmeticMemoryCompare(RDX, TLB, site + Tlb.SITE_PAGE);
        int other = asm.jumpIf(CC_NE);
        asm.load(RCX, TLB, site + Tlb.SITE_ADDEND);
        long known = asm.here();
        int[] miss = new int[1];
        long[] found = new long[1];
        outOfLine.add(() -> {
            asm.patchHere(other);
            asm.move32(RCX, virtual);
            lastPage(virtual, width);
            miss[0] = findEntry(tag);
            found[0] = asm.here();
            asm.load(RCX, RCX, Tlb.ADDEND);
            asm.store(TLB, site + Tlb.SITE_ADDEND, RCX);
            asm.store(TLB, site + Tlb.SITE_PAGE, RDX);
            asm.storeConstant(TLB, Tlb.SITES_FILLED, 1);
            asm.jumpTo(known);
        });
        return () -> askVictims(virtual, tag, miss[0], found[0]);
    }

    /// As [#reach] for a run of bytes, whose last one is so far behind the first; leaves a micro-op that has done nothing
    /// yet to Java where the TLB does not answer.
    void reachRun(MicroOp op, int virtual, int last, int tag, Runnable flush) {
        asm.address(RDX, virtual, last, 0, 0);
        asm.arithmeticConstant(AND, true, RDX, -4096);
        asm.move32(RCX, virtual);
        int miss = findEntry(tag);
        long found = asm.here();
        asm.load(RCX, RCX, Tlb.ADDEND);
        Exit exit = exitHere(Exit.Kind.LEAVE, op, 0);
        outOfLine.add(() -> {
            asm.patchHere(askVictims(virtual, tag, miss, found));
            flush.run();
            exit(exit);
        });
    }

    /// Goes on here from where [#reach] did not, once `access` was made in Java.
    ///
    /// @param flush brings memory up to date, as it is before the access
    void otherwise(IntSupplier miss, Runnable flush, Runnable access) {
        long done = asm.here();
        outOfLine.add(() -> {
            asm.patchHere(miss.getAsInt());
            flush.run();
            access.run();
            asm.jumpTo(done);
        });
    }

    /// Has Java make an access.
    void askJava(Exit exit, int virtual) {
        asm.store(FRAME, Frame.VIRTUAL, virtual);
        suspend(exit);
    }

    @Override
    public boolean isAlone() {
        return !owner.isShared();
    }

    @Override
    public void leaveUnlessStorable(MicroOp op, int width) {
        Value address = pop();
        int virtual = register(address);
        Runnable flush = flushLater();
        IntSupplier miss = reach(virtual, width, Tlb.WRITE);
        Exit exit = exitHere(Exit.Kind.LEAVE, op, 0);
        outOfLine.add(() -> {
            asm.patchHere(miss.getAsInt());
            flush.run();
            exit(exit);
        });
        push(address);
        release(address);
    }

    @Override
    public void load(MicroOp op, int width) {
        Value address = pop();
        int virtual = register(address);
        Value d = use(target(address));
        Runnable flush = flushLater();
        IntSupplier miss = reach(virtual, width, Tlb.READ);
        asm.load(width, d.register, virtual, RCX);
        int to = d.register;
        Exit exit = exitHere(Exit.Kind.LOAD, op, width);
        otherwise(
                miss,
                flush,
                () -> {
                    askJava(exit, virtual);
                    asm.load(to, FRAME, Frame.VALUE);
                });
        push(width < 8 ? d.zeroFrom(8 * width) : d);
        release(d);
        release(address);
    }

    @Override
    public void store(MicroOp op, int width) {
        Value value = pop();
        Value address = pop();
        int virtual = register(address);
        boolean immediate = value.isImmediate() || value.isConstant && width < 8;
        int from = immediate ? Value.NOWHERE : register(value);
        Runnable flush = flushLater();
        IntSupplier miss = reach(virtual, width, Tlb.WRITE);
        if (immediate) {
            asm.storeConstant(width, virtual, RCX, (int) value.constant);
        } else {
            asm.store(width, virtual, RCX, from);
        }
        Exit exit = exitHere(Exit.Kind.STORE, op, width);
        otherwise(
                miss,
                flush,
                () -> {
                    storeThen(FRAME, Frame.VALUE, value, from);
                    askJava(exit, virtual);
                });
        release(value);
        release(address);
    }
}
