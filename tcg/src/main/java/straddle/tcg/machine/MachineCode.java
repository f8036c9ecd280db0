package straddle.tcg.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import straddle.core.memory.HostCode;
import straddle.core.vcpu.Statistics;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.Sampler;
import straddle.tcg.block.CodeCheck;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Flags;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.RegionRuntime;
import straddle.tcg.simd.FpCpu;

/// One vCPU's blocks as the host's machine code, and the way into it and back: the tier between the interpreter and
/// [straddle.tcg.region.Regions].
///
/// A block costs some microseconds to compile, where HotSpot takes milliseconds, so that code that is only warm need not
/// be interpreted. Compiled blocks go on to each other directly. They come back to Java for what they can't do, and
/// after [#STRETCH] instructions, as no garbage can be collected while they run.
///
/// Used by the vCPU's thread alone.
public final class MachineCode {
    /// How many entries of a block are interpreted before it is compiled.
    public static final int WARM = Math.max(1, Integer.getInteger("straddle.tcg.warm", 30));

    /// Guest instructions between two looks at the JVM's wishes: about 100 µs. More than a block has.
    private static final int STRETCH =
            Math.max(512, Integer.getInteger("straddle.tcg.stretch", 50_000));

    private static final long CODE_BYTES = 32L << 20;

    /// More than any block needs.
    private static final int MOST_BLOCK_BYTES = 256 << 10;

    private static final int MAX_ATTEMPTS = 40;

    /// Code whose place was written this often after it had been compiled waits longer for it the next time: as long as that
    /// a guest which writes its code again and again spends little of its time on it.
    private static final int MAX_DROPS = 50;

    private static final int PATIENCE = 5_000;

    /// So many looks at the JVM's wishes in a block make it worth compiling as a loop.
    private static final int SAMPLES_OF_A_LOOP =
            Math.max(1, Integer.getInteger("straddle.tcg.loop", 3));

    /// What HotSpot has instructions for, and this not, is worth its time when it is called so often.
    private static final int CALLS_WORTH_A_REGION = 5_000;

    /// MXCSR as HotSpot has it: all exceptions masked, round to nearest.
    private static final int JAVA_FLOAT_CONTROL = 0x1f80;

    /// FMA, OSXSAVE and AVX in CPUID.01H:ECX.
    private static final int CPUID_FUSED = 1 << 12 | 1 << 27 | 1 << 28;

    /// BMI2 in CPUID.07H:EBX.
    private static final int CPUID_BMI2 = 1 << 8;

    /// SSE and AVX state in XCR0.
    private static final int XCR0_AVX = 6;

    /// Tells keys of global pages from others.
    private static final long GLOBAL = 1L << 31;

    private final Cpu cpu;
    private final HostCode host;
    private final int zeroSlot;
    private final int stackSlot;

    /// The slots that need not be stored behind the instruction that writes them.
    final BitSet temporaries = new BitSet();

    /// The slots that always hold a zero-extended word.
    final BitSet words = new BitSet();

    private final MemorySegment registers;
    private final MemorySegment vectors;

    /// The [Frame]: not of an arena that is closed, as other threads ask for attention in it at any time.
    private final MemorySegment shared;

    /// Where RBP points.
    private final long frame;

    private final long code;
    private final long entrance;
    private final MemorySegment entranceSegment;
    private final long suspend;
    private final long restore;
    private final long leave;
    private final long eager;
    private final long findForLoad;
    private final long findForStore;
    private final boolean fuses;
    private final boolean bmi2;
    private int constants;
    private final long firstBlock;
    private final long end;
    private long position;

    private Exit[] exits = new Exit[1024];
    private int exitCount;
    private int nextSite;
    private final List<MachineBlock> blocks = new ArrayList<>();
    private final Map<Long, Integer> modes = new HashMap<>();

    /// How often what was compiled of a guest-physical address was dropped because it had been written, since the last flush.
    private final Map<Long, Integer> drops = new HashMap<>();

    private long lastMode;
    private int lastModeNumber = -1;
    private long otherMode;
    private int otherModeNumber = -1;
    private long compiled;
    private long loops;
    private long compileNanos;
    private long codeBytes;
    private long flushes;
    private long flushNanos;
    private CodeCheck check;
    private int stretch = STRETCH;
    private long retired;
    private final long[] returns = new long[Exit.Kind.values().length];

