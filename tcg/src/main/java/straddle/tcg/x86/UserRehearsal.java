package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;
import straddle.core.vcpu.Rehearsal;
import straddle.tcg.GuestFault;
import straddle.tcg.StoreLog;
import straddle.tcg.mmu.Raw;

/// Interprets user code ahead of the processor that is going to run it.
///
/// Memory is compared in pages that the rehearsal stored to: a store of the other engine's elsewhere stays unseen.
final class UserRehearsal implements Rehearsal {
    private static final int PAGE_BYTES = 4096;
    private static final int MOST_LISTED = 200;
    private static final int CODE_BYTES = 15;
    private static final int WORD_BYTES = 8;

    private static final int CF = 1;
    private static final int PF = 1 << 2;
    private static final int AF = 1 << 4;
    private static final int ZF = 1 << 6;
    private static final int SF = 1 << 7;
    private static final int OF = 1 << 11;
    private static final int ALL = CF | PF | AF | ZF | SF | OF;

    /// What has another result each time, or leaves user code, or is about the processor or its descriptor tables.
    private static final Set<Op> UNREPEATABLE =
            EnumSet.of(
                    Op.RDTSC,
                    Op.RDTSCP,
                    Op.RDPMC,
                    Op.RDRAND,
                    Op.RDSEED,
                    Op.CPUID,
                    Op.XGETBV,
                    Op.SYSCALL,
                    Op.SYSENTER,
                    Op.INT,
                    Op.INT1,
                    Op.INT3,
                    Op.INTO,
                    Op.BOUND,
                    Op.IRET,
                    Op.CALLF,
                    Op.JMPF,
                    Op.RETF,
                    Op.MOVTOSEG,
                    Op.LES,
                    Op.LDS,
                    Op.LSS,
                    Op.LFS,
                    Op.LGS,
                    Op.LAR,
                    Op.LSL,
                    Op.VERR,
                    Op.VERW,
                    Op.SGDT,
                    Op.SIDT,
                    Op.SLDT,
                    Op.STR,
                    Op.SMSW,
                    Op.POPF,
                    Op.XSAVE,
                    Op.XSAVEC,
                    Op.XSAVEOPT,
                    Op.XSAVES,
                    Op.XRSTOR,
                    Op.XRSTORS,
                    Op.FXSAVE,
                    Op.IN,
                    Op.OUT,
                    Op.INSB,
                    Op.INSW,
                    Op.OUTSB,
                    Op.OUTSW,
                    Op.HLT);

    private static final Set<Operand> SEGMENTS =
            EnumSet.of(Operand.ES, Operand.SS, Operand.DS, Operand.FS, Operand.GS);

    private final X86Cpu cpu;
    private final Replay replay;
    private final StoreLog stores;
    private final Decoder decoder = new Decoder();
    private final X86State foreseen = new X86State();
    private final X86State found = new X86State();

    /// Program counters, in the order of their first visit.
    private final Set<Long> visited = new LinkedHashSet<>();

    /// The words that were stored to so far, by host address.
    private final Set<Long> stored = new HashSet<>();

    private int storesNoted;

    /// What the pages that were stored to hold in the end, by host address.
    private final Map<Long, byte[]> pages = new TreeMap<>();

    private Obstacle obstacle;
    private long steps;
    private long undefinedNow;
    private long instructions;
    private long end;
    private long undefined;

    UserRehearsal(X86Cpu cpu, Replay replay, StoreLog stores) {
        this.cpu = cpu;
        this.replay = replay;
        this.stores = stores;
    }

