package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import straddle.core.accel.CodeLister;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Description;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.region.BytecodeListing;

/// Shows x86 code as the translator sees it, by translating it on a processor that never runs.
public final class X86CodeLister implements CodeLister {
    private static final int PAGE = 4096;
    private static final int PRESENT_AND_WRITABLE = 3;
    private static final byte HLT = (byte) 0xf4;
    private static final String[] SEGMENT_BASES = {"es", "cs", "ss", "ds", "fs", "gs"};

    private static final Description DESCRIPTION = new Description(X86CodeLister::slotName);

    public X86CodeLister() {}

    @Override
    public List<Instruction> instructions(byte[] code, long base, Mode mode) {
        return instructions(code, 0, code.length, base, mode);
    }

    private static List<Instruction> instructions(
            byte[] code, int from, int to, long base, Mode mode) {
        Disassembler disassembler = new Disassembler();
        List<Instruction> found = new ArrayList<>();
        int at = from;
        while (at < to) {
            Disassembler.Line line = disassembler.at(code, at, mode.bits(), base + at);
            int end = at + line.length();
            found.add(new Instruction(base + at, Arrays.copyOfRange(code, at, end), line.text()));
            at = end;
        }
        return found;
    }

    @Override
    public List<Block> blocks(byte[] code, long base, Mode mode) {
        requireAddressable(code.length, base, mode);
        try (Arena arena = Arena.ofConfined()) {
            X86Cpu cpu = processor(code, base, mode, arena);
            List<Block> blocks = new ArrayList<>();
            int at = 0;
            while (at < code.length) {
                cpu.pc = base + at;
                Tb tb = cpu.translate(cpu.fetchAddress(cpu.pc));
                int end = Math.min(at + Math.max(tb.bytes, 1), code.length);
                cut(tb, base + end);
                blocks.add(
                        new Block(
                                instructions(code, at, end, base, mode),
                                microOps(tb),
                                BytecodeListing.of(
                                        List.of(tb), X86Cpu.ZERO, X86CodeLister::slotName)));
                at = end;
            }
            return blocks;
        } catch (RamUnavailableException e) {
            throw new IllegalStateException("There is no memory for a listing", e);
        }
    }

    private static void requireAddressable(int length, long base, Mode mode) {
        long last = base + Math.max(length, 1) - 1;
        boolean fits =
                switch (mode) {
                    case BITS16 -> base >= 0 && last <= 0xffff;
                    case BITS32 -> base >= 0 && last <= 0xffff_ffffL;
                    case BITS64 -> base << 16 >> 16 == base && last << 16 >> 16 == last;
                };
        if (!fits) {
            throw new IllegalArgumentException(
                    "%d bytes of %d-bit code can't lie at 0x%x"
                            .formatted(length, mode.bits(), base));
        }
    }

    /// The micro-ops of one block, as listings and reports show them.
    static List<MicroOpLine> microOps(Tb tb) {
        List<MicroOpLine> lines = new ArrayList<>();
        for (MicroOp op = tb.head.next; op != null; op = op.next) {
            lines.add(new MicroOpLine(op.pc, DESCRIPTION.of(op)));
        }
        return lines;
    }

    /// What a slot of the register file holds; -1 asks for the one that is always 0.
    static String slotName(int slot) {
        if (slot < 0 || slot == X86Cpu.ZERO) {
            return "zero";
        }
        if (slot < 16) {
            return Disassembler.name(slot, 8);
        }
        return slot < X86Cpu.T0
                ? SEGMENT_BASES[slot - X86Cpu.SEGMENT_BASE]
                : "t" + (slot - X86Cpu.T0);
    }

    /// Ends a block before the bytes that only follow the listed ones.
    private static void cut(Tb tb, long end) {
        for (MicroOp op = tb.head.next; op != null; op = op.next) {
            if (op.next != null && op.next.pc == end && !(op.next instanceof Jump)) {
                Jump onwards = new Jump(op.pc, end, true);
                onwards.index = op.index;
                op.next = onwards;
            }
        }
    }

    // ---- a processor for it

    private static X86Cpu processor(byte[] code, long base, Mode mode, Arena arena)
            throws RamUnavailableException {
        MachineLock lock = new MachineLock();
        AddressSpace memory = new AddressSpace(lock);
        long firstPage = base & -PAGE;
        long bytes = (base - firstPage + code.length + 2L * PAGE - 1) / PAGE * PAGE;
        RamBlock block = RamBlock.allocate("code", bytes, RamAllocator.OFF_HEAP, arena);
        MemorySegment ram = block.bytes();
        ram.fill(HLT);
        MemorySegment.copy(code, 0, ram, ValueLayout.JAVA_BYTE, base - firstPage, code.length);
        X86State state = new X86State();
        if (mode == Mode.BITS64) {
            Tables tables = new Tables(bytes, arena);
            memory.mapRam(0, tables.block);
            memory.mapRam(tables.codeGpa(), block);
            tables.map(firstPage, bytes);
            enter64(state);
        } else {
            memory.mapRam(firstPage, block);
            enterFlat(state, mode == Mode.BITS32 ? Segment.DB : 0);
        }
        X86Cpu cpu =
                new X86Cpu(
                        CpuModel.of("max"),
                        memory,
                        new PortBus(lock),
                        new VirtualClock(() -> 0, lock),
                        InterruptSource.NONE,
                        arena);
        cpu.load(state);
        return cpu;
    }

    private static void enterFlat(X86State state, int width) {
        state.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_MP;
        state.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
        state.xcr0 = 7;
        int data = Segment.P | Segment.S | Segment.DB | Segment.G | 3;
        for (Segment segment : state.segments) {
            segment.set(16, 0, -1, data);
        }
        state.segments[CS].set(8, 0, -1, Segment.P | Segment.S | width | Segment.G | 0xb);
    }

    private static void enter64(X86State state) {
        enterFlat(state, Segment.L);
        state.cr0 |= CR0_PG;
        state.cr3 = Tables.ROOT;
        state.cr4 |= CR4_PAE;
        state.efer = EFER_LME | EFER_LMA;
    }

    /// Page tables that map the code at its address; the code itself follows them in guest-physical memory.
    private static final class Tables {
        static final long ROOT = 0;
        private static final int ENTRIES = 512;

        private final RamBlock block;
        private long free = PAGE;

        Tables(long mapped, Arena arena) throws RamUnavailableException {
            // Two chains of upper tables at most: the code may straddle what one covers.
            long pages = 6 + 2 + mapped / PAGE / ENTRIES;
            block = RamBlock.allocate("tables", pages * PAGE, RamAllocator.OFF_HEAP, arena);
            block.bytes().fill((byte) 0);
        }

        long codeGpa() {
            return block.length();
        }

        void map(long address, long bytes) {
            for (long offset = 0; offset < bytes; offset += PAGE) {
                long table = ROOT;
                for (int level = 3; level > 0; level--) {
                    table = below(table, index(address + offset, level));
                }
                put(table, index(address + offset, 0), codeGpa() + offset);
            }
        }

        private static int index(long address, int level) {
            return (int) (address >>> 12 + 9 * level) & ENTRIES - 1;
        }

        private long below(long table, int index) {
            long entry = block.bytes().get(ValueLayout.JAVA_LONG, table + 8L * index);
            if (entry == 0) {
                put(table, index, free);
                free += PAGE;
                return free - PAGE;
            }
            return entry & -PAGE;
        }

        private void put(long table, int index, long gpa) {
            block.bytes()
                    .set(ValueLayout.JAVA_LONG, table + 8L * index, gpa | PRESENT_AND_WRITABLE);
        }
    }
}