    /// @param arena what it needs lives as long as that is open
    public MachineCode(Cpu cpu, HostCode host, int zeroSlot, Arena arena) {
        this(cpu, host, zeroSlot, arena, CODE_BYTES);
    }

    /// @param codeBytes when so much is full, all blocks are compiled anew
    public MachineCode(Cpu cpu, HostCode host, int zeroSlot, Arena arena, long codeBytes) {
        this.cpu = cpu;
        this.host = host;
        this.zeroSlot = zeroSlot;
        stackSlot = cpu.stackSlot();
        cpu.addTemporaries(temporaries);
        cpu.addWords(words);
        registers = MemorySegment.ofArray(cpu.r);
        vectors = MemorySegment.ofArray(cpu.vectors);
        shared = Arena.ofAuto().allocate(Frame.BYTES, 64);
        shared.fill((byte) 0);
        frame = shared.address() + Frame.BIAS;
        Raw.putInt(frame + Frame.JAVA_CONTROL, JAVA_FLOAT_CONTROL);
        code = host.allocate(codeBytes, arena);
        end = code + codeBytes;
        Assembler asm = new Assembler(code);
        entrance = code;
        enter(asm);
        leave = asm.here();
        leave(asm);
        suspend = asm.here();
        suspend(asm);
        restore = asm.here();
        restore(asm);
        eager = asm.here();
        EagerFlags.write(asm);
        findForLoad = asm.here();
        findVictim(asm, Tlb.READ);
        findForStore = asm.here();
        findVictim(asm, Tlb.WRITE);
        asm.align(64);
        write(code, asm.bytes());
        position = asm.here();
        firstBlock = position;
        entranceSegment = MemorySegment.ofAddress(entrance);
        fuses = findFusedMultiply();
        bmi2 = fuses && findBmi2();
        forgetAllJumps();
        cpu.mirrorAttention(frame + Frame.KICK);
    }

    /// The host's, unless system properties forbid it: `straddle.tcg.machine=false` does, and so does
    /// `straddle.tcg.interpret=true`. It takes some time to find.
    public static Optional<HostCode> ofHost() {
        boolean isWanted =
                !"false".equals(System.getProperty("straddle.tcg.machine"))
                        && !Boolean.getBoolean("straddle.tcg.interpret");
        return isWanted ? HostCode.ofHost() : Optional.empty();
    }

    // ---- routines

    private static final int[] KEPT = {
        Assembler.RBX, Assembler.RBP, Assembler.R12, Assembler.R13, Assembler.R14, Assembler.R15
    };

    private static void enter(Assembler asm) {
        for (int register : KEPT) {
            asm.push(register);
        }
        asm.move(Assembler.RBX, Assembler.RDI);
        asm.move(Assembler.RBP, Assembler.RDX);
        asm.store(Assembler.RBP, Frame.VECTORS, Assembler.RSI);
        asm.load(Assembler.R14, Assembler.RBP, Frame.TLB);
        asm.jumpMemory(Assembler.RBP, Frame.TARGET);
    }

    private static void leave(Assembler asm) {
        asm.testMemoryConstant(Assembler.RBP, Frame.PROMISES, Frame.FLOAT_CONTROL_LOADED);
        int loaded = asm.jumpIf(Assembler.CC_NE);
        long javas = asm.here();
        for (int i = KEPT.length - 1; i >= 0; i--) {
            asm.pop(KEPT[i]);
        }
        asm.ret();
        asm.patchHere(loaded);
        asm.storeFloatControl(Assembler.RBP, Frame.FLOAT_CONTROL);
        asm.loadFloatControl(Assembler.RBP, Frame.JAVA_CONTROL);
        asm.jumpTo(javas);
    }

    private void suspend(Assembler asm) {
        asm.pop(Assembler.RCX);
        asm.store(Assembler.RBP, Frame.RESUME, Assembler.RCX);
        for (int i = 0; i < HostState.POOL.length; i++) {
            asm.store(Assembler.RBP, Frame.REGISTERS + 8 * i, HostState.POOL[i]);
        }
        for (int i = 0; i < HostState.VECTOR_POOL.length; i++) {
            long place = Frame.XMM_REGISTERS + 16L * i;
            asm.storeVector(Assembler.RBP, place, HostState.VECTOR_POOL[i]);
        }
        asm.jumpTo(leave);
    }