    @Override
    public long instructions() {
        return instructions;
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public Obstacle rehearse(int most) {
        visited.clear();
        stored.clear();
        storesNoted = 0;
        pages.clear();
        instructions = 0;
        long retired = cpu.retired;
        long retiredInRegions = cpu.retiredInRegions;
        cpu.rehearse(stores);
        replay.begin();
        try {
            interpret(most);
            boolean between = obstacle == Obstacle.NONE || obstacle == Obstacle.UNREPEATABLE;
            if (instructions > 0 && (instructions != steps || !between)) {
                replay.rewind();
                interpretTo(end, most);
            }
            keepPages();
        } finally {
            replay.saveEnd(foreseen);
            replay.rewind();
            replay.finish();
            cpu.rehearse(null);
            cpu.retired = retired;
            cpu.retiredInRegions = retiredInRegions;
        }
        dropCode();
        if (instructions > 0) {
            return Obstacle.NONE;
        }
        return obstacle == Obstacle.NONE ? Obstacle.LOOP : obstacle;
    }

    private void interpret(int most) {
        obstacle = Obstacle.NONE;
        undefinedNow = 0;
        visited.add(cpu.pc);
        try {
            for (steps = 0; steps < most && isRepeatable(); steps++) {
                replay.interpretOne();
                if (visited.add(cpu.pc)) {
                    if (isStored(cpu.pc)) {
                        obstacle = Obstacle.OWN_CODE;
                        return;
                    }
                    instructions = steps + 1;
                    end = cpu.pc;
                    undefined = undefinedNow;
                }
            }
        } catch (GuestFault fault) {
            obstacle = fault == GuestFault.RETRY_ALONE ? Obstacle.DEVICE : Obstacle.EXCEPTION;
        }
    }

    /// Whether code was stored on the way to it: so would what the other engine is to stop at there be overwritten.
    private boolean isStored(long pc) {
        stores.addresses(storesNoted, hva -> stored.add(hva & -WORD_BYTES));
        storesNoted = stores.size();
        long gpa = cpu.fetchAddress(linear(pc));
        return cpu.memory.at(gpa) instanceof Region.Ram ram
                && stored.contains(ram.hva(gpa) & -WORD_BYTES);
    }

    private void interpretTo(long pc, int most) {
        for (int i = 0; i < most && (i == 0 || cpu.pc != pc); i++) {
            replay.interpretOne();
        }
        if (cpu.pc != pc) {
            instructions = 0;
        }
    }

    private boolean isRepeatable() {
        long pc = cpu.pc;
        Insn insn = decoder.decode(offset -> byteAt(pc + offset), cpu.codeBits());
        if (insn.row == null || UNREPEATABLE.contains(insn.op) || loadsSegment(insn)) {
            obstacle = Obstacle.UNREPEATABLE;
            return false;
        }
        noteFlags(insn);
        return true;
    }

    private static boolean loadsSegment(Insn insn) {
        return insn.op == Op.POP && SEGMENTS.contains(insn.row.operands().getFirst());
    }

    private int byteAt(long pc) {
        long gpa = cpu.fetchAddress(linear(pc));
        return (int) cpu.memory.read(gpa, 1) & 0xff;
    }

    private long linear(long pc) {
        return pc + cpu.fetchBase() & cpu.addressMask();
    }

    // ---- flags

    /// Which flags an instruction leaves undefined, and which defined (SDM volume 1, appendix A).
    private void noteFlags(Insn insn) {
        switch (insn.op) {
            case ADD,
                    ADC,
                    SUB,
                    SBB,
                    CMP,
                    NEG,
                    XADD,
                    CMPXCHG,
                    SAHF,
                    POPCNT,
                    PTEST,
                    COMISS,
                    COMISD,
                    UCOMISS,
                    UCOMISD,
                    CMPSB,
                    CMPSW,
                    SCASB,
                    SCASW ->
                    flags(ALL, 0);
            case INC, DEC -> flags(ALL & ~CF, 0);
            case AND, OR, XOR, TEST -> flags(ALL & ~AF, AF);
            case MUL, IMUL -> flags(CF | OF, SF | ZF | AF | PF);
            case DIV, IDIV -> flags(0, ALL);
            case SHL, SHR, SAR -> flags(0, OF | AF);
            case SHLD, SHRD -> flags(0, OF | AF);
            case ROL, ROR, RCL, RCR -> flags(0, OF);
            case BSF, BSR -> flags(ZF, CF | OF | SF | AF | PF);
            case TZCNT, LZCNT -> flags(ZF | CF, OF | SF | AF | PF);
            case BT, BTS, BTR, BTC -> flags(CF, OF | SF | AF | PF);
            case CLC, STC -> flags(CF, 0);
            default -> {
                if (insn.vex && !insn.row.operands().isEmpty()) {
                    // ANDN, BEXTR and their kin; vector instructions change no flags.
                    flags(0, AF | PF);
                }
            }
        }
    }

    private void flags(int defined, int notDefined) {
        undefinedNow = undefinedNow & ~defined | notDefined;
    }

    // ---- memory

    private void keepPages() {
        stores.addresses(
                0, hva -> pages.computeIfAbsent(hva & -PAGE_BYTES, UserRehearsal::copyOfPage));
    }

    private static byte[] copyOfPage(long hva) {
        byte[] bytes = new byte[PAGE_BYTES];
        for (int i = 0; i < PAGE_BYTES; i++) {
            bytes[i] = Raw.getByte(hva + i);
        }
        return bytes;
    }

    /// What was translated from pages whose content has been taken back since.
    private void dropCode() {
        for (long hva : pages.keySet()) {
            for (Region region : cpu.memory.regions()) {
                if (region instanceof Region.Ram ram && holds(ram, hva)) {
                    long gpa = ram.gpa() + hva - ram.hva(ram.gpa());
                    long offset = gpa - ram.gpa() + ram.offset();
                    if ((ram.block().dirty().readersAt(offset) & DirtyPages.CODE) != 0) {
                        cpu.memory.noteWritten(ram, gpa, PAGE_BYTES);
                    }
                }
            }
        }
    }

    private static boolean holds(Region.Ram ram, long hva) {
        long start = ram.hva(ram.gpa());
        return hva >= start && hva - start < ram.length();
    }

    // ---- comparing

    @Override
    public String difference() {
        cpu.save(found);
        StringJoiner differences = new StringJoiner(", ");
        for (int i = 0; i < 16; i++) {
            compare(differences, Disassembler.name(i, 8), foreseen.gpr[i], found.gpr[i]);
        }
        compare(differences, "rip", foreseen.rip, found.rip);
        long flags = ~(undefined | RFLAGS_RF);
        compare(differences, "rflags", foreseen.rflags & flags, found.rflags & flags);
        compare(differences, "fs", foreseen.segments[FS].base, found.segments[FS].base);
        compare(differences, "gs", foreseen.segments[GS].base, found.segments[GS].base);
        compareExtended(differences);
        pages.forEach((hva, bytes) -> comparePage(differences, hva, bytes));
        return differences.toString();
    }

    private static void compare(StringJoiner to, String name, long foreseen, long found) {
        if (foreseen != found) {
            to.add("%s (interpreted %x, natively %x)".formatted(name, foreseen, found));
        }
    }

    /// What processors save of an x87 instruction's place differs between makers (SDM volume 1, 8.1.8).
    private void compareExtended(StringJoiner to) {
        compareBytes(to, "x87 control", 0, 5);
        compareBytes(to, "mxcsr", 24, 4);
        for (int i = 0; i < 8; i++) {
            compareBytes(to, "st" + i, 32 + 16 * i, 10);
        }
        for (int i = 0; i < 16; i++) {
            compareBytes(to, "xmm" + i, 160 + 16 * i, 16);
        }
        if ((foreseen.xcr0 & XsaveLayout.AVX) != 0) {
            for (int i = 0; i < 16; i++) {
                compareBytes(to, "ymm" + i, 576 + 16 * i, 16);
            }
        }
    }

    private void compareBytes(StringJoiner to, String name, int at, int count) {
        int end = at + count;
        if (java.util.Arrays.mismatch(foreseen.xsave, at, end, found.xsave, at, end) >= 0) {
            to.add(name);
        }
    }

    private void comparePage(StringJoiner to, long hva, byte[] bytes) {
        for (int i = 0; i < PAGE_BYTES; i++) {
            byte there = Raw.getByte(hva + i);
            if (there != bytes[i]) {
                to.add(
                        "memory at byte %x of a page (interpreted %x, natively %x)"
                                .formatted(i, bytes[i] & 0xff, there & 0xff));
                return;
            }
        }
    }

    @Override
    public String report() {
        StringBuilder text = new StringBuilder();
        text.append("%,d instructions from 0x%x on\n".formatted(instructions, replay.start().rip));
        text.append("\n-- before\n").append(replay.start());
        text.append("\n-- as interpreted\n").append(foreseen);
        text.append("\n-- as the processor left it\n").append(found);
        text.append("\n-- instructions, by their first visit\n");
        Disassembler disassembler = new Disassembler();
        visited.stream()
                .limit(MOST_LISTED)
                .forEach(pc ->
                        text.append(
                                "%8x:  %s\n"
                                        .formatted(
                                                pc,
                                                disassembler
                                                        .at(code(pc), 0, cpu.codeBits(), pc)
                                                        .text())));
        return text.toString();
    }

    private byte[] code(long pc) {
        byte[] code = new byte[CODE_BYTES];
        try {
            for (int i = 0; i < code.length; i++) {
                code[i] = (byte) byteAt(pc + i);
            }
        } catch (GuestFault fault) {
            // The page after it is not there: what is missing reads as zeros.
            cpu.forgetFetch();
        }
        return code;
    }
}
