package straddle.tcg.machine;

/// What compiled code and [MachineCode] share of a vCPU, off the heap, by distance from where RBP points.
final class Frame {
    /// RBP points so far behind the frame's beginning that short displacements reach its fields.
    static final int BIAS = 128;

    /// Where to go on, for the way in.
    static final int TARGET = -128;

    /// Guest instructions that may still be run before Java looks after things.
    static final int LEFT = -120;

    /// Not 0 if somebody wants the vCPU's attention. 4 bytes.
    static final int KICK = -112;

    /// The address translation's epoch. 4 bytes.
    static final int EPOCH = -108;

    /// Epoch and mode, as [#JUMPS] has them.
    static final int KEY = -104;

    static final int TLB = -96;

    /// The address of [straddle.tcg.Cpu#vectors]' first element, while compiled code runs.
    static final int VECTORS = -88;

    // Lazy flags as in Cpu, and a rotation whose flags are not in them yet.
    static final int FLAG_KIND = -80;
    static final int FLAG_RESULT = -72;
    static final int FLAG_A = -64;
    static final int FLAG_B = -56;
    static final int ROTATED = -48;
    static final int ROTATION = -40;

    /// An access that the TLB did not answer: its virtual address, and the value that is loaded or stored.
    static final int VIRTUAL = -32;

    static final int VALUE = -24;

    /// Where compiled code goes on with all of its registers.
    static final int RESUME = -16;

    /// What code may take for granted: [straddle.tcg.Cpu#promises]. 4 bytes.
    static final int PROMISES = -8;

    /// The epoch for code on pages that every address space has. 4 bytes.
    static final int GLOBAL_EPOCH = -4;

    /// Its general registers, 8 bytes each.
    static final int REGISTERS = 0;

    /// As [#KEY], for code on pages that every address space has.
    static final int GLOBAL_KEY = 72;

    /// MXCSR for floating-point arithmetic as the guest wants it, if the [#PROMISES] say so. 4 bytes.
    static final int FLOAT_CONTROL = 80;

    /// MXCSR for Java. 4 bytes.
    static final int JAVA_CONTROL = 84;

    /// The XMM registers that code keeps values in, 16 bytes each.
    static final int XMM_REGISTERS = 88;

    /// What a function in Java is called with, 8 bytes each.
    static final int OPERANDS = 312;

    // TLB, KEY and GLOBAL_KEY of the CPU's other mode, under its promise.
    static final int OTHER_TLB = 384;
    static final int OTHER_KEY = 392;
    static final int OTHER_GLOBAL_KEY = 400;

    /// How code went to the other mode last, or 0: for [straddle.tcg.Cpu#levelChanged]. 4 bytes.
    static final int LEVEL_CHANGED = 408;

    /// Constants that vectors are combined with, 16 bytes each, which are aligned.
    static final int CONSTANTS = 416;

    static final int MOST_CONSTANTS = 64;

    /// Where an indirect jump goes: entries of program counter, [#KEY], and address of the code. Pairs of them lie within
    /// 64 bytes.
    static final int JUMPS = CONSTANTS + 16 * MOST_CONSTANTS + 63 & -64;

    /// Among the [#PROMISES]: MXCSR is the guest's now.
    static final int FLOAT_CONTROL_LOADED = 1 << 30;

    static final int JUMP_PC = 0;
    static final int JUMP_KEY = 8;
    static final int JUMP_TARGET = 16;
    static final int JUMP_KEPT = 24;
    static final int JUMP_SHIFT = 5;

    /// What makes an entry's distance from [#JUMPS] that of the second one where a jump may be.
    static final int JUMP_SECOND = 1 << JUMP_SHIFT;

    static final int JUMP_ENTRIES = 4096;
    static final int JUMP_FOLD = 11;

    static final int BYTES = BIAS + JUMPS + (JUMP_ENTRIES << JUMP_SHIFT);

    private Frame() {}

    /// The place of an entry, from where RBP points.
    static long jump(long pc) {
        return JUMPS + jumpDistance(pc);
    }

    /// The place of the entry that has what was in the first before.
    static long secondJump(long pc) {
        return JUMPS + (jumpDistance(pc) ^ JUMP_SECOND);
    }

    private static long jumpDistance(long pc) {
        return ((pc ^ pc >>> JUMP_FOLD) & JUMP_ENTRIES - 1) << JUMP_SHIFT;
    }
}