    private static void restore(Assembler asm) {
        for (int i = 0; i < HostState.POOL.length; i++) {
            asm.load(HostState.POOL[i], Assembler.RBP, Frame.REGISTERS + 8 * i);
        }
        for (int i = 0; i < HostState.VECTOR_POOL.length; i++) {
            long place = Frame.XMM_REGISTERS + 16L * i;
            asm.loadVector(HostState.VECTOR_POOL[i], Assembler.RBP, place);
        }
        asm.testMemoryConstant(Assembler.RBP, Frame.PROMISES, Frame.FLOAT_CONTROL_LOADED);
        int loaded = asm.jumpIf(Assembler.CC_NE);
        long guests = asm.here();
        asm.jumpMemory(Assembler.RBP, Frame.RESUME);
        asm.patchHere(loaded);
        asm.loadFloatControl(Assembler.RBP, Frame.FLOAT_CONTROL);
        asm.jumpTo(guests);
    }

    /// Asks the processor for FMA and AVX, and whether the system saves the registers for them (SDM volume 1, 14.3).
    private boolean findFusedMultiply() {
        long found =
                ask(asm -> {
                    asm.constant(Assembler.RAX, 1);
                    asm.cpuid();
                    asm.move32(Assembler.RAX, Assembler.RCX);
                    asm.arithmeticConstant(Assembler.AND, false, Assembler.RAX, CPUID_FUSED);
                    asm.arithmeticConstant(Assembler.CMP, false, Assembler.RAX, CPUID_FUSED);
                    asm.constant(Assembler.RAX, 0);
                    int lacking = asm.jumpIf(Assembler.CC_NE);
                    asm.constant(Assembler.RCX, 0);
                    asm.extendedControl();
                    asm.patchHere(lacking);
                });
        return (found & XCR0_AVX) == XCR0_AVX;
    }

    /// Asks a processor that has FMA for BMI2.
    private boolean findBmi2() {
        long found =
                ask(asm -> {
                    asm.constant(Assembler.RAX, 7);
                    asm.constant(Assembler.RCX, 0);
                    asm.cpuid();
                    asm.move32(Assembler.RAX, Assembler.RBX);
                });
        return (found & CPUID_BMI2) != 0;
    }

    /// What instructions leave in RAX.
    private long ask(Consumer<Assembler> question) {
        Assembler asm = new Assembler(position);
        asm.push(Assembler.RBX);
        question.accept(asm);
        asm.pop(Assembler.RBX);
        asm.ret();
        write(position, asm.bytes());
        return host.call(MemorySegment.ofAddress(position), registers, vectors, frame);
    }

    /// Where a constant of 16 bytes is in the frame, or -1 if there are too many.
    int constant(long low, long high) {
        int place = Frame.CONSTANTS;
        for (int i = 0; i < constants; i++, place += 16) {
            if (Raw.getLong(frame + place) == low && Raw.getLong(frame + place + 8) == high) {
                return place;
            }
        }
        if (constants == Frame.MOST_CONSTANTS) {
            return -1;
        }
        constants++;
        Raw.putLong(frame + place, low);
        Raw.putLong(frame + place + 8, high);
        return place;
    }

    /// Whether a guest's vectors compute as its scalars do.
    boolean hasOneFloatUnit() {
        return cpu instanceof FpCpu floats && floats.vector == floats.fp;
    }

    /// Whether the host multiplies and adds in one operation.
    boolean hasFusedMultiply() {
        return fuses;
    }

    /// Whether the host has instructions that rotate and shift from one register to another.
    boolean hasBmi2() {
        return bmi2;
    }

    /// Has a victim and an entry change places if the victim knows a page.
    private static void findVictim(Assembler asm, int tag) {
        asm.arithmetic(Assembler.XOR, true, Assembler.RAX, Assembler.RDX);
        asm.arithmeticConstant(Assembler.AND, true, Assembler.RAX, -4096);
        int crosses = asm.jumpIf(Assembler.CC_NE);
        int[] found = new int[Tlb.VICTIMS];
        for (int i = 0; i < found.length; i++) {
            int victim = Tlb.FIRST_VICTIM + i * Tlb.VICTIM_BYTES;
            asm.address(Assembler.RAX, Assembler.R14, victim);
            asm.arithmeticMemoryCompare(Assembler.RDX, Assembler.RAX, tag);
            found[i] = asm.jumpIf(Assembler.CC_E);
        }
        asm.test(true, Assembler.R14, Assembler.R14); // not 0
        asm.patchHere(crosses);
        asm.ret();
        for (int each : found) {
            asm.patchHere(each);
        }
        for (long half = 0; half < Tlb.VICTIM_BYTES; half += 16) {
            asm.loadVector(0, Assembler.RAX, half);
            asm.loadVector(1, Assembler.RCX, half);
            asm.storeVector(Assembler.RCX, half, 0);
            asm.storeVector(Assembler.RAX, half, 1);
        }
        asm.arithmetic(Assembler.CMP, true, Assembler.RAX, Assembler.RAX);
        asm.ret();
    }

    /// What code calls where an entry of the TLB knows another page, with the address of the access in RAX, that of the
    /// entry in RCX, and the page of the last byte in RDX: the entry knows the page now if the zero flag says so.
    long findAddress(int tag) {
        return tag == Tlb.READ ? findForLoad : findForStore;
    }

    /// Where code goes that leaves for good, with its exit's number in RAX.
    long exitAddress() {
        return leave;
    }

    /// What code calls that leaves for a moment.
    long suspendAddress() {
        return suspend;
    }

    /// What code calls to have the flags that memory has, as bits, in RAX.
    long eagerAddress() {
        return eager;
    }

    /// Where, behind the TLB's address, an access may keep the page that it went to last.
    int site(int tag) {
        int number = nextSite++;
        return tag == Tlb.READ ? Tlb.loadSite(number) : Tlb.storeSite(number);
    }

    /// Where accesses whose address comes of the stack pointer keep the page that one went to last.
    static int stackSite(int tag) {
        return tag == Tlb.READ ? Tlb.STACK_LOAD_SITE : Tlb.STACK_STORE_SITE;
    }

    int stackSlot() {
        return stackSlot;
    }

    /// Whether code may read the guest's time-stamp counter: not where what it reads must be known later.
    boolean hasCounter() {
        return cpu.countsAsHost() && !isChecked();
    }

    boolean isShared() {
        return cpu.isShared();
    }

    private static void write(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            Raw.putByte(address + i, bytes[i]);
        }
    }

    // ---- compiling

    int number(Exit exit) {
        if (exitCount == exits.length) {
            exits = Arrays.copyOf(exits, 2 * exitCount);
        }
        exits[exitCount] = exit;
        return exitCount++;
    }

    /// A block has become warm: compiles it, unless its place is written all the time.
    public void warm(Tb tb) {
        if (drops.getOrDefault(tb.gpa, 0) >= MAX_DROPS && !tb.head.wasMachinePostponed()) {
            tb.head.postponeMachine(PATIENCE);
        } else {
            compile(tb);
        }
    }

    /// Compiles a block.
    public void compile(Tb tb) {
        compile(new Plan(tb, false));
    }

    private void compile(Plan plan) {
        long start = System.nanoTime();
        if (position + MOST_BLOCK_BYTES > end) {
            clear();
        }
        boolean wasLoop = plan.followsLoop;
        for (int attempt = 0; attempt < MAX_ATTEMPTS && plan.followsLoop == wasLoop; attempt++) {
            int exitsBefore = exitCount;
            int sitesBefore = cpu.sites.get();
            nextSite = sitesBefore;
            Assembler asm = new Assembler(position);
            if (new MachineEmitter(this, asm, plan, zeroSlot).emit()) {
                cpu.sites.addAndGet(nextSite - sitesBefore);
                install(plan, asm);
                break;
            }
            exitCount = exitsBefore;
        }
        compileNanos += System.nanoTime() - start;
    }

    private void install(Plan plan, Assembler asm) {
        Tb tb = plan.tb;
        MachineBlock made = new MachineBlock(this, tb, position);
        write(position, asm.bytes());
        codeBytes += asm.size();
        position += asm.size() + 15 & -16;
        blocks.add(made);
        if (plan.followsLoop) {
            made.isLoop = true;
            if (tb.machine != null) {
                tb.machine.unlink();
            }
            tb.onInvalidate(() -> drop(made));
            for (Tb member : plan.members) {
                member.onInvalidate(() -> drop(made));
            }
            loops++;
        } else {
            compiled++;
        }
        tb.machine = made;
    }

    /// Forgets a loop part of which is no longer valid. The code may be on the way, and has to leave soon.
    private void drop(MachineBlock loop) {
        if (loop.tb.machine == loop) {
            loop.unlink();
            loop.tb.machine = null;
            loop.tb.head.coolMachine();
            noteDrop(loop.tb);
        }
        Raw.putInt(frame + Frame.KICK, 1);
    }

    /// A block that has machine code, or is part of some, is no longer valid.
    void noteDrop(Tb tb) {
        if (!cpu.tbs.isForgetting()) {
            drops.merge(tb.gpa, 1, Integer::sum);
        }
    }

    /// A block was running when the time was up: where that happens again and again, the loop that it is part of is
    /// compiled as a whole.
    private void sample(Exit exit) {
        MachineBlock block = exit.tb.machine;
        if (!exit.isInLoop
                && block != null
                && !block.isLoop
                && ++block.samples == SAMPLES_OF_A_LOOP) {
            compile(new Plan(exit.tb, true));
        }
    }

    private void clear() {
        long start = System.nanoTime();
        for (MachineBlock block : blocks) {
            if (block.tb.machine == block) {
                block.tb.machine = null;
                block.tb.head.coolMachine();
            }
        }
        blocks.clear();
        drops.clear();
        Arrays.fill(exits, 0, exitCount, null);
        exitCount = 0;
        position = firstBlock;
        forgetAllJumps();
        flushes++;
        flushNanos += System.nanoTime() - start;
    }

    /// Has a jump's instruction go to an address.
    void patch(Exit jump, long target) {
        Raw.putInt(jump.jumpEnd - 4, (int) (target - jump.jumpEnd));
    }

    // ---- indirect jumps

    private void forgetAllJumps() {
        long start = frame + Frame.JUMPS;
        Raw.fill(start, (long) Frame.JUMP_ENTRIES << Frame.JUMP_SHIFT, (byte) -1);
    }

    void forgetJumps(MachineBlock to) {
        long entry = frame + Frame.jump(to.tb.pc);
        forgetJump(entry, to);
        forgetJump(frame + Frame.secondJump(to.tb.pc), to);
    }

    private static void forgetJump(long entry, MachineBlock to) {
        if (Raw.getLong(entry + Frame.JUMP_TARGET) == to.entry) {
            Raw.putLong(entry + Frame.JUMP_KEY, -1);
        }
    }

    private void rememberJump(Exit from, MachineBlock to) {
        long entry = frame + Frame.jump(to.tb.pc);
        long second = frame + Frame.secondJump(to.tb.pc);
        if (isAtHome(entry) && !isAtHome(second)) {
            for (int field = 0; field < Frame.JUMP_KEPT; field += 8) {
                Raw.putLong(second + field, Raw.getLong(entry + field));
            }
        }
        Raw.putLong(entry + Frame.JUMP_PC, to.tb.pc);
        int key = from.isGlobal ? Frame.GLOBAL_KEY : Frame.KEY;
        Raw.putLong(entry + Frame.JUMP_KEY, Raw.getLong(frame + key));
        Raw.putLong(entry + Frame.JUMP_TARGET, to.entry);
    }

    /// Whether an entry still holds, and for what is looked for there first: that is not displaced by something that only takes
    /// refuge, or two neighbours would push each other out again and again.
    private boolean isAtHome(long entry) {
        long key = Raw.getLong(entry + Frame.JUMP_KEY);
        return (key == Raw.getLong(frame + Frame.GLOBAL_KEY)
                        || key == Raw.getLong(frame + Frame.KEY)
                        || key == Raw.getLong(frame + Frame.OTHER_GLOBAL_KEY)
                        || key == Raw.getLong(frame + Frame.OTHER_KEY))
                && frame + Frame.jump(Raw.getLong(entry + Frame.JUMP_PC)) == entry;
    }

    /// A program and its kernel take turns: two numbers are known without looking them up.
    private int number(long mode) {
        if (mode == lastMode && lastModeNumber >= 0) {
            return lastModeNumber;
        }
        if (mode == otherMode && otherModeNumber >= 0) {
            return otherModeNumber;
        }
        otherMode = lastMode;
        otherModeNumber = lastModeNumber;
        lastMode = mode;
        lastModeNumber = modes.computeIfAbsent(mode, _ -> modes.size());
        return lastModeNumber;
    }

    private long key(int mode) {
        return (long) cpu.epoch << 32 | mode;
    }

    private long globalKey(int mode) {
        return (long) cpu.globalEpoch << 32 | mode | GLOBAL;
    }

    // ---- running

    private void bringState() {
        Cpu c = cpu;
        long f = frame;
        Raw.putInt(f + Frame.FLAG_KIND, c.flagKind);
        Raw.putLong(f + Frame.FLAG_RESULT, c.flagResult);
        Raw.putLong(f + Frame.FLAG_A, c.flagA);
        Raw.putLong(f + Frame.FLAG_B, c.flagB);
        Raw.putLong(f + Frame.TLB, c.tlb);
        int promises = c.promises();
        Raw.putInt(f + Frame.PROMISES, promises);
        if ((promises & Cpu.PROMISE_FLOATS) != 0) {
            Raw.putInt(f + Frame.FLOAT_CONTROL, c.floatControl());
        }
        Raw.putInt(f + Frame.EPOCH, c.epoch);
        Raw.putInt(f + Frame.GLOBAL_EPOCH, c.globalEpoch);
        int mode = number(c.modeKey());
        Raw.putLong(f + Frame.KEY, key(mode));
        Raw.putLong(f + Frame.GLOBAL_KEY, globalKey(mode));
        if ((promises & Cpu.PROMISE_LEVELS) != 0) {
            int other = number(c.otherMode());
            Raw.putLong(f + Frame.OTHER_TLB, c.otherTlb());
            Raw.putLong(f + Frame.OTHER_KEY, key(other));
            Raw.putLong(f + Frame.OTHER_GLOBAL_KEY, globalKey(other));
        }
    }

    private void takeState() {
        Cpu c = cpu;
        long f = frame;
        c.setFlags(
                Raw.getInt(f + Frame.FLAG_KIND),
                Raw.getLong(f + Frame.FLAG_RESULT),
                Raw.getLong(f + Frame.FLAG_A),
                Raw.getLong(f + Frame.FLAG_B));
        c.tlb = Raw.getLong(f + Frame.TLB);
        c.codeLeft();
        if ((Raw.getInt(f + Frame.PROMISES) & Frame.FLOAT_CONTROL_LOADED) != 0) {
            c.floatControl(Raw.getInt(f + Frame.FLOAT_CONTROL));
        }
        int changed = Raw.getInt(f + Frame.LEVEL_CHANGED);
        if (changed != 0) {
            Raw.putInt(f + Frame.LEVEL_CHANGED, 0);
            c.levelChanged(changed);
        }
        long rotation = Raw.getLong(f + Frame.ROTATION);
        if (rotation != 0) {
            Raw.putLong(f + Frame.ROTATION, 0);
            long bits =
                    RegionRuntime.rotated(
                            c.flagKind,
                            c.flagResult,
                            c.flagA,
                            c.flagB,
                            Raw.getLong(f + Frame.ROTATED),
                            rotation);
            c.setFlags(Flags.EAGER, bits, 0, 0);
        }
    }

    /// Has runs checked from now on, each of which comes back after so many instructions, or a block if that has more.
    public void check(CodeCheck by, int instructions) {
        check = by;
        stretch = instructions;
    }

    /// Whether it must come to what the interpreter comes to, undefined flags included.
    boolean isChecked() {
        return check != null;
    }

    /// Runs from a block on; returns what to run next in Java, or null to leave the guest.
    public MicroOp run(MachineBlock block) {
        return check == null ? runFrom(block) : check.run(block, List.of(block.tb));
    }

    MicroOp runFrom(MachineBlock block) {
        long target = block.entry;
        long left = Math.max(stretch, block.tb.insns);
        Raw.putLong(frame + Frame.LEFT, left);
        bringState();
        while (true) {
            Raw.putLong(frame + Frame.TARGET, target);
            cpu.activity = Sampler.IN_MACHINE_CODE;
            Exit exit = exits[host.call(entranceSegment, registers, vectors, frame)];
            cpu.activity = Sampler.RUNNING;
            long after = Raw.getLong(frame + Frame.LEFT);
            cpu.retired += left - after;
            retired += left - after;
            left = after;
            takeState();
            cpu.current = exit.tb;
            returns[exit.kind.ordinal()]++;
            MicroOp next;
            switch (exit.kind) {
                case LOAD, STORE, FUNCTION, FUNCTION_OF_HALVES -> {
                    serve(exit);
                    target = restore;
                    continue;
                }
                case RUN -> {
                    next = serve(exit);
                    if (next == exit.op.next) {
                        target = restore;
                        continue;
                    }
                }
                case ATTEND -> {
                    Raw.putInt(frame + Frame.KICK, 0);
                    Raw.fullFence();
                    if (after < exit.tb.insns) {
                        sample(exit);
                        cpu.stretched();
                    }
                    if (!exit.tb.valid) {
                        cpu.pc = exit.tb.pc;
                        return cpu.lookup();
                    }
                    return exit.tb.head;
                }
                default -> next = serve(exit);
            }
            if (exit.hasBytecode && ++exit.calls % CALLS_WORTH_A_REGION == 0) {
                cpu.hot(exit.tb);
            }
            if (exit.kind == Exit.Kind.CALL && next == exit.op.next) {
                bringState();
                target = exit.resume;
                continue;
            }
            if (!(next instanceof BlockHead head) || head.tb().machine == null) {
                return next;
            }
            bringState();
            MachineBlock to = head.tb().machine;
            link(exit, to);
            target = to.entry;
        }
    }

    /// Does in Java what code was left for; a fault is its micro-op's.
    ///
    /// @return what to run next, where it was a whole micro-op; else null
    private MicroOp serve(Exit exit) {
        try {
            switch (exit.kind) {
                case LOAD -> {
                    long virtual = Raw.getLong(frame + Frame.VIRTUAL);
                    Raw.putLong(frame + Frame.VALUE, cpu.load(virtual, exit.width));
                    return null;
                }
                case STORE -> {
                    long virtual = Raw.getLong(frame + Frame.VIRTUAL);
                    cpu.store(virtual, exit.width, Raw.getLong(frame + Frame.VALUE));
                    return null;
                }
                case FUNCTION -> {
                    Raw.putLong(frame + Frame.VALUE, call(exit.function, 0, 8));
                    return null;
                }
                case FUNCTION_OF_HALVES -> {
                    long low = call(exit.function, 0, 16);
                    long high = exit.width > 1 ? call(exit.function, 8, 16) : 0;
                    Raw.putLong(frame + Frame.OPERANDS, low);
                    Raw.putLong(frame + Frame.OPERANDS + 8, high);
                    return null;
                }
                default -> {
                    return exit.op.exec(cpu);
                }
            }
        } catch (GuestFault fault) {
            cpu.faultingInRegion = exit.op;
            throw fault;
        }
    }

    private long call(JavaFunction function, int first, int distance) {
        long operands = frame + Frame.OPERANDS + first;
        return function.call(
                Raw.getLong(operands),
                Raw.getLong(operands + distance),
                Raw.getLong(operands + 2L * distance),
                cpu);
    }

    private void link(Exit exit, MachineBlock to) {
        if (exit.isGlobal && !(exit.tb.isGlobal && to.tb.isGlobal)) {
            return;
        }
        if (exit.kind == Exit.Kind.LEAVE) {
            rememberJump(exit, to);
        } else if (exit.op instanceof Jump jump && jump.linked() == to.tb) {
            if (Raw.getInt(exit.jumpEnd - 4) != (int) (to.entry - exit.jumpEnd)) {
                patch(exit, to.entry);
                to.incoming(exit);
            }
            if (exit.epochAt != 0) {
                Raw.putInt(exit.epochAt, exit.isGlobal ? cpu.globalEpoch : cpu.epoch);
            }
        }
    }

    /// Guest instructions retired by it.
    public long retired() {
        return retired;
    }

    /// Adds the figures about it.
    public void statistics(Statistics to) {
        to.count("machine code", "blocks compiled", compiled);
        to.count("machine code", "loops compiled", loops);
        to.add("machine code", "code", Statistics.Unit.BYTES, codeBytes);
        to.nanos("machine code", "compiling", compileNanos);
        to.count("machine code", "flushes", flushes);
        to.nanos("machine code", "time to flush", flushNanos);
        for (Exit.Kind kind : Exit.Kind.values()) {
            to.count(
                    "machine code",
                    "left to " + kind.name().toLowerCase(java.util.Locale.ROOT),
                    returns[kind.ordinal()]);
        }
    }
}
